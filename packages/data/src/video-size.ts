// Frames of another size: each axis on its own, by the triangle filter widened where pixels are lost (as Pillow's BILINEAR).

export interface VideoFrames {
  /** [T, H, W, C] */
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Every frame in the size given; what its sides are to each other is not kept. */
export function resizeVideo(
  { shape, data }: VideoFrames,
  { width, height }: { width: number; height: number },
): VideoFrames {
  const [T, H, W, C] = shape as [number, number, number, number];
  if (H === height && W === width) return { shape, data };
  const across = taps(W, width);
  const down = taps(H, height);
  const out = new Uint8Array(T * height * width * C);
  const rows = new Float32Array(H * width * C);
  for (let t = 0; t < T; t++) {
    for (let y = 0; y < H; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < C; c++) {
          const { first, weights } = across[x]!;
          let sum = 0;
          for (const [i, weight] of weights.entries()) sum += weight * data[((t * H + y) * W + first + i) * C + c]!;
          rows[(y * width + x) * C + c] = sum;
        }
    for (let y = 0; y < height; y++)
      for (let at = 0; at < width * C; at++) {
        const { first, weights } = down[y]!;
        let sum = 0;
        for (const [i, weight] of weights.entries()) sum += weight * rows[(first + i) * width * C + at]!;
        out[(t * height + y) * width * C + at] = Math.max(0, Math.min(255, Math.round(sum)));
      }
  }
  return { shape: [T, height, width, C], data: out };
}

/** For each pixel of the result: the first pixel it is made of, and what each of them weighs. */
function taps(from: number, to: number): { first: number; weights: number[] }[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(from, Math.floor(centre + reach + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs((first + k + 0.5 - centre) / reach)),
    );
    const total = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((weight) => weight / total) };
  });
}
