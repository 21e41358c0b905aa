// The losses of temporal cycle-consistency (§3) as graphs, so that they have gradients. Names are the paper's: u and v
// are frames of two videos, ṽ the soft nearest neighbour of u in V, β the softmax of ṽ's similarities to U.
import {
  abs,
  add,
  cast,
  clip,
  div,
  expand,
  gather,
  lessOrEqual,
  log,
  logSoftmax,
  matMul,
  max,
  mul,
  neg,
  reduceMean,
  reduceSum,
  reduceSumSquare,
  reshape,
  softmax,
  sqrt,
  sub,
  transposeLast,
  type Value,
  where,
} from "@reprise/engine";
import { completed, type TccLossOptions } from "./options.ts";

/** Rows scaled to length 1; a row of zeros stays one. */
export const unitRows = (x: Value): Value =>
  div(x, sqrt(max(reduceSumSquare(x, { axes: [-1], keepDims: true }), 1e-12)));

/** sim(a, b)/D/τ of all rows: a [P, R, D], b [P, M, D] → [P, R, M]. */
export function similarities(a: Value, b: Value, options: TccLossOptions = {}): Value {
  const { similarity, temperature } = completed(options);
  const D = a.shape.at(-1)!;
  const dot = matMul(a, transposeLast(b));
  if (similarity === "cosine") return mul(dot, 1 / (D * temperature));
  const squared = (x: Value) => reduceSumSquare(x, { axes: [-1], keepDims: true });
  // ‖a − b‖² = ‖a‖² + ‖b‖² − 2a·b, which rounding makes negative where a = b.
  const distance = max(sub(add(squared(a), transposeLast(squared(b))), mul(dot, 2)), 0);
  return mul(distance, -1 / (D * temperature));
}

/** ṽ = Σ α v with α = softmax of the similarities (eq. 1): u [P, R, D], v [P, M, D] → [P, R, D]. */
export const softNearestNeighbour = (u: Value, v: Value, options: TccLossOptions = {}): Value =>
  matMul(softmax(similarities(u, v, options), { axis: -1 }), v);

export interface Cycles {
  /** Frames that cycles start from [P, R, D]. */
  readonly starts: Value;
  /** The other videos on the way [P, M, D] each, one after the other. */
  readonly through: readonly Value[];
  /** The video that starts and ends them [P, N, D]. */
  readonly home: Value;
  /** 1 at each start's place in its video, 0 elsewhere [P, R, N]. */
  readonly labels: Value;
  /** When the home's frames are [P, N]. */
  readonly times: Value;
}

/** The loss of each cycle [P, R]. Nothing flows back into labels and times. */
export function cycleLosses({ starts, through, home, labels, times }: Cycles, options: TccLossOptions = {}): Value {
  const settings = completed(options);
  const back = through.reduce((u, v) => softNearestNeighbour(u, v, settings), starts);
  const logBeta = logSoftmax(similarities(back, home, settings), { axis: -1 }); // [P, R, N]
  const [P, N] = times.shape as [number, number];
  const R = starts.shape[1]!;
  if (settings.loss === "classification") {
    const s = settings.labelSmoothing;
    const smooth = add(mul(labels, 1 - s), s / N);
    return neg(reduceSum(mul(smooth, logBeta), { axes: [-1] }));
  }
  const beta = softmax(similarities(back, home, settings), { axis: -1 });
  const column = reshape(times, [P, N, 1]);
  const truth = matMul(labels, column); // [P, R, 1]
  const mu = matMul(beta, column);
  const error = reshape(sub(truth, mu), [P, R]);
  const squared = mul(error, error);
  if (settings.loss === "regression-mse") return squared;
  if (settings.loss === "regression-huber") {
    const delta = settings.huberDelta;
    const size = abs(error);
    return where(lessOrEqual(size, delta), mul(squared, 0.5), sub(mul(size, delta), 0.5 * delta * delta));
  }
  const away = sub(expand(reshape(times, [P, 1, N]), [P, R, N]), mu);
  const variance = clip(reduceSum(mul(beta, mul(away, away)), { axes: [-1] }), { min: settings.varianceEps });
  // Eq. (4), with log σ² in place of log σ as in the authors' code.
  return add(div(squared, variance), mul(log(variance), settings.varianceLambda));
}

/** Every frame of U goes to V and back: u [P, N, D], v [P, M, D], times [P, N] → the mean loss of all cycles. */
export function pairLoss(u: Value, v: Value, times: Value, options: TccLossOptions = {}): Value {
  const { normalizeEmbeddings } = completed(options);
  const [home, other] = normalizeEmbeddings ? [unitRows(u), unitRows(v)] : [u, v];
  const labels = everyFrame(home);
  return reduceMean(cycleLosses({ starts: home, through: [other], home, labels, times }, options));
}

/**
 * Deterministic cycles: every frame of every video, through every other one.
 *
 * @param embeddings  [B, N, D]
 * @param times       [B, N]
 */
export function deterministicLoss(embeddings: Value, times: Value, options: TccLossOptions = {}): Value {
  const B = embeddings.shape[0]!;
  const pairs = orderedPairs(B);
  const part = (from: Value, which: 0 | 1) =>
    gather(
      from,
      indices(
        from,
        pairs.map((pair) => pair[which]),
      ),
    );
  const x = completed(options).normalizeEmbeddings ? unitRows(embeddings) : embeddings;
  return pairLoss(part(x, 0), part(x, 1), part(times, 0), { ...options, normalizeEmbeddings: false });
}

/** All ordered pairs of different videos. */
export const orderedPairs = (videos: number): [number, number][] =>
  Array.from({ length: videos * videos }, (_, k): [number, number] => [Math.floor(k / videos), k % videos]).filter(
    ([i, j]) => i !== j,
  );

/**
 * Stochastic cycles: given ones, each from one frame of its first video through others and back.
 *
 * @param embeddings  [B, N, D]
 * @param times       [B, N]
 * @param videos      int64 [length][C]: the videos of each cycle in their order, without the return
 * @param starts      [C, N]: 1 at the frame that the cycle starts from
 */
export function stochasticLoss(
  embeddings: Value,
  times: Value,
  { videos, starts }: { readonly videos: readonly Value[]; readonly starts: Value },
  options: TccLossOptions = {},
): Value {
  const x = completed(options).normalizeEmbeddings ? unitRows(embeddings) : embeddings;
  const [home, ...through] = videos.map((which) => gather(x, which)) as [Value, ...Value[]];
  const labels = reshape(starts, [starts.shape[0]!, 1, starts.shape[1]!]);
  const cycles = { starts: matMul(labels, home), through, home, labels, times: gather(times, videos[0]!) };
  return reduceMean(cycleLosses(cycles, options));
}

/** [P, N, N]: each frame starts the cycle of its own row. */
function everyFrame(home: Value): Value {
  const [P, N] = home.shape as [number, number];
  const eye = new Float32Array(N * N);
  for (let i = 0; i < N; i++) eye[i * N + i] = 1;
  const constant = home.graph.constant({ dtype: "float32", shape: [1, N, N], data: eye });
  return expand(cast(constant, home.dtype), [P, N, N]);
}

const indices = (like: Value, numbers: readonly number[]): Value =>
  like.graph.constant({ dtype: "int64", shape: [numbers.length], data: BigInt64Array.from(numbers, BigInt) });
