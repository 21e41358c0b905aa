// What the reader chooses in the panel "Mask R-CNN". Light: the page loads it before anything runs.

/** The paper whose page shows the panel; its content folder holds the network. */
export const paperKey = "journals/corr/HeGDG17";

/** The network that is shipped, and its size. A test compares it with the file. */
export const modelFile = "shapes.safetensors";
export const modelBytes = 1_940_000;

export interface SegmentInputs {
  readonly picture: "generated" | "photo";
  /** Of the generated picture, in a stream that training never saw. */
  readonly number: number;
  /** The reader's own, by the name the page keeps it under. */
  readonly photo: string;
}

/** What the panel begins with, and what the stored run was made with. */
export const defaultInputs: SegmentInputs = { picture: "generated", number: 0, photo: "" };

/** Detections with a lower score are not shown at first. */
export const defaultScore = 0.5;

/** Pixels of a generated picture's sides, as in training. */
export const generatedSize = 128;

/** Seed of the pictures' stream: training has seed 0. */
export const streamSeed = 2000;
