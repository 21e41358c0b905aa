// Pictures of the panel, pixel by pixel.
import type { MemoryShown } from "../../../run/bit-flip/flips.ts";

type Rgba = Uint8ClampedArray<ArrayBuffer>;

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Row by row, [height, width, 4]. */
  readonly rgba: Rgba;
}

/** Points in a row of the picture. */
const width = 320;

/** All weights as grey points, dark where they are far from 0; flipped ones in red, with a ring around them. */
export function memoryPicture(memory: readonly MemoryShown[]): Pixels {
  const weights = memory.reduce((sum, { values }) => sum + values.length, 0);
  const height = Math.ceil(weights / width);
  const rgba: Rgba = new Uint8ClampedArray(4 * width * height);
  const paint = (x: number, y: number, colour: readonly [number, number, number]) => {
    if (x >= 0 && x < width && y >= 0 && y < height) rgba.set([...colour, 255], 4 * (y * width + x));
  };
  const marked: number[] = [];
  let at = 0;
  for (const { values, flipped } of memory) {
    for (const value of values) {
      const grey = 235 - Math.round(1.4 * Math.abs(value));
      paint(at % width, Math.floor(at / width), [grey, grey, grey]);
      at++;
    }
    marked.push(...flipped.map((index) => at - values.length + index));
  }
  for (const place of marked) {
    const [x, y] = [place % width, Math.floor(place / width)];
    for (let d = -4; d <= 4; d++)
      for (const [dx, dy] of [
        [d, -4],
        [d, 4],
        [-4, d],
        [4, d],
      ] as const)
        paint(x + dx, y + dy, [163, 48, 26]);
    for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) paint(x + dx, y + dy, [163, 48, 26]);
  }
  return { width, height, rgba };
}

/** A digit, dark on light. @param pixels  0 … 255, [28, 28] */
export function digitPicture(pixels: Uint8Array): Pixels {
  const rgba: Rgba = new Uint8ClampedArray(4 * 28 * 28);
  for (const [i, value] of pixels.entries()) rgba.set([255 - value, 255 - value, 255 - value, 255], 4 * i);
  return { width: 28, height: 28, rgba };
}
