// Reductions and the softmax family.
import type { Value } from "../ir/graph.ts";
import { axisOf, formatType, isFloat, ShapeError, type Type } from "../ir/type.ts";
import { cast, div, equal, exp, expand, mul, reduceSum, reshape, sub } from "./build.ts";
import { op } from "./op.ts";

type ReduceAttrs = { axes: readonly number[]; keepdims: number };

function reduced([x]: readonly [Type, ...Type[]], { axes, keepdims }: ReduceAttrs): Type {
  const gone = new Set(axes.map((axis) => axisOf(axis, x.shape.length)));
  const kept = x.shape.map((dim, i) => (gone.has(i) ? 1 : dim));
  return { dtype: x.dtype, shape: keepdims ? kept : kept.filter((_, i) => !gone.has(i)) };
}

/** A reduced array with its axes back, at size 1. */
function unreduced(y: Value, x: Value, { axes }: ReduceAttrs): Value {
  return reshape(
    y,
    x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim)),
  );
}

const count = (x: Value, axes: readonly number[]): number => axes.reduce((n, axis) => n * x.shape[axis]!, 1);

/** y = Σ x over the axes.  dx = dy, repeated. */
export const ReduceSum = op<ReduceAttrs>({
  inputs: 1,
  since: 13,
  asInputs: { axes: { at: 1, dtype: "int64" } },
  infer: reduced,
  grad: ({ x: [x], dy, attrs }) => [expand(unreduced(dy, x, attrs), x.shape)],
});
/** y = mean of x over n elements.  dx = dy/n, repeated. */
export const ReduceMean = op<ReduceAttrs>({
  inputs: 1,
  since: 13,
  infer: reduced,
  grad: ({ x: [x], dy, attrs }) => [expand(div(unreduced(dy, x, attrs), count(x, attrs.axes)), x.shape)],
});
/** y = largest of x.  dx = dy at the largest, shared evenly at ties, as PyTorch's amax. */
export const ReduceMax = op<ReduceAttrs>({ inputs: 1, since: 13, infer: reduced, grad: (at) => [extremum(at)] });
/** y = smallest of x.  dx = dy at the smallest, shared evenly at ties, as PyTorch's amin. */
export const ReduceMin = op<ReduceAttrs>({ inputs: 1, since: 13, infer: reduced, grad: (at) => [extremum(at)] });

function extremum({
  x: [x],
  y: [y],
  dy,
  attrs,
}: {
  x: readonly [Value, ...Value[]];
  y: readonly [Value, ...Value[]];
  dy: Value;
  attrs: ReduceAttrs;
}): Value {
  const hit = cast(equal(x, unreduced(y, x, attrs)), x.dtype);
  return mul(hit, div(unreduced(dy, x, attrs), reduceSum(hit, { axes: attrs.axes, keepDims: true })));
}

function floatAxis([x]: readonly [Type, ...Type[]], { axis }: { axis: number }): Type {
  axisOf(axis, x.shape.length);
  if (!isFloat(x.dtype)) throw new ShapeError(`input is ${formatType(x)}; it must be float32 or float64: cast it`);
  return x;
}

/** y = eˣ/Σeˣ along the axis.  dx = y·(dy − Σ dy·y). */
export const Softmax = op<{ axis: number }>({
  inputs: 1,
  since: 13,
  infer: floatAxis,
  grad: ({ y: [y], dy, attrs: { axis } }) => [mul(y, sub(dy, reduceSum(mul(dy, y), { axes: [axis], keepDims: true })))],
});
/** y = x − log Σeˣ along the axis.  dx = dy − eʸ·Σ dy. */
export const LogSoftmax = op<{ axis: number }>({
  inputs: 1,
  since: 13,
  infer: floatAxis,
  grad: ({ y: [y], dy, attrs: { axis } }) => [sub(dy, mul(exp(y), reduceSum(dy, { axes: [axis], keepDims: true })))],
});
/** Index of the largest element, the first at a tie. */
export const ArgMax = op<{ axis: number; keepdims: number }>({
  inputs: 1,
  since: 13,
  infer: ([x], { axis, keepdims }) => ({ dtype: "int64", shape: reduced([x], { axes: [axis], keepdims }).shape }),
  grad: "none",
});
