// Binarisation-aware training: each weight is a sign, and its layer's mean magnitude scales them (He, Rakin, Li,
// Chakrabarti, Fan, CVPR 2020, §4.1). A flipped bit of such a layer can only turn a sign around.
import { abs, mul, reduceMean, stopGradient, straightThrough, sub, type Value, within } from "@reprise/engine";

/** α·sign(W) with α = E|W|; 0 counts as positive. The gradient passes to W as if nothing were there. */
export function binarised(W: Value): Value {
  const alpha = stopGradient(reduceMean(abs(W), { keepDims: false }));
  const sign = sub(mul(within(W, { min: 0 }), 2), 1);
  return straightThrough(W, mul(sign, alpha));
}

/** The same of numbers on the host. */
export function binarise(weights: Float32Array): Float32Array {
  const alpha = weights.reduce((sum, w) => sum + Math.abs(w), 0) / weights.length;
  return weights.map((w) => (w < 0 ? -alpha : alpha));
}
