// Losses and other functions of several nodes. Means are over the batch unless `reduction` says otherwise.
import type { Value } from "../ir/graph.ts";
import { formatType, ShapeError } from "../ir/type.ts";
import {
  add,
  exp,
  log,
  logSoftmax,
  mul,
  neg,
  oneHot,
  reduceMax,
  reduceMean,
  reduceSum,
  stopGradient,
  sub,
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
