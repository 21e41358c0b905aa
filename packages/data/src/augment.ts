// Random changes of training images, seeded, so that a run can be repeated.
import { type NdArray, ndArray } from "./nd-array.ts";
import type { Random } from "./random.ts";

/**
 * Each image, padded with zeros on all sides, cut to its own size again at a random place: 1 + 2·padding places each way,
 * equally likely. As torchvision's RandomCrop(size, padding), for each image on its own.
 *
 * @param images   [N, C, H, W]
 * @param padding  pixels, at least 0
 * @throws RangeError for another shape, or a padding that is not an integer from 0 on
 */
export function randomShift(
  images: NdArray<"float32">,
  { padding, random }: { padding: number; random: Random },
): NdArray<"float32"> {
  const [count, channels, height, width] = imageShape(images);
  if (!Number.isInteger(padding) || padding < 0)
    throw new RangeError(`randomShift: padding is ${padding}; expected 0 or more`);
  const out = new Float32Array(images.data.length);
  const plane = height * width;
  for (let n = 0; n < count; n++) {
    const down = random.integer(2 * padding + 1) - padding;
    const right = random.integer(2 * padding + 1) - padding;
    const [fromX, toX] = [Math.max(0, -right), Math.max(0, right)];
    const length = width - Math.abs(right);
    if (length <= 0) continue;
    for (let c = 0; c < channels; c++) {
      const start = (n * channels + c) * plane;
      for (let y = Math.max(0, down); y < Math.min(height, height + down); y++) {
        const from = start + (y - down) * width + fromX;
        out.set(images.data.subarray(from, from + length), start + y * width + toX);
      }
    }
  }
  return ndArray("float32", images.shape, out);
}

/**
 * Each image turned left to right with the given probability (one half by default).
 *
 * @param images  [N, C, H, W]
 * @throws RangeError for another shape
 */
export function randomFlip(
  images: NdArray<"float32">,
  { probability = 0.5, random }: { probability?: number; random: Random },
): NdArray<"float32"> {
  const [count, channels, height, width] = imageShape(images);
  const out = images.data.slice();
  const size = channels * height * width;
  for (let n = 0; n < count; n++)
    if (random.uniform() < probability)
      for (let row = n * size; row < (n + 1) * size; row += width) out.subarray(row, row + width).reverse();
  return ndArray("float32", images.shape, out);
}

function imageShape({ shape }: NdArray): [count: number, channels: number, height: number, width: number] {
  if (shape.length !== 4) throw new RangeError(`images have the shape [${shape.join(", ")}]; expected [N, C, H, W]`);
  return shape as unknown as [number, number, number, number]; // four, as just checked
}
