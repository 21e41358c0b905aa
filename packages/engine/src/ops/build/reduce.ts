// Reductions and the softmax family; no axes: all of them.
import type { Value } from "../../ir/graph.ts";
import { axisOf, type Shape, sameShape } from "../../ir/type.ts";
import { reshape } from "./layout.ts";
import { first } from "./operand.ts";

export interface ReduceOptions {
  readonly axes?: readonly number[];
  /** Keeps reduced axes with size 1. */
  readonly keepDims?: boolean;
}
function reduce(op: string, x: Value, { axes, keepDims = false }: ReduceOptions = {}): Value {
  const all = x.shape.map((_, i) => i);
  const sorted = axes ? axes.map((axis) => axisOf(axis, x.shape.length)).sort((a, b) => a - b) : all;
  if (sorted.length === 0) return x;
  return first(x.graph.add(op, [x], { axes: sorted, keepdims: keepDims ? 1 : 0 }));
}
export const reduceSum = (x: Value, options?: ReduceOptions): Value => reduce("ReduceSum", x, options);
export const reduceMean = (x: Value, options?: ReduceOptions): Value => reduce("ReduceMean", x, options);
export const reduceMax = (x: Value, options?: ReduceOptions): Value => reduce("ReduceMax", x, options);
export const reduceMin = (x: Value, options?: ReduceOptions): Value => reduce("ReduceMin", x, options);
export const reduceProd = (x: Value, options?: ReduceOptions): Value => reduce("ReduceProd", x, options);
/** Σ |x|. */
export const reduceL1 = (x: Value, options?: ReduceOptions): Value => reduce("ReduceL1", x, options);
/** √Σ x². */
export const reduceL2 = (x: Value, options?: ReduceOptions): Value => reduce("ReduceL2", x, options);
/** Σ x². */
export const reduceSumSquare = (x: Value, options?: ReduceOptions): Value => reduce("ReduceSumSquare", x, options);
/** log Σ x. */
export const reduceLogSum = (x: Value, options?: ReduceOptions): Value => reduce("ReduceLogSum", x, options);
/** log Σ eˣ, without overflow. */
export const reduceLogSumExp = (x: Value, options?: ReduceOptions): Value => reduce("ReduceLogSumExp", x, options);
export const softmax = (x: Value, { axis = -1 } = {}): Value => first(x.graph.add("Softmax", [x], { axis }));
export const logSoftmax = (x: Value, { axis = -1 } = {}): Value => first(x.graph.add("LogSoftmax", [x], { axis }));
/** Index of the largest element, int64; the first one at a tie. */
export const argMax = (x: Value, { axis = -1, keepDims = false } = {}): Value =>
  first(x.graph.add("ArgMax", [x], { axis: axisOf(axis, x.shape.length), keepdims: keepDims ? 1 : 0 }));

/** Index of the smallest element, int64; the first one at a tie. */
export const argMin = (x: Value, { axis = -1, keepDims = false } = {}): Value =>
  first(x.graph.add("ArgMin", [x], { axis: axisOf(axis, x.shape.length), keepdims: keepDims ? 1 : 0 }));
/** The k largest (or smallest) elements along an axis, in order, and their int64 places. */
export function topK(
  x: Value,
  k: number,
  { axis = -1, largest = true } = {},
): { readonly values: Value; readonly indices: Value } {
  const attrs = { k: [k], axis: axisOf(axis, x.shape.length), largest: largest ? 1 : 0, sorted: 1 };
  const [values, indices] = x.graph.add("TopK", [x], attrs);
  return { values: values!, indices: indices! };
}
/** Sums of the elements so far along an axis; without the element itself when exclusive. */
export const cumSum = (x: Value, { axis = -1, exclusive = false, reverse = false } = {}): Value =>
  first(
    x.graph.add("CumSum", [x], {
      axis: axisOf(axis, x.shape.length),
      exclusive: exclusive ? 1 : 0,
      reverse: reverse ? 1 : 0,
    }),
  );

/** The gradient of a broadcast: sums x over the axes along which a value of this shape was repeated. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const extra = x.shape.length - shape.length;
  const axes = x.shape.map((_, i) => i).filter((i) => i < extra || (shape[i - extra] === 1 && x.shape[i] !== 1));
  return reshape(reduceSum(x, { axes, keepDims: true }), shape);
}
