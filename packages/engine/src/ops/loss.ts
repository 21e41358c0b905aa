// Losses. Means are over all elements unless it says otherwise.
import type { Value } from "../ir/graph.ts";
import { formatShape, formatType, ShapeError, sameShape } from "../ir/type.ts";
import {
  abs,
  add,
  clip,
  div,
  equal,
  full,
  gather,
  gatherElements,
  greater,
  logSoftmax,
  mul,
  neg,
  oneHot,
  reduceMean,
  reduceSum,
  reshape,
  softplus,
  sub,
  where,
} from "./build.ts";

export type Reduction = "mean" | "sum" | "none";

/** A row of losses [N] brought to what the caller wants: their mean, their sum, or themselves. */
export function reduceLoss(rows: Value, reduction: Reduction): Value {
  return reduction === "none" ? rows : reduction === "sum" ? reduceSum(rows) : reduceMean(rows);
}

export interface ClassLossOptions {
  readonly reduction?: Reduction;
  /** A weight per class, [K]; the mean is then over weights. */
  readonly weights?: Value;
  /** Places with this label count nothing. */
  readonly ignoreIndex?: number;
}

/**
 * −log softmax(logits) at the label: logits [N, K, …], labels [N, …] int → a scalar or, with reduction "none", [N, …].
 *
 * @throws ShapeError when labels are not one integer per row (and place), or weights not one per class
 */
export function softmaxCrossEntropy(logits: Value, labels: Value, options: ClassLossOptions = {}): Value {
  checkClasses("softmaxCrossEntropy", "logits", logits, labels, options);
  if (logits.shape.length === 2 && !options.weights && options.ignoreIndex === undefined) {
    // A mask and a sum are faster than picking, forward and backward. Not a product: logits that a mask made −∞ have a
    // log-probability of −∞, and 0 times that is NaN.
    const hit = greater(oneHot(labels, logits.shape[1]!, logits.dtype), 0);
    const rows = neg(reduceSum(where(hit, logSoftmax(logits), 0), { axes: [1] }));
    return reduceLoss(rows, options.reduction ?? "mean");
  }
  return pickedLoss(logSoftmax(logits, { axis: 1 }), labels, options);
}

/**
 * −logProbabilities at the label: [N, K, …] and labels [N, …] int → a scalar or, with reduction "none", [N, …].
 *
 * @throws ShapeError as softmaxCrossEntropy
 */
export function negativeLogLikelihood(logProbabilities: Value, labels: Value, options: ClassLossOptions = {}): Value {
  checkClasses("negativeLogLikelihood", "log-probabilities", logProbabilities, labels, options);
  return pickedLoss(logProbabilities, labels, options);
}

function pickedLoss(
  logProbabilities: Value,
  labels: Value,
  { reduction = "mean", weights, ignoreIndex }: ClassLossOptions,
): Value {
  const ignored = ignoreIndex === undefined ? null : equal(labels, ignoreIndex);
  const safe = ignored ? where(ignored, 0, labels) : labels;
  const [N, ...places] = labels.shape as [number, ...number[]];
  const picked = reshape(gatherElements(logProbabilities, reshape(safe, [N, 1, ...places]), { axis: 1 }), labels.shape);
  let w = weights ? gather(weights, safe) : null;
  if (ignored) w = where(ignored, 0, w ?? full(picked, 1));
  const rows = neg(w ? mul(picked, w) : picked);
  if (reduction === "mean" && w) return div(reduceSum(rows), reduceSum(w));
  return reduceLoss(rows, reduction);
}

function checkClasses(name: string, what: string, x: Value, labels: Value, { weights }: ClassLossOptions): void {
  const [N, K, ...places] = x.shape;
  if (x.shape.length < 2 || !sameShape(labels.shape, [N!, ...places]) || !labels.dtype.startsWith("int")) {
    throw new ShapeError(
      `${name}: ${what} are ${formatType(x)}, labels are ${formatType(labels)}; expected float [N, K] and int64 [N], or with places [N, K, …] and [N, …]`,
    );
  }
  if (weights && !sameShape(weights.shape, [K!])) {
    throw new ShapeError(`${name}: weights are ${formatShape(weights.shape)}; expected one per class, [${K}]`);
  }
}

/**
 * −t log σ(x) − (1 − t) log(1 − σ(x)) for logits x and targets t in [0, 1] of one shape, without overflow:
 * (1 − t)·log(1 + eˣ) + t·log(1 + e⁻ˣ). Mean over all elements, their sum, or each one.
 *
 * @throws ShapeError when the shapes differ
 */
export function sigmoidCrossEntropy(logits: Value, targets: Value, { reduction = "mean" as Reduction } = {}): Value {
  if (!sameShape(logits.shape, targets.shape) || logits.dtype !== targets.dtype) {
    throw new ShapeError(
      `sigmoidCrossEntropy: logits are ${formatType(logits)}, targets are ${formatType(targets)}; they must be alike`,
    );
  }
  return reduceLoss(add(mul(sub(1, targets), softplus(logits)), mul(targets, softplus(neg(logits)))), reduction);
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
  // With c = d limited to ±β both branches are c²/2β + |d| − |c|, where an infinite d is multiplied by nothing.
  const c = clip(d, { min: -beta, max: beta });
  return reduceLoss(add(mul(mul(c, c), 0.5 / beta), sub(abs(d), abs(c))), reduction);
}
