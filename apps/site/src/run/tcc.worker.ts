// The panel "in step" in its Web Worker: encoder and method on ONNX Runtime's WASM.
import { type PouringVideo, pouringVideo, resizeVideo } from "@reprise/data";
import type { Sequence } from "@reprise/tcc";
import { openRuntime } from "./open-runtime.ts";
import { breathe, type RunContext, serveTasks } from "./serve-tasks.ts";
import { siteFile } from "./site-file.ts";
import { type AlignResult, alignPair, type PairVideo, pairVideo, repath } from "./tcc/align-pair.ts";
import {
  type AlignInputs,
  type CycleInputs,
  drawnPerSecond,
  learntSide,
  modelFile,
  paperKey,
  type TrainInputs,
} from "./tcc/inputs.ts";
import { type CycleResult, type Learning, type LearntResult, learnFrom, oneCycle } from "./tcc/learn.ts";
import { type Drawing, drawnSequence, writtenLetters } from "./tcc/letters.ts";

export interface AlignMessage {
  readonly inputs: AlignInputs;
  /** The reader's own videos. */
  readonly own: readonly [PairVideo, PairVideo] | undefined;
}

export interface TrainMessage {
  readonly inputs: TrainInputs;
  readonly drawings: readonly Drawing[];
  readonly clips: readonly Sequence[];
}

const tasks = { align, repath, learn, cycle };
export type TccTasks = typeof tasks;
serveTasks(tasks);

async function align({ inputs, own }: AlignMessage, context: RunContext<never>): Promise<AlignResult> {
  const [model, opened] = await Promise.all([
    siteFile(`/content/${paperKey}/${modelFile}`, "the encoder"),
    openRuntime(context),
  ]);
  const { level, first, second } = inputs;
  const drawn = (seed: number): PouringVideo => pouringVideo({ seed, level });
  const videos =
    own ??
    ([
      pairVideo(`video ${first}`, drawn(first), drawnPerSecond),
      pairVideo(`video ${second}`, drawn(second), drawnPerSecond),
    ] as const);
  return alignPair(model, videos, { runtime: opened, signal: context.signal, progress: context.progress });
}

async function learn({ inputs, drawings, clips }: TrainMessage, context: RunContext<Learning>): Promise<LearntResult> {
  const { source, letter, writers, steps, seed } = inputs;
  const opened = await openRuntime(context);
  const size = { width: learntSide, height: learntSide };
  const sequences =
    source === "written"
      ? writtenLetters(letter, writers, seed)
      : source === "own"
        ? drawings.map((drawing, i) => drawnSequence(drawing, `drawing ${i + 1}`))
        : clips.map(({ name, shape, data }) => ({ name, ...resizeVideo({ shape, data: data as Uint8Array }, size) }));
  return learnFrom(sequences, { steps, seed }, { ...context, runtime: opened, breathe });
}

function cycle(inputs: CycleInputs, _: RunContext<never>): CycleResult {
  return oneCycle(inputs);
}
