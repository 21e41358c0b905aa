// The way of a pen, guessed from an image of what it wrote: ink is thinned to lines of one pixel, which are followed.
import type { Stroke } from "./ink.ts";

/** Spots of fewer pixels are no strokes. */
const SHORTEST = 3;
const neighbours = [
  [0, -1],
  [1, -1],
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
  [-1, -1],
] as const;

/**
 * Ink thinned to lines of one pixel, after T. Y. Zhang and C. Y. Suen 1984, "A fast parallel algorithm for thinning digital
 * patterns".
 *
 * @param ink  1 where there is ink, [height · width]
 */
export function thinned(ink: ArrayLike<number>, width: number): Uint8Array {
  const height = ink.length / width;
  const image = Uint8Array.from(ink, (value) => (value ? 1 : 0));
  const at = (x: number, y: number) => (x >= 0 && y >= 0 && x < width && y < height ? image[y * width + x]! : 0);
  for (let changed = true; changed; ) {
    changed = false;
    for (const first of [true, false]) {
      const gone: number[] = [];
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          if (!image[y * width + x]) continue;
          const p = neighbours.map(([dx, dy]) => at(x + dx, y + dy)); // from above, clockwise
          const count = p.reduce((a, b) => a + b, 0);
          const rises = p.filter((value, i) => value === 0 && p[(i + 1) % 8] === 1).length;
          const [up, , right, , down, , left] = p as [number, number, number, number, number, number, number];
          const isOpen = first
            ? up * right * down === 0 && right * down * left === 0
            : up * right * left === 0 && up * down * left === 0;
          if (count >= 2 && count <= 6 && rises === 1 && isOpen) gone.push(y * width + x);
        }
      for (const i of gone) image[i] = 0;
      changed ||= gone.length > 0;
    }
  }
  return image;
}

/**
 * Strokes that may have written an image, one pixel a moment: from the topmost end on, straight on where lines cross.
 *
 * @param gray   brightness of the ink, [height · width]
 * @param pixelsPerSecond  speed of the pen
 */
export function strokesOf(
  gray: ArrayLike<number>,
  width: number,
  { threshold = 100, pixelsPerSecond = 15 }: { readonly threshold?: number; readonly pixelsPerSecond?: number } = {},
): Stroke[] {
  const left = thinned(
    Uint8Array.from(gray, (value) => (value >= threshold ? 1 : 0)),
    width,
  );
  const lines: number[][] = [];
  for (let start = nextStart(left, width); start >= 0; start = nextStart(left, width)) {
    const line = follow(left, width, start);
    if (line.length >= SHORTEST) lines.push(line);
  }
  let time = 0;
  return lines.map((line, i) => {
    if (i > 0) time += 2 / pixelsPerSecond; // the pen is lifted
    return line.map((place, k) => {
      const [x, y] = [place % width, Math.floor(place / width)];
      if (k > 0) {
        const before = line[k - 1]!;
        time += Math.hypot(x - (before % width), y - Math.floor(before / width)) / pixelsPerSecond;
      }
      return { x, y, time };
    });
  });
}

const inkAround = (image: Uint8Array, width: number, place: number): number[] => {
  const x = place % width;
  return neighbours.flatMap(([dx, dy]) => {
    const next = place + dy * width + dx;
    const isInside = x + dx >= 0 && x + dx < width && next >= 0 && next < image.length;
    return isInside && image[next] ? [next] : [];
  });
};

/** The topmost end of a line; of what has no end, the topmost pixel; −1 when nothing is left. */
function nextStart(image: Uint8Array, width: number): number {
  const places = Array.from(image.keys()).filter((place) => image[place]);
  return places.find((place) => inkAround(image, width, place).length === 1) ?? places[0] ?? -1;
}

/** Takes a line away from its start on, as straight as it goes. */
function follow(image: Uint8Array, width: number, start: number): number[] {
  const line = [start];
  image[start] = 0;
  for (;;) {
    const here = line.at(-1)!;
    const next = inkAround(image, width, here);
    if (next.length === 0) return line;
    const back = line.at(-Math.min(4, line.length))!;
    const [ax, ay] = [(here % width) - (back % width), Math.floor(here / width) - Math.floor(back / width)];
    const straightness = (place: number) => {
      const [bx, by] = [(place % width) - (here % width), Math.floor(place / width) - Math.floor(here / width)];
      return (ax * bx + ay * by) / Math.hypot(bx, by);
    };
    const best = next.reduce((a, b) => (straightness(b) > straightness(a) ? b : a));
    image[best] = 0;
    line.push(best);
  }
}
