// Pictures as the network takes them: normalised, resized so that the shorter side has a size, padded to whole strides.

/** A picture, [3, height, width], 0 … 255, red first. */
export interface Picture {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
}

export interface TransformOptions {
  /** Of the shorter side. */
  readonly minSize: number;
  /** Of the longer side at most. */
  readonly maxSize: number;
  readonly mean?: readonly number[];
  readonly standardDeviation?: readonly number[];
  /** Height and width of the batch at least. */
  readonly canvas?: number;
}

export interface ImageBatch {
  /** [N, 3, height, width] */
  readonly data: Float32Array;
  readonly shape: readonly [number, 3, number, number];
  /** [height, width] of each picture without the padding. */
  readonly sizes: readonly (readonly [number, number])[];
}

/**
 * Pictures as one batch. As torchvision, the scale is computed in float32 and sizes are cut to whole pixels: 198 pixels
 * at 128/198 become 127.
 */
export function imageBatch(
  pictures: readonly Picture[],
  {
    minSize,
    maxSize,
    mean = [0.485, 0.456, 0.406],
    standardDeviation = [0.229, 0.224, 0.225],
    canvas = 0,
  }: TransformOptions,
): ImageBatch {
  const f = Math.fround;
  const sizes = pictures.map(({ height, width }): [number, number] => {
    const scale = Math.min(f(minSize / Math.min(height, width)), f(maxSize / Math.max(height, width)));
    return [Math.max(Math.floor(height * scale), 1), Math.max(Math.floor(width * scale), 1)];
  });
  const whole = (axis: 0 | 1) => Math.ceil(Math.max(canvas, ...sizes.map((size) => size[axis])) / 32) * 32;
  const [H, W] = [whole(0), whole(1)];
  const data = new Float32Array(pictures.length * 3 * H * W);
  pictures.forEach((picture, n) => {
    for (let c = 0; c < 3; c++) {
      const plane = picture.data.subarray(c * picture.height * picture.width, (c + 1) * picture.height * picture.width);
      const normal = Float32Array.from(plane, (value) => (f(value / 255) - mean[c]!) / standardDeviation[c]!);
      resizeInto(normal, picture, sizes[n]!, data.subarray((n * 3 + c) * H * W, (n * 3 + c + 1) * H * W), W);
    }
  });
  return { data, shape: [pictures.length, 3, H, W], sizes };
}

/** Into the upper left of `out`, whose rows have `stride` pixels; bilinear, pixels as areas. */
export function resizeInto(
  plane: Float32Array,
  { height, width }: { readonly height: number; readonly width: number },
  [rows, columns]: readonly [number, number],
  out: Float32Array,
  stride: number,
): void {
  const places = (count: number, size: number) =>
    Array.from({ length: count }, (_, i) => {
      const at = Math.max((i + 0.5) * (size / count) - 0.5, 0);
      const low = Math.min(Math.floor(at), size - 1);
      return [low, Math.min(low + 1, size - 1), at - low] as const;
    });
  const across = places(columns, width);
  places(rows, height).forEach(([top, bottom, v], y) => {
    across.forEach(([left, right, u], x) => {
      const upper = plane[top * width + left]! * (1 - u) + plane[top * width + right]! * u;
      const lower = plane[bottom * width + left]! * (1 - u) + plane[bottom * width + right]! * u;
      out[y * stride + x] = upper * (1 - v) + lower * v;
    });
  });
}
