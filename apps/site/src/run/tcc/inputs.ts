// What the reader chooses in the panel "in step", task by task. Light: the page loads it before anything runs.

/** The paper whose page shows the panel; its content folder holds the encoder. */
export const paperKey = "journals/corr/abs-1904-07846";
export const modelFile = "models/pouring-small.safetensors";

export type Level = "easy" | "medium" | "hard";

/** Two videos in step. */
export interface AlignInputs {
  readonly source: "drawn" | "own";
  /** How much drawn videos differ. */
  readonly level: Level;
  /** Each video is drawn from a number. */
  readonly first: number;
  readonly second: number;
  /** The reader's own videos, by the names the page keeps them under. */
  readonly a: string;
  readonly b: string;
  /** Where the reader was in it: pairs set by hand, loop, place. Not in the form; addresses hold it. */
  readonly moment: string;
}

export type Letter = "S" | "e" | "3" | "w";

/** Learn from several drawings of a letter. */
export interface TrainInputs {
  readonly source: "written" | "own" | "clips";
  readonly letter: Letter;
  readonly writers: number;
  /** The reader's own drawings, by the name the page keeps them under. */
  readonly drawings: string;
  /** The reader's own videos, likewise. */
  readonly clips: string;
  readonly steps: number;
  readonly seed: number;
}

/** One cycle, hop by hop. */
export interface CycleInputs {
  /** The frame of the first video that it starts from. */
  readonly start: number;
  readonly temperature: number;
  readonly seed: number;
}

/** What the panel begins with, and what the stored run was made with. */
export const defaultAlign: AlignInputs = {
  source: "drawn",
  level: "medium",
  first: 3,
  second: 8,
  a: "",
  b: "",
  moment: "",
};
export const defaultTrain: TrainInputs = {
  source: "written",
  letter: "e",
  writers: 30,
  drawings: "",
  clips: "",
  steps: 400,
  seed: 0,
};
export const defaultCycle: CycleInputs = { start: 12, temperature: 0.02, seed: 0 };

/** Frames of each of the two videos of a cycle. */
export const cycleFrames = [32, 26] as const;

/** Own videos: at most so many frames, so many a second; what the encoder sees, and what is shown. */
export const ownVideo = { frames: 160, perSecond: 15, seen: 48, shown: 160 } as const;
/** Pixels of a side that own videos are learnt from at: a step takes a quarter of the time of 48. */
export const learntSide = 24;
export const drawnPerSecond = 15;
