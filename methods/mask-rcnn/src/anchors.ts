// Anchors: boxes of fixed sizes and ratios, the same at every place of a feature map.
const f = Math.fround;

/** Anchors around the origin, ratio by ratio, and of each ratio (height over width) size by size; rounded to half even. */
export function baseAnchors(
  sizes: readonly number[],
  ratios: readonly number[],
  { rounded = true }: { readonly rounded?: boolean } = {},
): Float32Array {
  const rows = ratios.flatMap((ratio) => {
    const h = f(Math.sqrt(ratio));
    const w = f(1 / h);
    return sizes.flatMap((size) => {
      const [halfW, halfH] = [f(f(w * size) / 2), f(f(h * size) / 2)];
      return [-halfW, -halfH, halfW, halfH].map(rounded ? roundHalfEven : f);
    });
  });
  return Float32Array.from(rows);
}

/**
 * Anchors of a feature map, row by row and at each place in the order of the base anchors.
 *
 * @param image  [height, width] of the padded image; the stride is the whole part of image over map
 */
export function gridAnchors(
  base: Float32Array,
  [rows, columns]: readonly [number, number],
  image: readonly [number, number],
): Float32Array {
  const [strideY, strideX] = [Math.floor(image[0] / rows), Math.floor(image[1] / columns)];
  const out = new Float32Array(rows * columns * base.length);
  let at = 0;
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++)
      for (let i = 0; i < base.length; i++) out[at++] = base[i]! + (i % 2 ? y * strideY : x * strideX);
  return out;
}

export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
