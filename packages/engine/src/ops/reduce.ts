// Reductions and the softmax family.
import type { Value } from "../ir/graph.ts";
import { axisOf, formatShape, ShapeError, type Type } from "../ir/type.ts";
import {
  and,
  cast,
  cumSum,
  div,
  equal,
  exp,
  expand,
  full,
  less,
  mul,
  reduceProd,
  reduceSum,
  reshape,
  scatterElements,
  sign,
  sub,
  where,
} from "./build.ts";
import { floating } from "./dtype.ts";
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
  asInputs: { axes: { at: 1, dtype: "int64", list: true } },
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

/**
 * y = Π x.  dx = dy·y/x; where x = 0 the product of the others, so that it holds with zeros too (its own derivative
 * there does not).
 */
export const ReduceProd = op<ReduceAttrs>({
  inputs: 1,
  since: 13,
  infer: reduced,
  grad({ x: [x], dy, attrs: { axes }, attrs }) {
    const zero = equal(x, 0);
    const zeros = reduceSum(cast(zero, x.dtype), { axes, keepDims: true });
    const rest = where(zero, 1, x);
    const others = reduceProd(rest, { axes, keepDims: true });
    const first = where(less(zeros, 0.5), div(others, rest), 0);
    const dx = where(and(zero, less(zeros, 1.5)), expand(others, x.shape), first);
    return [mul(unreduced(dy, x, attrs), dx)];
  },
});
/** y = Σ |x|.  dx = dy·sign x, 0 at x = 0. */
export const ReduceL1 = op<ReduceAttrs>({
  inputs: 1,
  since: 13,
  infer: reduced,
  grad: ({ x: [x], dy, attrs }) => [mul(unreduced(dy, x, attrs), sign(x))],
});
/** y = √Σ x².  dx = dy·x/y, 0 where y = 0, as PyTorch. */
export const ReduceL2 = op<ReduceAttrs>({
  inputs: 1,
  since: 13,
  infer: reduced,
  grad({ x: [x], y: [y], dy, attrs }) {
    const scale = div(dy, where(equal(y, 0), 1, y));
    return [mul(x, unreduced(scale, x, attrs))];
  },
});
/** y = Σ x².  dx = 2·dy·x. */
export const ReduceSumSquare = op<ReduceAttrs>({
  inputs: 1,
  since: 13,
  infer: reduced,
  grad: ({ x: [x], dy, attrs }) => [mul(mul(x, 2), unreduced(dy, x, attrs))],
});
/** y = log Σ x.  dx = dy/Σ x, repeated: also where Σ x is negative, and y not a number. */
export const ReduceLogSum = op<ReduceAttrs>({
  inputs: 1,
  since: 13,
  infer: reduced,
  grad: ({ x: [x], dy, attrs }) => {
    const sum = reduceSum(x, { axes: attrs.axes, keepDims: true });
    return [expand(div(unreduced(dy, x, attrs), sum), x.shape)];
  },
});
/** y = log Σ eˣ.  dx = dy·eˣ⁻ʸ. */
export const ReduceLogSumExp = op<ReduceAttrs>({
  inputs: 1,
  since: 13,
  infer: reduced,
  grad: ({ x: [x], y: [y], dy, attrs }) => [mul(unreduced(dy, x, attrs), exp(sub(x, unreduced(y, x, attrs))))],
});

function floatAxis([x]: readonly [Type, ...Type[]], { axis }: { axis: number }): Type {
  axisOf(axis, x.shape.length);
  return floating([x]);
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
  defaults: { axis: 0, keepdims: 1 },
  infer: ([x], { axis, keepdims }) => ({ dtype: "int64", shape: reduced([x], { axes: [axis], keepdims }).shape }),
  grad: "none",
});
/** Index of the smallest element, the first at a tie. */
export const ArgMin = op<{ axis: number; keepdims: number }>({
  inputs: 1,
  since: 13,
  defaults: { axis: 0, keepdims: 1 },
  infer: ([x], { axis, keepdims }) => ({ dtype: "int64", shape: reduced([x], { axes: [axis], keepdims }).shape }),
  grad: "none",
});
/**
 * The k largest elements along an axis (smallest with largest 0), in order, and their int64 places.
 * dx = dy at the places, 0 elsewhere.
 */
export const TopK = op<{ k: readonly number[]; axis: number; largest: number; sorted: number }>({
  inputs: 1,
  since: 11,
  asInputs: { k: { at: 1, dtype: "int64", list: true } },
  defaults: { axis: -1, largest: 1, sorted: 1 },
  infer([x], { k: [k], axis }) {
    const at = axisOf(axis, x.shape.length);
    if (!(k! >= 1 && k! <= x.shape[at]!)) {
      throw new ShapeError(`k is ${k}; axis ${at} of ${formatShape(x.shape)} has ${x.shape[at]} elements`);
    }
    const shape = x.shape.map((dim, i) => (i === at ? k! : dim));
    return [
      { dtype: x.dtype, shape },
      { dtype: "int64", shape },
    ];
  },
  grad: ({ x: [x], y: [, places], dy, attrs: { axis } }) => [
    scatterElements(full(x, 0), places!, dy, { axis, reduction: "add" }),
  ],
});
/**
 * yᵢ = Σ xⱼ for j ≤ i along an axis; j < i when exclusive; from the end when reverse.  dx = the same sum of dy from the
 * other end.
 */
export const CumSum = op<{ axis: number; exclusive: number; reverse: number }>({
  inputs: 1,
  since: 14,
  asInputs: { axis: { at: 1, dtype: "int64" } },
  defaults: { exclusive: 0, reverse: 0 },
  infer([x], { axis }) {
    axisOf(axis, x.shape.length);
    return x;
  },
  grad: ({ dy, attrs: { axis, exclusive, reverse } }) => [
    cumSum(dy, { axis, exclusive: exclusive === 1, reverse: reverse !== 1 }),
  ],
});
