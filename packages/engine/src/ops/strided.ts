// Putting elements back where a strided slice took them from.
import type { Value } from "../ir/graph.ts";
import { pad, reshape, slice } from "./build.ts";

/** Zeros before and after one axis. */
export const padAxis = (x: Value, axis: number, before: number, after: number): Value =>
  pad(
    x,
    x.shape.map((_, i) => (i === axis ? before : 0)),
    x.shape.map((_, i) => (i === axis ? after : 0)),
  );

/** step − 1 zeros between the elements of an axis: n elements become (n − 1)·step + 1. */
export function spread(x: Value, axis: number, step: number): Value {
  if (step === 1) return x;
  const n = x.shape[axis]!;
  const apart = reshape(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)]);
  const filled = padAxis(apart, axis + 1, 0, step - 1);
  const flat = reshape(
    filled,
    x.shape.map((dim, i) => (i === axis ? n * step : dim)),
  );
  return slice(flat, [{ axis, end: (n - 1) * step + 1 }]);
}
