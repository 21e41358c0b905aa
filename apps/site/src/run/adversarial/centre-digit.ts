// A drawing as MNIST has its digits: scaled into 20×20, then placed so that its centre of mass is the centre of 28×28
// (LeCun et al. 1998, §III.A; the anti-aliasing is ours, by area).
import { side } from "./drawing-code.ts";

const inner = 20;

/**
 * The digit in MNIST's frame, 0…255, [28, 28]; null if nothing is drawn.
 *
 * @param ink  how much ink each pixel has, 0…255, [size, size]
 */
export function centreDigit(ink: ArrayLike<number>, size: number): Uint8Array | null {
  const box = boundsOf(ink, size);
  if (!box) return null;
  const scale = Math.max(box.right - box.left, box.bottom - box.top) / inner; // of ours for one of theirs
  const width = Math.max(1, Math.round((box.right - box.left) / scale));
  const height = Math.max(1, Math.round((box.bottom - box.top) / scale));
  const small = new Float64Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      small[y * width + x] = meanOver(ink, size, box.left + x * scale, box.top + y * scale, scale);

  let mass = 0;
  let [massX, massY] = [0, 0];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const m = small[y * width + x]!;
      mass += m;
      massX += m * (x + 0.5);
      massY += m * (y + 0.5);
    }
  const left = place(side / 2 - massX / mass, width);
  const top = place(side / 2 - massY / mass, height);
  const pixels = new Uint8Array(side * side);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) pixels[(top + y) * side + left + x] = Math.round(small[y * width + x]!);
  return pixels;
}

/** Whole pixels, and nothing outside the frame. */
function place(offset: number, length: number): number {
  return Math.min(side - length, Math.max(0, Math.round(offset)));
}

function boundsOf(ink: ArrayLike<number>, size: number) {
  let [left, top, right, bottom] = [size, size, 0, 0];
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      if (ink[y * size + x]! < 16) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
  return right > left ? { left, top, right, bottom } : null;
}

/** Mean ink over the square [x, x + length) × [y, y + length), pixels at its edge counted by their part. */
function meanOver(ink: ArrayLike<number>, size: number, x: number, y: number, length: number): number {
  let sum = 0;
  for (let row = Math.floor(y); row < Math.min(size, y + length); row++) {
    const tall = Math.min(row + 1, y + length) - Math.max(row, y);
    for (let column = Math.floor(x); column < Math.min(size, x + length); column++)
      sum += ink[row * size + column]! * tall * (Math.min(column + 1, x + length) - Math.max(column, x));
  }
  return sum / length ** 2;
}
