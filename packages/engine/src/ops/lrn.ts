// Normalisation over neighbouring channels.
import type { Value } from "../ir/graph.ts";
import { formatType, isFloat, ShapeError, sizeOf } from "../ir/type.ts";
import { add, averagePool, mul, pow, reshape, sub } from "./build.ts";
import { defaults } from "./defaults.ts";
import { op } from "./op.ts";

type LrnAttrs = { size: number; alpha: number; beta: number; bias: number };

/**
 * Y = X·s^−β with s = bias + α/size·Σ X² over `size` channels around each.
 * dX = dY·s^−β − 2αβ/size·X·Σ′ dY·X·s^(−β−1), Σ′ over the channels in whose window it stands.
 */
export const LRN = op<LrnAttrs>({
  inputs: 1,
  since: 13,
  floats: ["alpha", "beta", "bias"],
  defaults: defaults.LRN,
  infer([X], { size }) {
    if (X.shape.length < 3 || !isFloat(X.dtype)) {
      throw new ShapeError(`input is ${formatType(X)}; it must be float [N, C, spatial axes…]`);
    }
    if (!Number.isInteger(size) || size < 1) throw new ShapeError(`size is ${size}; it must be a count of channels`);
    return X;
  },
  grad({ x: [X], dy: dY, attrs: { size, alpha, beta, bias } }) {
    const s = add(mul(overChannels(mul(X, X), size), alpha), bias);
    const direct = mul(dY, pow(s, -beta));
    const sum = overChannels(mul(mul(dY, X), pow(s, -beta - 1)), size, { adjoint: true });
    return [sub(direct, mul(X, mul(sum, 2 * alpha * beta)))];
  },
});

/** Sums over windows of `size` channels, divided by size; an even window reaches further to later channels. */
export function overChannels(X: Value, size: number, { adjoint = false } = {}): Value {
  const [N, C, ...space] = X.shape as [number, number, ...number[]];
  const less = Math.floor((size - 1) / 2);
  const more = size - 1 - less;
  const [before, after] = adjoint ? [more, less] : [less, more];
  const flat = reshape(X, [N, 1, C, sizeOf(space)]);
  const mean = averagePool(flat, {
    kernel: [size, 1],
    strides: [1, 1],
    pads: [before, 0, after, 0],
    countIncludePad: true,
  });
  return reshape(mean, X.shape);
}
