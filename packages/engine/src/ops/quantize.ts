// Numbers as small integers. Gradients pass rounding as if it were not there: the straight-through estimator.
import type { Value } from "../ir/graph.ts";
import { formatShape, formatType, isFloat, type Shape, ShapeError, type Type } from "../ir/type.ts";
import {
  add,
  and,
  cast,
  div,
  greaterOrEqual,
  lessOrEqual,
  mul,
  neg,
  reduceSum,
  reshape,
  round,
  sub,
  sumTo,
  where,
} from "./build.ts";
import { op } from "./op.ts";

export const limits: Readonly<Record<string, readonly [number, number]>> = { int8: [-128, 127], uint8: [0, 255] };

function perAxis(x: Type, scale: Type, zero: Type | null | undefined, axis: number): void {
  const shapes = [scale, ...(zero ? [zero] : [])].map(({ shape }) => shape);
  const at = axis < 0 ? axis + x.shape.length : axis;
  const fits = shapes.every(
    (shape) => shape.length === 0 || (shape.length === 1 && (shape[0] === x.shape[at] || shape[0] === 1)),
  );
  if (!fits) {
    throw new ShapeError(
      `scale and zero point are ${shapes.map(formatShape).join(" and ")}; input ${formatShape(x.shape)} needs [] or, per slice of axis ${axis}, [${x.shape[at]}]`,
    );
  }
}

/** A number per slice of an axis in a shape that broadcasts to x. */
export const along = (v: Value, x: { readonly shape: Shape }, axis: number): Value =>
  v.shape.length === 0
    ? v
    : reshape(
        v,
        x.shape.map((_, i) => (i === (axis < 0 ? axis + x.shape.length : axis) ? v.shape[0]! : 1)),
      );

/** y of QuantizeLinear as a float: round(x/scale) + zero, not limited. */
export function unlimited(x: Value, scale: Value, zero: Value | null | undefined, axis: number): Value {
  const q = round(div(x, along(scale, x, axis)));
  return zero ? add(q, along(cast(zero, x.dtype), x, axis)) : q;
}

/** (x − zero) of DequantizeLinear, in the scale's dtype. */
export function centred(x: Value, scale: Value, zero: Value | null | undefined, axis: number): Value {
  const q = cast(x, scale.dtype);
  return zero ? sub(q, along(cast(zero, scale.dtype), x, axis)) : q;
}

/** Sums a gradient in x's shape to the shape of a scale. */
const toScale = (d: Value, scale: Value, axis: number): Value =>
  scale.shape.length === 0 ? reduceSum(d) : reshape(sumTo(d, along(scale, d, axis).shape), scale.shape);

/**
 * y = round(x/scale) + zero, limited to the integers of zero's dtype (uint8 without one).
 * dx = dy/scale and dscale = −dy·x/scale² where the limits were not passed, 0 elsewhere.
 */
export const QuantizeLinear = op<{ axis: number }>({
  inputs: [2, 3],
  since: 13,
  defaults: { axis: 1 },
  infer([x, scale, zero], { axis }) {
    if (!isFloat(x.dtype)) throw new ShapeError(`input is ${formatType(x)}; it must be float32 or float64: cast it`);
    perAxis(x, scale, zero, axis);
    const dtype = zero?.dtype ?? "uint8";
    if (!limits[dtype]) throw new ShapeError(`zero point is ${formatType(zero)}; it must be int8 or uint8`);
    return { dtype, shape: x.shape };
  },
  grad({ x: [x, scale, zero], dy, need, attrs: { axis } }) {
    const s = along(scale, x, axis);
    const [low, high] = limits[zero?.dtype ?? "uint8"]!;
    const shifted = unlimited(x, scale, zero, axis);
    const inside = and(greaterOrEqual(shifted, low), lessOrEqual(shifted, high));
    const d = where(inside, div(dy, s), 0);
    return [d, need[1] ? toScale(neg(div(mul(d, x), s)), scale, axis) : null, null];
  },
});

/** y = (x − zero)·scale, in the scale's dtype.  dx = dy·scale, dscale = dy·(x − zero). */
export const DequantizeLinear = op<{ axis: number }>({
  inputs: [2, 3],
  since: 13,
  defaults: { axis: 1 },
  infer([x, scale, zero], { axis }) {
    perAxis(x, scale, zero, axis);
    if (zero && zero.dtype !== x.dtype) {
      throw new ShapeError(`input is ${formatType(x)}, zero point is ${formatType(zero)}; their dtypes must be equal`);
    }
    return { dtype: scale.dtype, shape: x.shape };
  },
  grad({ x: [x, scale, zero], dy, need, attrs: { axis } }) {
    return [
      need[0] ? mul(dy, along(scale, x, axis)) : null,
      need[1] ? toScale(mul(dy, centred(x, scale, zero, axis)), scale, axis) : null,
      null,
    ];
  },
});
