// Boxes x₁, y₁, x₂, y₂ in pixels, four numbers a box. Sums and products are rounded to float32 as torchvision's are:
// thresholds decide by the last bit.
const f = Math.fround;

export const boxCount = (boxes: Float32Array): number => boxes.length / 4;

export const boxArea = (boxes: Float32Array, i: number): number =>
  f(f(boxes[4 * i + 2]! - boxes[4 * i]!) * f(boxes[4 * i + 3]! - boxes[4 * i + 1]!));

/** Intersection over union of box i of `a` and box j of `b`. */
export function iouOf(a: Float32Array, i: number, b: Float32Array, j: number): number {
  const w = Math.max(0, f(Math.min(a[4 * i + 2]!, b[4 * j + 2]!) - Math.max(a[4 * i]!, b[4 * j]!)));
  const h = Math.max(0, f(Math.min(a[4 * i + 3]!, b[4 * j + 3]!) - Math.max(a[4 * i + 1]!, b[4 * j + 1]!)));
  const inter = f(w * h);
  return f(inter / f(f(boxArea(a, i) + boxArea(b, j)) - inter));
}

/** Intersection over union, [A, B]. */
export function boxIouMatrix(a: Float32Array, b: Float32Array): Float32Array {
  const B = boxCount(b);
  return Float32Array.from({ length: boxCount(a) * B }, (_, at) => iouOf(a, Math.floor(at / B), b, at % B));
}

/** The boxes cut at the borders of an image. */
export const clipBoxes = (boxes: Float32Array, height: number, width: number): Float32Array =>
  boxes.map((value, i) => Math.min(Math.max(value, 0), i % 2 ? height : width));

/** Indices of the boxes whose sides both reach a size. */
export function largeBoxes(boxes: Float32Array, minSize: number): number[] {
  const least = f(minSize);
  return Array.from({ length: boxCount(boxes) }, (_, i) => i).filter(
    (i) => f(boxes[4 * i + 2]! - boxes[4 * i]!) >= least && f(boxes[4 * i + 3]! - boxes[4 * i + 1]!) >= least,
  );
}

/** The boxes at these indices. */
export function takeBoxes(boxes: Float32Array, indices: readonly number[]): Float32Array {
  const out = new Float32Array(4 * indices.length);
  indices.forEach((from, to) => {
    out.set(boxes.subarray(4 * from, 4 * from + 4), 4 * to);
  });
  return out;
}
