// Run-length masks as COCO keeps them: the pixels column by column, alternating runs of zeros and ones, zeros first.
import { DataError } from "../error.ts";

/** A binary mask. `counts` sum to height · width; the first run counts zeros and may be 0. */
export interface Rle {
  readonly height: number;
  readonly width: number;
  readonly counts: Uint32Array;
}

/** Left, top, width, height in pixels. */
export type BoxXywh = readonly [number, number, number, number];

/** @param mask  [height, width] row by row, nonzero where the object is */
export function encodeRle(mask: ArrayLike<number>, height: number, width: number): Rle {
  if (mask.length !== height * width)
    throw new RangeError(`encodeRle: ${mask.length} values, a mask of ${width} × ${height} has ${height * width}.`);
  const counts: number[] = [];
  let run = 0;
  let last = false;
  for (let x = 0; x < width; x++)
    for (let y = 0; y < height; y++) {
      const on = mask[y * width + x] !== 0;
      if (on !== last) {
        counts.push(run);
        run = 0;
        last = on;
      }
      run++;
    }
  counts.push(run);
  return { height, width, counts: Uint32Array.from(counts) };
}

/** The mask [height, width] row by row, 1 where the object is. */
export function decodeRle({ height, width, counts }: Rle): Uint8Array {
  const mask = new Uint8Array(height * width);
  let at = 0;
  for (let i = 0; i < counts.length; i++) {
    const end = at + counts[i]!;
    if (i % 2) {
      let x = Math.floor(at / height);
      let y = at % height;
      for (; at < end; at++) {
        mask[y * width + x] = 1;
        if (++y === height) {
          y = 0;
          x++;
        }
      }
    }
    at = end;
  }
  return mask;
}

/** Pixels of the object. */
export function rleArea({ counts }: Rle): number {
  let area = 0;
  for (let i = 1; i < counts.length; i += 2) area += counts[i]!;
  return area;
}

/** The smallest box around the object; zeros for an empty mask. */
export function rleBox(rle: Rle): BoxXywh {
  const box = new Float64Array(4);
  writeRleBox(rle, box, 0);
  return [box[0]!, box[1]!, box[2]!, box[3]!];
}

/** `rleBox` into an array at an offset. */
export function writeRleBox({ height, width, counts }: Rle, out: Float64Array, offset: number): void {
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  let at = 0;
  let any = false;
  for (let i = 0; i + 1 < counts.length; i += 2) {
    const start = at + counts[i]!;
    at = start + counts[i + 1]!;
    if (at === start) continue;
    any = true;
    const end = at - 1;
    const left = Math.floor(start / height);
    const right = Math.floor(end / height);
    if (left < x0) x0 = left;
    if (right > x1) x1 = right;
    // A run that goes on in the next column touches both its last and the next one's first row.
    const top = left < right ? 0 : start - left * height;
    const bottom = left < right ? height - 1 : end - right * height;
    if (top < y0) y0 = top;
    if (bottom > y1) y1 = bottom;
  }
  out[offset] = any ? x0 : 0;
  out[offset + 1] = any ? y0 : 0;
  out[offset + 2] = any ? x1 - x0 + 1 : 0;
  out[offset + 3] = any ? y1 - y0 + 1 : 0;
}

/** Union or intersection of masks of one size. @throws DataError where sizes differ */
export function mergeRle(masks: readonly Rle[], { intersect = false }: { intersect?: boolean } = {}): Rle {
  const [first, ...rest] = masks;
  if (!first) throw new RangeError("mergeRle: no mask to merge.");
  return rest.reduce((a, b) => mergeTwo(a, b, intersect), first);
}

function mergeTwo(a: Rle, b: Rle, intersect: boolean): Rle {
  requireSameSize(a, b);
  const counts: number[] = [];
  let [i, j, leftA, leftB] = [0, 0, a.counts[0] ?? 0, b.counts[0] ?? 0];
  let run = 0;
  let last = false;
  for (let todo = a.height * a.width; todo > 0; ) {
    while (leftA === 0) leftA = a.counts[++i]!;
    while (leftB === 0) leftB = b.counts[++j]!;
    const on = intersect ? Boolean(i & j & 1) : Boolean((i | j) & 1);
    if (on !== last) {
      counts.push(run);
      run = 0;
      last = on;
    }
    const step = Math.min(leftA, leftB);
    run += step;
    leftA -= step;
    leftB -= step;
    todo -= step;
  }
  counts.push(run);
  return { height: a.height, width: a.width, counts: Uint32Array.from(counts) };
}

/** @throws DataError */
export function requireSameSize(a: Rle, b: Rle): void {
  if (a.height !== b.height || a.width !== b.width)
    throw new DataError(
      "mask",
      `masks of ${a.width} × ${a.height} and ${b.width} × ${b.height} pixels cannot be compared: one image has one size.`,
    );
}

/** COCO's compressed counts: differences to the run before last, 5 bits a character from "0" on. */
export function rleToString({ counts }: Rle): string {
  let text = "";
  for (let i = 0; i < counts.length; i++) {
    let x = counts[i]! - (i > 2 ? counts[i - 2]! : 0);
    for (let more = true; more; ) {
      const low = x & 31;
      x >>= 5;
      more = low & 16 ? x !== -1 : x !== 0;
      text += String.fromCharCode((more ? low | 32 : low) + 48);
    }
  }
  return text;
}

/** The inverse of `rleToString`. @throws DataError if the runs do not fill the image */
export function rleFromString(text: string, height: number, width: number, source = "RLE"): Rle {
  const counts = new Uint32Array(text.length);
  let m = 0;
  for (let p = 0; p < text.length; ) {
    let x = 0;
    let shift = 0;
    for (let more = true; more; shift += 5) {
      if (p >= text.length) throw new DataError(source, "the RLE counts end in the middle of a number.");
      const c = text.charCodeAt(p++) - 48;
      if (c < 0 || c > 63)
        throw new DataError(
          source,
          `the RLE counts have the character "${text[p - 1]}", which COCO's code does not use.`,
        );
      x |= (c & 31) << shift;
      more = (c & 32) !== 0;
      if (!more && c & 16) x |= -1 << (shift + 5);
    }
    if (m > 2) x += counts[m - 2]!;
    if (x < 0) throw new DataError(source, `the RLE counts have a run of ${x} pixels.`);
    counts[m++] = x;
  }
  return checkedRle(height, width, counts.slice(0, m), source);
}

/** Runs as an RLE. @throws DataError if they do not fill the image */
export function checkedRle(height: number, width: number, counts: Uint32Array, source = "RLE"): Rle {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i]!;
  if (sum !== height * width)
    throw new DataError(
      source,
      `the RLE's runs sum to ${sum} pixels, an image of ${width} × ${height} has ${height * width}. Is the mask of another size?`,
    );
  return { height, width, counts };
}
