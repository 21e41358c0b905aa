// What is left of images once they are saved with 8 bits, as PNG.
import { elementCount, ndArray } from "../nd-array.ts";
import { decodeImage, encodeImage } from "./image-file.node.ts";
import { isPicture, toUnit } from "./pixels.ts";

/**
 * The images written as PNG and read again, in the same units. Images that are no picture are rounded instead.
 *
 * @param images  [N, ...shape], pixels in `range`
 */
export async function savedAndRead(
  images: Float32Array,
  shape: readonly number[],
  range: readonly [number, number],
): Promise<Float32Array> {
  const [low, high] = range;
  const n = elementCount(shape);
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
