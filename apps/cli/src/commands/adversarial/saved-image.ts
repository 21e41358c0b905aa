// What is left of images once they are saved with 8 bits, as PNG.

import { ndArray } from "@reprise/data";
import { decodeImage, encodeImage } from "@reprise/data/node";

/** Whether images of this shape can be saved as PNG: [1 or 3, H, W]. */
export const isPicture = (shape: readonly number[]): boolean =>
  shape.length === 3 && (shape[0] === 1 || shape[0] === 3);

/** Pixels of a range in [0, 1], in float32. */
export function toUnit(images: Float32Array, [low, high]: readonly [number, number]): Float32Array {
  return low === 0 && high === 1 ? images : images.map((v) => (v - low) / (high - low));
}

/**
 * The images written as PNG and read again, in the same units. Images that are no picture are rounded instead.
 *
 * @param images  [N, ...shape]
 */
export async function savedAndRead(
  images: Float32Array,
  shape: readonly number[],
  range: readonly [number, number],
): Promise<Float32Array> {
  const [low, high] = range;
  const n = shape.reduce((a, b) => a * b, 1);
  const out = new Float32Array(images.length);
  const unit = toUnit(images, range);
  for (let from = 0; from < images.length; from += n) {
    const image = unit.slice(from, from + n);
    const channels = shape[0] === 3 ? 3 : 1;
    const bytes = isPicture(shape)
      ? (await decodeImage(await encodeImage(ndArray("float32", shape, image)), `image ${from / n}`, { channels })).data
      : image.map((v) => Math.round(255 * v));
    for (let i = 0; i < n; i++) out[from + i] = low + ((high - low) * bytes[i]!) / 255;
  }
  return out;
}
