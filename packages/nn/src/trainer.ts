// The training loop: batches → compiled step → what it tells of its progress. It knows a program and a row of batches, no network and no file.
import { Random, type RandomState } from "@reprise/data";
import {
  type Layout,
  type Runtime,
  type Tensor,
  Training,
  type TrainingProgram,
  type TrainingState,
  tensor,
} from "@reprise/engine";
import type { Batch, BatchSource } from "./batches.ts";
import type { Weights } from "./network.ts";
import type { Schedule } from "./schedule.ts";

/** Everything a training needs to go on as if it had never stopped. */
export interface Checkpoint {
  readonly state: TrainingState;
  /** The place in the data: a batch source's state, plain JSON. */
  readonly batches: unknown;
  /** The generator of the noise that batches are given. */
  readonly noise: RandomState;
  /** What the run was asked to do, e.g. network and optimizer; a resume with other values is refused. */
  readonly config: Readonly<Record<string, string>>;
}

/** What training tells of its progress: `done` steps of `total`, those before a resume included. */
export type TrainEvent = { readonly done: number; readonly total: number } & (
  | {
      /** A step is done; the first one reports 1. */
      readonly kind: "step";
      /** Counted from 0. */
      readonly epoch: number;
      /** Of this batch, before the step. */
      readonly loss: number;
      readonly learningRate: number;
      readonly examplesPerSecond: number;
      /** What the program reports besides the loss. */
      readonly report: Readonly<Record<string, Tensor>>;
    }
  | {
      readonly kind: "validation";
      readonly epoch: number;
      readonly metrics: Readonly<Record<string, number>>;
    }
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint }
);

/** How a long run is stopped and followed. */
export interface Following<Event> {
  /** Stops between two steps: a last checkpoint is told, then the signal's reason thrown. */
  readonly signal?: AbortSignal;
  /** Told in order; a promise is waited for before the run goes on. What it throws ends the run. */
  readonly onProgress?: (event: Event) => void | Promise<void>;
}

export interface TrainOptions extends Following<TrainEvent> {
  readonly program: TrainingProgram;
  readonly batches: BatchSource;
  readonly schedule: Schedule;
  /** Steps in all, those before a resume included. */
  readonly steps: number;
  /** Where to start: weights, or a checkpoint to go on from. */
  readonly from: Weights | Checkpoint;
  /** Uniform noise in [0, 1) that every batch is given as `noise.<name>`, by the shape that one example needs. */
  readonly noise?: Layout;
  /** Draws the noise, unless a checkpoint brings its own. */
  readonly random?: Random;
  readonly config?: Readonly<Record<string, string>>;
  /** Metrics of the weights so far. */
  readonly validate?: (weights: Weights) => Promise<Readonly<Record<string, number>>>;
  /** Steps between validations; an epoch when absent. The last step is always followed by one. */
  readonly validateEvery?: number;
  /** Steps between checkpoints; an epoch when absent. */
  readonly checkpointEvery?: number;
}

/** The loss or the weights stopped being numbers. */
export class DivergedError extends Error {
  override name = "DivergedError";
  /** The step that went wrong, counted from 1. */
  readonly step: number;
  /** The examples of its batch. */
  readonly indices: Uint32Array;
  /** The last state in which every number was finite. */
  readonly checkpoint: Checkpoint;
  /** What went wrong, e.g. "the loss is NaN", for callers that say the rest in their own words. */
  readonly problem: string;

  constructor(
    message: string,
    { problem, step, indices, checkpoint }: Pick<DivergedError, "problem" | "step" | "indices" | "checkpoint">,
  ) {
    super(message);
    this.problem = problem;
    this.step = step;
    this.indices = indices;
    this.checkpoint = checkpoint;
  }
}

/**
 * Trains to `steps` steps and returns the last checkpoint.
 *
 * A run that is stopped at a checkpoint and resumed from it ends in the same weights, bit for bit, as one that went
 * through, on the same machine with the same number of threads.
 *
 * @throws DivergedError when a loss or a weight is NaN or infinite, with the last good state
 * @throws Error         when a checkpoint belongs to another network, optimizer, data set or configuration
 */
export async function train(
  runtime: Runtime,
  {
    program,
    batches,
    schedule,
    steps,
    from,
    noise = {},
    random = new Random(0),
    config = {},
    validate,
    validateEvery = batches.batchesPerEpoch,
    checkpointEvery = batches.batchesPerEpoch,
    signal,
    onProgress,
  }: TrainOptions,
): Promise<Checkpoint> {
  signal?.throwIfAborted();
  const resumed = "state" in from ? from : null;
  if (resumed) {
    checkConfig(resumed.config, config);
    checkOptimizer(resumed, program);
    batches.restore(resumed.batches);
  }
  const noiseRandom = resumed ? new Random(resumed.noise) : random;
  const training = await Training.start(runtime, program, resumed ? resumed.state : (from as Weights));
  const snapshot = async (): Promise<Checkpoint> => ({
    state: await training.state(),
    batches: batches.state,
    noise: noiseRandom.state,
    config,
  });
  try {
    let good = await snapshot();
    let previous: Batch | null = null;
    let secondsPerExample = 0;
    while (training.step < steps) {
      if (signal?.aborted) {
        const checkpoint = await checked(await snapshot(), good, previous);
        await onProgress?.({ kind: "checkpoint", done: training.step, total: steps, checkpoint });
        signal.throwIfAborted();
      }
      const before = { batches: batches.state, noise: noiseRandom.state };
      const batch = await batches.next();
      const learningRate = schedule(training.step);
      const started = performance.now();
      const feeds = { ...batch.feeds, ...drawNoise(noise, batch.indices.length, noiseRandom) };
      const { loss, report } = await training.run(feeds, { learningRate });
      if (!Number.isFinite(loss)) {
        const state = { state: await training.state(), ...before, config };
        throw diverged(loss, batch, await checked(state, good, previous), previous !== null);
      }
      const seconds = (performance.now() - started) / 1000 / batch.indices.length;
      secondsPerExample = secondsPerExample === 0 ? seconds : 0.9 * secondsPerExample + 0.1 * seconds;
      previous = batch;
      const { step } = training;
      const { epoch } = batch;
      const at = { done: step, total: steps };
      const examplesPerSecond = 1 / secondsPerExample;
      await onProgress?.({ kind: "step", ...at, epoch, loss, learningRate, examplesPerSecond, report });
      const last = step >= steps;
      if (validate && (last || step % validateEvery === 0)) {
        const { state } = await checked(await snapshot(), good, previous);
        await onProgress?.({ kind: "validation", ...at, epoch, metrics: await validate(state) });
      }
      if (last || step % checkpointEvery === 0) {
        good = await checked(await snapshot(), good, previous);
        await onProgress?.({ kind: "checkpoint", ...at, checkpoint: good });
      }
    }
    return good;
  } finally {
    await training.release();
  }
}

/** The new state, unless a number in it is not finite: the step before had a finite loss and an infinite gradient. */
async function checked(now: Checkpoint, good: Checkpoint, batch: Batch | null): Promise<Checkpoint> {
  const { parameters, buffers, slots, step } = now.state;
  if ([parameters, buffers, ...slots].every(allFinite)) return now;
  if (!batch) throw new Error("training: the weights to start from hold NaN or infinite numbers");
  throw new DivergedError(
    `training: the weights are not finite after step ${step} (epoch ${batch.epoch + 1}, examples ${list(batch.indices)}), though its loss was. Those after step ${good.state.step} are kept. Lower the learning rate, or check these examples.`,
    { problem: "the weights are not finite, though the loss was", step, indices: batch.indices, checkpoint: good },
  );
}

function diverged(loss: number, batch: Batch, checkpoint: Checkpoint, stepped: boolean): DivergedError {
  const { indices, epoch } = batch;
  const step = checkpoint.state.step + 1;
  const advice =
    brokenExample(batch) ??
    `${stepped ? "Lower the learning rate" : "Check the initial weights"}, or look at these examples.`;
  return new DivergedError(
    `training: the loss is ${loss} at step ${step} (epoch ${epoch + 1}, examples ${list(indices)}). The weights after step ${checkpoint.state.step} are kept. ${advice}`,
    { problem: `the loss is ${loss}`, step, indices, checkpoint },
  );
}

/** What to do about the first number of a batch that is not finite; null when all are. */
function brokenExample({ feeds, indices }: Batch): string | null {
  for (const [name, { data }] of Object.entries(feeds)) {
    const at = data instanceof Float32Array ? data.findIndex((x) => !Number.isFinite(x)) : -1;
    if (at < 0) continue;
    const example = indices[Math.floor((at * indices.length) / data.length)];
    return `"${name}" of the batch holds ${data[at]} in example ${example}: correct it or leave it out.`;
  }
  return null;
}

function allFinite(numbers: Float32Array): boolean {
  for (const x of numbers) if (!Number.isFinite(x)) return false;
  return true;
}

const list = (indices: Uint32Array): string =>
  `${Array.from(indices.subarray(0, 5)).join(", ")}${indices.length > 5 ? `, … ${indices.length} in all` : ""}`;

function drawNoise(noise: Layout, count: number, random: Random): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(noise).map(([name, shape]) => {
      const drawn = tensor("float32", [count, ...shape], new Float32Array(shape.reduce((a, b) => a * b, count)));
      for (let i = 0; i < drawn.data.length; i++) drawn.data[i] = (random.uint32() >>> 8) * 2 ** -24; // 24 bits: exact in float32
      return [`noise.${name}`, drawn];
    }),
  );
}

/** @throws Error naming the settings of the checkpoint that are not those of the run */
export function checkConfig(had: Checkpoint["config"], has: Checkpoint["config"]): void {
  const differ = [...new Set([...Object.keys(had), ...Object.keys(has)])].filter((key) => had[key] !== has[key]);
  if (differ.length === 0) return;
  const say = differ.map((key) => `${key} ${had[key] ?? "(none)"}, not ${has[key] ?? "(none)"}`).join("; ");
  throw new Error(`resume: the checkpoint was made with ${say}. Resume with the same settings, or start anew.`);
}

// Training.start takes absent slots for zeros, which here would lose the optimizer's memory without a word.
function checkOptimizer({ state }: Checkpoint, { optimizer }: TrainingProgram): void {
  if (state.slots.length === optimizer.slots) return;
  throw new Error(
    `resume: the checkpoint holds ${state.slots.length} vectors of an optimizer, ${optimizer.name} has ${optimizer.slots}. Resume with the optimizer that made it.`,
  );
}
