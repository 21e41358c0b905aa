// Masks of regions as masks of the image.

/**
 * A region's mask drawn into its image as torchvision does: one pixel of padding, the box widened alike and cut to
 * whole pixels, bilinear.
 *
 * @param mask  [size, size], 0 … 1
 * @param box   x₁, y₁, x₂, y₂
 * @returns     [height, width], 0 outside the box; take what is above ½
 */
export function pasteMask(
  mask: Float32Array,
  box: ArrayLike<number>,
  { height, width, size = Math.sqrt(mask.length) }: { height: number; width: number; size?: number },
): Float32Array {
  const f = Math.fround;
  const M = size + 2;
  const padded = new Float32Array(M * M);
  for (let y = 0; y < size; y++) padded.set(mask.subarray(y * size, (y + 1) * size), (y + 1) * M + 1);
  const scale = f(M / size);
  const widened = (low: number, high: number) => {
    const half = f(f(f(high - low) * 0.5) * scale);
    const centre = f(f(high + low) * 0.5);
    return [Math.trunc(f(centre - half)), Math.trunc(f(centre + half))] as const;
  };
  const [x1, x2] = widened(box[0]!, box[2]!);
  const [y1, y2] = widened(box[1]!, box[3]!);
  const [w, h] = [Math.max(x2 - x1 + 1, 1), Math.max(y2 - y1 + 1, 1)];
  const out = new Float32Array(height * width);
  for (let y = Math.max(y1, 0); y < Math.min(y2 + 1, height); y++) {
    const [top, bottom, v] = neighbours(y - y1, h, M);
    for (let x = Math.max(x1, 0); x < Math.min(x2 + 1, width); x++) {
      const [left, right, u] = neighbours(x - x1, w, M);
      const upper = padded[top * M + left]! * (1 - u) + padded[top * M + right]! * u;
      const lower = padded[bottom * M + left]! * (1 - u) + padded[bottom * M + right]! * u;
      out[y * width + x] = upper * (1 - v) + lower * v;
    }
  }
  return out;
}

/** Places in the source beside pixel i of `count`, pixel centres at ½, and the share of the second. */
function neighbours(i: number, count: number, source: number): readonly [number, number, number] {
  const at = Math.max((i + 0.5) * (source / count) - 0.5, 0);
  const low = Math.min(Math.floor(at), source - 1);
  return [low, Math.min(low + 1, source - 1), at - low];
}
