// Balls around an image, kept exactly: a result is measured in the float32 pixels that the model sees.

/** "l0" counts the share of values that differ. */
export type Norm = "l2" | "linf" | "l0";

/** ‖moved − image‖ in the norm, in float64; for "l0" the share of values that differ. */
export function normOf(norm: Norm, image: ArrayLike<number>, moved: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < image.length; i++) {
    const r = moved[i]! - image[i]!;
    if (norm === "l2") sum += r * r;
    else if (norm === "linf") sum = Math.max(sum, Math.abs(r));
    else if (r !== 0) sum += 1 / image.length;
  }
  return norm === "l2" ? Math.sqrt(sum) : sum;
}

/** ‖v‖₂. */
export function length(v: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < v.length; i++) sum += v[i]! * v[i]!;
  return Math.sqrt(sum);
}

/** Pixels as float32 in the box; the bounds are float32 themselves. */
export function intoBox(moved: ArrayLike<number>, lower: number, upper: number): Float32Array {
  const out = new Float32Array(moved.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.min(upper, Math.max(lower, moved[i]!));
  return out;
}

/** A ball around an image, cut by the box. */
export interface Ball {
  readonly norm: Norm;
  readonly image: Float32Array;
  readonly epsilon: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * The point of the ball and box that is nearest (L∞), or is reached by shrinking r towards the image and clipping (L2).
 * What comes out is in both exactly, rounding included. L0 is left to the attack, only the box is enforced.
 */
export function project({ norm, image, epsilon, lower, upper }: Ball, moved: ArrayLike<number>): Float32Array {
  if (norm === "linf") return projectLinf(image, epsilon, lower, upper, moved);
  if (norm === "l0" || epsilon === Infinity) return intoBox(moved, lower, upper);
  const r = new Float64Array(image.length);
  for (let i = 0; i < r.length; i++) r[i] = moved[i]! - image[i]!;
  const size = length(r);
  if (epsilon === 0) return image.slice();
  let scale = size > epsilon ? epsilon / size : 1;
  // Rounding to float32 may put the point a hair outside; clipping to the box only brings it nearer.
  for (let shrink = 1e-8; ; shrink *= 4) {
    const out = intoBox(
      r.map((ri, i) => image[i]! + scale * ri),
      lower,
      upper,
    );
    if (normOf("l2", image, out) <= epsilon) return out;
    if (shrink >= 1) return image.slice();
    scale *= 1 - shrink;
  }
}

function projectLinf(
  image: Float32Array,
  epsilon: number,
  lower: number,
  upper: number,
  moved: ArrayLike<number>,
): Float32Array {
  const out = new Float32Array(image.length);
  for (let i = 0; i < out.length; i++) {
    const x = image[i]!;
    out[i] = Math.min(upper, x + epsilon, Math.max(lower, x - epsilon, moved[i]!));
    while (Math.abs(out[i]! - x) > epsilon) out[i] = towards(out[i]!, x);
  }
  return out;
}

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);
/** The next float32 from `value` in the direction of `goal`; 0 steps to `goal` at once. */
function towards(value: number, goal: number): number {
  if (value === 0) return goal;
  float[0] = value;
  // Bit patterns of floats of one sign are ordered by magnitude.
  bits[0] = bits[0]! + (value > 0 === goal > value ? 1 : -1);
  return float[0]!;
}
