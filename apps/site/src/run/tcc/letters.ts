// Letters as paths of a pen: written by a program, each writer at a speed, in a size and a slant of their own.
import { Random } from "@reprise/data";
import type { Sequence } from "@reprise/tcc";
import type { Letter } from "./inputs.ts";

/** Corners of a smooth line in the unit square, y downwards. */
const shapes: Readonly<Record<Letter, readonly (readonly [number, number])[]>> = {
  S: [
    [0.8, 0.18],
    [0.5, 0.05],
    [0.2, 0.2],
    [0.3, 0.42],
    [0.65, 0.55],
    [0.8, 0.78],
    [0.5, 0.95],
    [0.18, 0.82],
  ],
  e: [
    [0.15, 0.52],
    [0.5, 0.5],
    [0.83, 0.42],
    [0.7, 0.18],
    [0.4, 0.14],
    [0.14, 0.45],
    [0.25, 0.8],
    [0.55, 0.9],
    [0.85, 0.78],
  ],
  "3": [
    [0.2, 0.15],
    [0.5, 0.05],
    [0.78, 0.22],
    [0.62, 0.42],
    [0.42, 0.47],
    [0.75, 0.58],
    [0.8, 0.82],
    [0.5, 0.96],
    [0.18, 0.84],
  ],
  w: [
    [0.05, 0.2],
    [0.16, 0.6],
    [0.28, 0.88],
    [0.42, 0.55],
    [0.5, 0.25],
    [0.6, 0.6],
    [0.74, 0.88],
    [0.86, 0.55],
    [0.95, 0.15],
  ],
};

/** Paths [T, 2] of a letter by so many writers. */
export function writtenLetters(letter: Letter, writers: number, seed: number): Sequence[] {
  const random = new Random(seed);
  return Array.from({ length: writers }, (_, i) => ({ name: `writer ${i + 1}`, ...write(shapes[letter], random) }));
}

function write(corners: readonly (readonly [number, number])[], random: Random) {
  const turn = 0.35 * random.normal();
  const slant = 0.3 * random.normal();
  const [wide, high] = [Math.exp(0.2 * random.normal()), Math.exp(0.2 * random.normal())];
  const own = corners.map(([x, y]) => {
    const [u, v] = [wide * (x - 0.5 + 0.035 * random.normal()), high * (y - 0.5 + 0.035 * random.normal())];
    const leaning = u - slant * v;
    return [Math.cos(turn) * leaning - Math.sin(turn) * v, Math.sin(turn) * leaning + Math.cos(turn) * v] as const;
  });
  // Each stretch between two corners takes its own time.
  const frames = own.slice(1).flatMap(([,], k) => {
    const count = Math.max(2, Math.round(5 * Math.exp(0.6 * random.normal())));
    return Array.from({ length: count }, (_, n) => at(own, k + n / count));
  });
  return { shape: [frames.length, 2], data: Float32Array.from(frames.flat()) };
}

/** A point of the Catmull–Rom line through the corners; `place` counts corners. */
function at(corners: readonly (readonly [number, number])[], place: number): [number, number] {
  const k = Math.min(Math.floor(place), corners.length - 2);
  const s = place - k;
  const corner = (i: number) => corners[Math.max(0, Math.min(corners.length - 1, i))]!;
  const [p, q, r, t] = [corner(k - 1), corner(k), corner(k + 1), corner(k + 2)];
  const along = (axis: 0 | 1) =>
    0.5 *
    (2 * q[axis] +
      (r[axis] - p[axis]) * s +
      (2 * p[axis] - 5 * q[axis] + 4 * r[axis] - t[axis]) * s ** 2 +
      (3 * q[axis] - p[axis] - 3 * r[axis] + t[axis]) * s ** 3);
  return [along(0), along(1)];
}

/** A drawing as the panel's pad has it: points with their times in milliseconds. */
export interface Drawing {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly t: readonly number[];
}

const frameTime = 1000 / 30;

/** A drawing at thirty frames a second, in the middle of its own box. */
export function drawnSequence({ x, y, t }: Drawing, name: string): Sequence {
  const [left, right, top, bottom] = [Math.min(...x), Math.max(...x), Math.min(...y), Math.max(...y)];
  const size = Math.max(right - left, bottom - top) || 1;
  const length = Math.max(2, Math.round((t.at(-1)! - t[0]!) / frameTime));
  const data = new Float32Array(2 * length);
  let k = 0;
  for (let i = 0; i < length; i++) {
    const now = t[0]! + i * frameTime;
    while (k < t.length - 2 && t[k + 1]! < now) k++;
    const s = Math.max(0, Math.min(1, (now - t[k]!) / (t[k + 1]! - t[k]! || 1)));
    data[2 * i] = (x[k]! + s * (x[k + 1]! - x[k]!) - (left + right) / 2) / size;
    data[2 * i + 1] = (y[k]! + s * (y[k + 1]! - y[k]!) - (top + bottom) / 2) / size;
  }
  return { name, shape: [length, 2], data };
}
