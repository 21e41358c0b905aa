// Moving elements, and constants of a shape.
import type { Value } from "../../ir/graph.ts";
import { axisOf, broadcast, type DType, type Shape, sameShape, type Tensor } from "../../ir/type.ts";
import { first, unary } from "./operand.ts";

export const identity = (x: Value): Value => unary("Identity", x);
/** The same elements in another shape; one size may be −1. No node when nothing changes. */
export function reshape(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  // To ONNX a 0 is the size of the input's axis unless it is told that it means 0.
  return first(x.graph.add("Reshape", [x], shape.includes(0) ? { shape, allowzero: 1 } : { shape }));
}
/** Axes in the order perm; reversed when perm is absent. */
export const transpose = (x: Value, perm: readonly number[] = x.shape.map((_, i) => x.shape.length - 1 - i)): Value =>
  perm.every((axis, i) => axis === i) ? x : first(x.graph.add("Transpose", [x], { perm }));
/** The last two axes exchanged. */
export function transposeLast(x: Value): Value {
  const n = x.shape.length;
  return transpose(x, [...Array(n - 2).keys(), n - 1, n - 2]);
}
export const concat = (xs: readonly Value[], axis: number): Value =>
  xs.length === 1 ? xs[0]! : first(xs[0]!.graph.add("Concat", xs, { axis: axisOf(axis, xs[0]!.shape.length) }));
/** Consecutive parts of the given sizes along an axis. */
export const split = (x: Value, sizes: readonly number[], axis = 0): readonly Value[] =>
  sizes.length === 1 ? [x] : x.graph.add("Split", [x], { split: sizes, axis: axisOf(axis, x.shape.length) });
export interface SliceAxis {
  readonly axis: number;
  readonly start?: number;
  /** Exclusive; the end of the axis when absent. */
  readonly end?: number;
  readonly step?: number;
}
/** A strided part of each named axis; step −1 with no bounds reverses it. */
export function slice(x: Value, parts: readonly SliceAxis[]): Value {
  const axes = parts.map(({ axis }) => axisOf(axis, x.shape.length));
  const steps = parts.map(({ step = 1 }) => step);
  const starts = parts.map(({ start }, i) => start ?? (steps[i]! > 0 ? 0 : x.shape[axes[i]!]! - 1));
  // −(size + 1) is before the first element in ONNX's rule for negative indices.
  const ends = parts.map(({ end }, i) => end ?? (steps[i]! > 0 ? x.shape[axes[i]!]! : -x.shape[axes[i]!]! - 1));
  if (axes.every((axis, i) => steps[i] === 1 && starts[i] === 0 && ends[i] === x.shape[axis])) return x;
  return first(x.graph.add("Slice", [x], { starts, ends, axes, steps }));
}
/** Elements before and after each axis, filled with a constant; negative counts are refused, slice instead. */
export const pad = (x: Value, before: readonly number[], after: readonly number[], value = 0): Value =>
  before.every((n) => n === 0) && after.every((n) => n === 0)
    ? x
    : first(x.graph.add("Pad", [x], { pads: [...before, ...after], value, mode: "constant" }));
/** The mirror image ("reflect") or the edge repeated ("edge") around x. */
export const padWith = (
  x: Value,
  mode: "reflect" | "edge",
  before: readonly number[],
  after: readonly number[],
): Value => first(x.graph.add("Pad", [x], { pads: [...before, ...after], value: 0, mode }));
/** Repeated along axes of size 1 to a shape. */
export const expand = (x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape) ? x : first(x.graph.add("Expand", [x], { shape: broadcast(x.shape, shape) }));
/** [d₀…dₐ₋₁, dₐ…]: the axes before `axis` as one, the others as one. */
export const flatten = (x: Value, { axis = 1 } = {}): Value => first(x.graph.add("Flatten", [x], { axis }));

/** A constant of the given type filled with one number: a scalar expanded, so that it takes no room in the model. */
export const full = (like: Value, value: number, shape: Shape = like.shape, dtype: DType = like.dtype): Value =>
  expand(like.graph.constant(value, dtype), shape);
export const constant = (like: Value, data: Tensor): Value => like.graph.constant(data);
