// Losses and other functions of several nodes. Means are over the batch unless `reduction` says otherwise.
import type { Value } from "../ir/graph.ts";
import { formatType, ShapeError, sameShape, sizeOf } from "../ir/type.ts";
import {
  abs,
  add,
  batchNormalization,
  batchNormalizationTraining,
  clip,
  erf,
  exp,
  full,
  layerNormalization,
  log,
  logSoftmax,
  mul,
  neg,
  oneHot,
  reduceMax,
  reduceMean,
  reduceSum,
  reshape,
  round,
  sigmoid,
  softplus,
  stopGradient,
  straightThrough,
  sub,
  tanh,
} from "./build.ts";

export type Reduction = "mean" | "sum" | "none";

/** A row of losses [N] brought to what the caller wants: their mean, their sum, or themselves. */
export function reduceLoss(rows: Value, reduction: Reduction): Value {
  return reduction === "none" ? rows : reduction === "sum" ? reduceSum(rows) : reduceMean(rows);
}

/**
 * −log softmax(logits) at the label: logits [N, K], labels [N] int64 → [] or, with reduction "none", [N].
 *
 * @throws ShapeError when labels are not one integer per row
 */
export function softmaxCrossEntropy(logits: Value, labels: Value, { reduction = "mean" as Reduction } = {}): Value {
  if (
    logits.shape.length !== 2 ||
    labels.shape.length !== 1 ||
    labels.shape[0] !== logits.shape[0] ||
    !labels.dtype.startsWith("int")
  ) {
    throw new ShapeError(
      `softmaxCrossEntropy: logits are ${formatType(logits)}, labels are ${formatType(labels)}; expected float [N, K] and int64 [N]`,
    );
  }
  const hit = oneHot(labels, logits.shape[1]!, logits.dtype);
  return reduceLoss(neg(reduceSum(mul(logSoftmax(logits), hit), { axes: [1] })), reduction);
}

/**
 * −t log σ(x) − (1 − t) log(1 − σ(x)) for logits x and targets t in [0, 1] of one shape, without overflow:
 * log(1 + eˣ) − t·x. Mean over all elements, their sum, or each one.
 *
 * @throws ShapeError when the shapes differ
 */
export function sigmoidCrossEntropy(logits: Value, targets: Value, { reduction = "mean" as Reduction } = {}): Value {
  if (!sameShape(logits.shape, targets.shape) || logits.dtype !== targets.dtype) {
    throw new ShapeError(
      `sigmoidCrossEntropy: logits are ${formatType(logits)}, targets are ${formatType(targets)}; they must be alike`,
    );
  }
  return reduceLoss(sub(softplus(logits), mul(logits, targets)), reduction);
}

/**
 * Huber's loss as detectors use it: d²/2β where |d| < β, |d| − β/2 elsewhere, for d = prediction − target.
 * Mean over all elements, their sum, or each one. β = 0 is |d|.
 *
 * @see Girshick 2015, "Fast R-CNN", eq. (3), β = 1
 */
export function smoothL1(prediction: Value, target: Value, { beta = 1, reduction = "mean" as Reduction } = {}): Value {
  if (!sameShape(prediction.shape, target.shape)) {
    throw new ShapeError(
      `smoothL1: the prediction is ${formatType(prediction)}, the target is ${formatType(target)}; they must be alike`,
    );
  }
  const d = sub(prediction, target);
  if (beta === 0) return reduceLoss(abs(d), reduction);
  // With c = d limited to ±β both branches are c·(d − c/2)/β.
  const c = clip(d, { min: -beta, max: beta });
  return reduceLoss(mul(mul(c, sub(d, mul(c, 0.5))), 1 / beta), reduction);
}

/** x·Φ(x), Φ the normal distribution: x/2·(1 + erf(x/√2)); or the tanh approximation of Hendrycks & Gimpel 2016. */
export function gelu(x: Value, { approximate = "none" as "none" | "tanh" } = {}): Value {
  if (approximate === "none") return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
  const inner = mul(add(x, mul(mul(x, mul(x, x)), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
}
/** x·σ(x), also called swish. */
export const silu = (x: Value): Value => mul(x, sigmoid(x));
/** x·tanh(log(1 + eˣ)). */
export const mish = (x: Value): Value => mul(x, tanh(softplus(x)));
/** The nearest integer, the even one of two, with the gradient of x. */
export const roundStraightThrough = (x: Value): Value => straightThrough(x, round(x));

/** log Σ eˣ over the axes, without overflow. */
export function logSumExp(
  x: Value,
  { axes, keepDims = false }: { axes: readonly number[]; keepDims?: boolean },
): Value {
  const top = stopGradient(reduceMax(x, { axes, keepDims: true }));
  const sum = log(reduceSum(exp(sub(x, top)), { axes, keepDims: true }));
  const y = add(sum, top);
  return keepDims ? y : reduceSum(y, { axes });
}

export interface BatchNormState {
  /** Learned, [C]. */
  readonly scale: Value;
  readonly bias: Value;
  /** Exponential averages over the batches so far, [C]. */
  readonly runningMean: Value;
  readonly runningVariance: Value;
}

/**
 * Batch normalisation with running statistics: X [N, C, …]. In training the batch's own mean and variance are used and
 * the averages move: running ← (1 − momentum)·running + momentum·batch, with the unbiased variance, as PyTorch.
 *
 * @returns y, and the averages after this batch (unchanged outside training)
 * @throws ShapeError when a parameter is not [C], or a training batch has one element per channel
 */
export function batchNorm(
  X: Value,
  { scale, bias, runningMean, runningVariance }: BatchNormState,
  { training, momentum = 0.1, epsilon = 1e-5 }: { training: boolean; momentum?: number; epsilon?: number },
): { readonly y: Value; readonly runningMean: Value; readonly runningVariance: Value } {
  if (!training) {
    const y = batchNormalization(X, { scale, bias, mean: runningMean, variance: runningVariance }, { epsilon });
    return { y, runningMean, runningVariance };
  }
  const n = sizeOf(X.shape) / X.shape[1]!;
  if (n < 2) {
    throw new ShapeError(
      `batchNorm: input ${formatType(X)} has one element per channel, which has no variance; use larger batches to train`,
    );
  }
  const { y, mean, variance } = batchNormalizationTraining(X, { scale, bias }, { epsilon });
  const average = (running: Value, now: Value, factor: number) =>
    add(mul(running, 1 - momentum), mul(stopGradient(now), momentum * factor));
  return {
    y,
    runningMean: average(runningMean, mean, 1),
    runningVariance: average(runningVariance, variance, n / (n - 1)),
  };
}

/**
 * Normalisation over groups of channels and space: X [N, C, …], scale and bias [C]. One group is layer normalisation,
 * C groups are instance normalisation.
 *
 * @see Wu & He 2018, "Group Normalization"
 */
export function groupNorm(
  X: Value,
  { scale, bias }: { readonly scale: Value; readonly bias: Value },
  { groups, epsilon = 1e-5 }: { groups: number; epsilon?: number },
): Value {
  const [N, C, ...space] = X.shape as [number, number, ...number[]];
  if (C % groups !== 0) throw new ShapeError(`groupNorm: ${C} channels cannot be split into ${groups} groups`);
  const size = (C / groups) * sizeOf(space);
  const one = full(X, 1, [size]);
  const normal = reshape(layerNormalization(reshape(X, [N, groups, size]), { scale: one }, { epsilon }), X.shape);
  const column = (v: Value) => reshape(v, [C, ...space.map(() => 1)]);
  return add(mul(normal, column(scale)), column(bias));
}

/** Each channel of each image normalised over space: groupNorm with a group per channel. */
export const instanceNorm = (
  X: Value,
  parameters: { readonly scale: Value; readonly bias: Value },
  { epsilon = 1e-5 } = {},
): Value => groupNorm(X, parameters, { groups: X.shape[1]!, epsilon });
