// Regression of boxes: shifts of the centre in widths and heights, and logarithms of the sizes' ratios.
const f = Math.fround;

export type BoxWeights = readonly [x: number, y: number, width: number, height: number];

/** The largest logarithm that a size may grow by: a side of 16 pixels to 1000. */
export const sizeClip: number = Math.log(1000 / 16);

/**
 * Deltas from proposals to their ground truth.
 *
 * @param truths     [R, 4]
 * @param proposals  [R, 4]
 * @returns          [R, 4]
 */
export function encodeBoxes(
  truths: Float32Array,
  proposals: Float32Array,
  [wx, wy, ww, wh]: BoxWeights = [1, 1, 1, 1],
): Float32Array {
  const out = new Float32Array(proposals.length);
  for (let i = 0; i < proposals.length; i += 4) {
    const [pw, ph, px, py] = centred(proposals, i);
    const [tw, th, tx, ty] = centred(truths, i);
    out[i] = f(wx * f(tx - px)) / pw;
    out[i + 1] = f(wy * f(ty - py)) / ph;
    out[i + 2] = ww * f(Math.log(f(tw / pw)));
    out[i + 3] = wh * f(Math.log(f(th / ph)));
  }
  return out;
}

/**
 * Boxes from deltas.
 *
 * @param deltas     [R, K, 4], K boxes a proposal
 * @param proposals  [R, 4]
 * @returns          [R, K, 4]
 */
export function decodeBoxes(
  deltas: Float32Array,
  proposals: Float32Array,
  [wx, wy, ww, wh]: BoxWeights = [1, 1, 1, 1],
): Float32Array {
  const out = new Float32Array(deltas.length);
  const K = proposals.length ? deltas.length / proposals.length : 1;
  for (let i = 0; i < deltas.length; i += 4) {
    const [pw, ph, px, py] = centred(proposals, 4 * Math.floor(i / 4 / K));
    const x = f(f(f(deltas[i]! / wx) * pw) + px);
    const y = f(f(f(deltas[i + 1]! / wy) * ph) + py);
    const halfWidth = f(0.5 * f(f(Math.exp(Math.min(f(deltas[i + 2]! / ww), f(sizeClip)))) * pw));
    const halfHeight = f(0.5 * f(f(Math.exp(Math.min(f(deltas[i + 3]! / wh), f(sizeClip)))) * ph));
    out[i] = x - halfWidth;
    out[i + 1] = y - halfHeight;
    out[i + 2] = x + halfWidth;
    out[i + 3] = y + halfHeight;
  }
  return out;
}

function centred(boxes: Float32Array, i: number): readonly [w: number, h: number, x: number, y: number] {
  const w = f(boxes[i + 2]! - boxes[i]!);
  const h = f(boxes[i + 3]! - boxes[i + 1]!);
  return [w, h, f(boxes[i]! + f(0.5 * w)), f(boxes[i + 1]! + f(0.5 * h))];
}
