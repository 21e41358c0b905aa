// The losses on arrays, in float64 and without a graph: for anyone with embeddings of their own, and for showing what
// happens at each hop. Videos may have different numbers of frames.
import { orderedPairs } from "./loss.ts";
import { completed, type TccLossOptions } from "./options.ts";

/** A row for each frame: what an .npy file of [T, D] holds, too. */
export interface Frames {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface Cycle {
  /** Videos in their order: where it starts and ends, then those on the way. */
  readonly videos: readonly number[];
  /** The frame that it starts from. */
  readonly start: number;
}

export interface TccLoss {
  /** The mean over all cycles. */
  readonly loss: number;
  /** In the order of the cycles; deterministic ones pair by pair, frame by frame. */
  readonly perCycle: Float64Array;
}

export interface PlainOptions extends TccLossOptions {
  /** Every frame of every video through every other one if left out. */
  readonly cycles?: readonly Cycle[];
}

/** What one cycle passes. */
export interface CycleTrace {
  /** α of the last hop away: one number for each frame of the last video on the way. */
  readonly alpha: Float64Array;
  /** ṽ. */
  readonly softNeighbour: Float64Array;
  /** log β, one number for each frame of the video that it started from. */
  readonly logBeta: Float64Array;
  /** When it started, and µ and σ² of when it comes back. */
  readonly truth: number;
  readonly mu: number;
  readonly variance: number;
  readonly loss: number;
}

/**
 * The loss of temporal cycle-consistency.
 *
 * @param embeddings  one [T, D] for each video, D the same
 * @param steps       the number that each frame has in its video; 0, 1, … if left out
 * @param lengths     how many frames each whole video has; its frames here if left out
 * @example
 * const { loss } = tccLoss([embs1, embs2], undefined, undefined, { loss: "regression-mse" });
 */
export function tccLoss(
  embeddings: readonly Frames[],
  steps?: readonly ArrayLike<number>[],
  lengths?: readonly number[],
  options: PlainOptions = {},
): TccLoss {
  const cycles = options.cycles ?? everyCycle(embeddings);
  const given = prepared(embeddings, steps, lengths, options);
  const perCycle = Float64Array.from(cycles, (cycle) => follow(given, cycle, options).loss);
  return { loss: perCycle.reduce((sum, x) => sum + x, 0) / perCycle.length, perCycle };
}

/** One cycle, hop by hop. */
export const traceCycle = (
  embeddings: readonly Frames[],
  cycle: Cycle,
  { steps, lengths, ...options }: TccLossOptions & { steps?: ArrayLike<number>[]; lengths?: number[] } = {},
): CycleTrace => follow(prepared(embeddings, steps, lengths, options), cycle, options);

interface Prepared {
  /** Rows of each video. */
  readonly rows: readonly (readonly Float64Array[])[];
  readonly times: readonly Float64Array[];
}

const everyCycle = (embeddings: readonly Frames[]): Cycle[] =>
  orderedPairs(embeddings.length).flatMap(([i, j]) =>
    Array.from({ length: embeddings[i]!.shape[0]! }, (_, start) => ({ videos: [i, j], start })),
  );

function prepared(
  embeddings: readonly Frames[],
  steps: readonly ArrayLike<number>[] | undefined,
  lengths: readonly number[] | undefined,
  options: TccLossOptions,
): Prepared {
  const { normalizeEmbeddings, normalizeIndices } = completed(options);
  if (embeddings.length < 2) throw new RangeError(`tccLoss: ${embeddings.length} videos given; a cycle needs two`);
  const D = embeddings[0]!.shape[1];
  for (const [i, { shape }] of embeddings.entries())
    if (shape.length !== 2 || shape[1] !== D || shape[0]! < 1)
      throw new RangeError(`tccLoss: video ${i} has embeddings [${shape.join(", ")}]; expected [frames, ${D}]`);
  const rows = embeddings.map((video) => rowsOf(video).map((row) => (normalizeEmbeddings ? unit(row) : row)));
  const times = rows.map((video, i) => {
    const own = steps?.[i];
    if (own && own.length !== video.length)
      throw new RangeError(`tccLoss: video ${i} has ${video.length} frames, its steps are ${own.length}`);
    const length = normalizeIndices ? (lengths?.[i] ?? video.length) : 1;
    return Float64Array.from(video, (_, t) => (own ? own[t]! : t) / length);
  });
  return { rows, times };
}

/** The rows of an array [T, D] in float64. */
export const rowsOf = ({ shape, data }: Frames): Float64Array[] => {
  const [T, D] = shape as [number, number];
  return Array.from({ length: T }, (_, t) => Float64Array.from({ length: D }, (_, d) => data[t * D + d]!));
};

const unit = (row: Float64Array): Float64Array => {
  const length = Math.sqrt(Math.max(dot(row, row), 1e-12));
  return row.map((x) => x / length);
};

function follow({ rows, times }: Prepared, { videos, start }: Cycle, options: TccLossOptions): CycleTrace {
  const settings = completed(options);
  const [home, ...through] = videos as [number, ...number[]];
  let softNeighbour = rows[home]![start]!;
  let alpha = new Float64Array(0);
  for (const video of through) {
    alpha = logSoftmax(similaritiesOf(softNeighbour, rows[video]!, settings)).map(Math.exp);
    const mean = new Float64Array(softNeighbour.length);
    for (const [j, v] of rows[video]!.entries()) for (let d = 0; d < mean.length; d++) mean[d]! += alpha[j]! * v[d]!;
    softNeighbour = mean;
  }
  const logBeta = logSoftmax(similaritiesOf(softNeighbour, rows[home]!, settings));
  const t = times[home]!;
  const truth = t[start]!;
  const mu = logBeta.reduce((sum, x, k) => sum + Math.exp(x) * t[k]!, 0);
  const variance = logBeta.reduce((sum, x, k) => sum + Math.exp(x) * (t[k]! - mu) ** 2, 0);
  const loss = lossOf({ logBeta, start, error: truth - mu, variance }, settings);
  return { alpha, softNeighbour, logBeta, truth, mu, variance, loss };
}

function lossOf(
  { logBeta, start, error, variance }: { logBeta: Float64Array; start: number; error: number; variance: number },
  { loss, labelSmoothing, varianceLambda, varianceEps, huberDelta }: Required<TccLossOptions>,
): number {
  if (loss === "classification") {
    const uniform = logBeta.reduce((sum, x) => sum + x, 0) / logBeta.length;
    return -(1 - labelSmoothing) * logBeta[start]! - labelSmoothing * uniform;
  }
  if (loss === "regression-mse") return error * error;
  if (loss === "regression-huber") {
    const size = Math.abs(error);
    return size <= huberDelta ? 0.5 * error * error : huberDelta * size - 0.5 * huberDelta ** 2;
  }
  const bounded = Math.max(variance, varianceEps);
  return (error * error) / bounded + varianceLambda * Math.log(bounded);
}

function similaritiesOf(
  a: Float64Array,
  rows: readonly Float64Array[],
  { similarity, temperature }: Required<TccLossOptions>,
): Float64Array {
  const scale = 1 / (a.length * temperature);
  return Float64Array.from(rows, (b) => scale * (similarity === "cosine" ? dot(a, b) : -squaredDistance(a, b)));
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, d) => sum + x * b[d]!, 0);

/** ‖a − b‖². */
export function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += (a[d]! - b[d]!) ** 2;
  return sum;
}

function logSoftmax(x: Float64Array): Float64Array {
  const most = x.reduce((a, b) => Math.max(a, b));
  const total = Math.log(x.reduce((sum, value) => sum + Math.exp(value - most), 0)) + most;
  return x.map((value) => value - total);
}
