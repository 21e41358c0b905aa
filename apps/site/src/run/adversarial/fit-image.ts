// Brings a picture to the size and channels that a model takes, and says what was done to it.
import { centreDigit } from "./centre-digit.ts";
import { side } from "./drawing-code.ts";
import type { OwnImage } from "./own-files.ts";

/** Pixels in [0, 1], [C, H, W], and what was done, in words for the reader. */
export interface Fitted {
  readonly pixels: Float32Array;
  readonly said: string;
}

/** A picture with its channels one after the other, values in [0, 1], transparency on white, [3, height, width]. */
interface Planes {
  readonly width: number;
  readonly height: number;
  readonly planes: readonly Float32Array[];
}

/**
 * The middle of the picture in the model's proportions, scaled, and grey where the model has one channel.
 *
 * @param shape  [C, H, W], C 1 or 3
 * @throws Error for another number of channels
 */
export function fitImage(image: OwnImage, [channels, height, width]: readonly [number, number, number]): Fitted {
  if (channels !== 1 && channels !== 3)
    throw new Error(`The model takes images of ${channels} channels; a picture has 1 (grey) or 3 (red, green, blue).`);
  const done: string[] = [];
  let picture = planesOf(image);
  if (channels === 1) {
    picture = { ...picture, planes: [greyOf(picture)] };
    done.push("made grey");
  }
  const cut = crop(picture, width / height);
  if (cut.width !== picture.width || cut.height !== picture.height)
    done.push(`cut to the middle ${cut.width} × ${cut.height}`);
  if (cut.width !== width || cut.height !== height) done.push(`scaled to ${width} × ${height}`);
  const pixels = new Float32Array(channels * height * width);
  for (const [c, plane] of cut.planes.entries())
    pixels.set(resample(plane, cut.width, cut.height, width, height), c * height * width);
  return { pixels, said: sentence(image, done) };
}

/**
 * A picture of a digit as MNIST has its digits: grey, light on dark, and, unless it is 28 × 28 already, without its
 * paper's shade, scaled into 20 × 20 and centred by its mass.
 *
 * @throws Error when there is nothing on the paper
 */
export function fitDigit(image: OwnImage): Fitted {
  const done = ["made grey"];
  const picture = planesOf(image);
  let grey = greyOf(picture);
  const { width, height } = picture;
  const light = borderMedian(grey, width, height) > 0.5;
  if (light) {
    grey = grey.map((value) => 1 - value);
    done.push("turned over, as MNIST is light on dark");
  }
  if (width === side && height === side) return { pixels: grey, said: sentence(image, done) };
  // A square with room for all of it, so that nothing is cut off.
  const size = Math.max(width, height);
  const paper = borderMedian(grey, width, height);
  const square = new Float32Array(size * size).fill(paper);
  const [left, top] = [Math.floor((size - width) / 2), Math.floor((size - height) / 2)];
  for (let y = 0; y < height; y++) square.set(grey.subarray(y * width, (y + 1) * width), (top + y) * size + left);
  const canvas = 280;
  const small = resample(square, size, size, canvas, canvas);
  const most = small.reduce((a, b) => Math.max(a, b), 0);
  const shadow = paper + 0.2 * (most - paper); // below it are shades of the paper
  const ink = small.map((value) =>
    value > shadow && most - paper > 0.1 ? (255 * (value - paper)) / (most - paper) : 0,
  );
  const digit = centreDigit(ink, canvas);
  if (!digit) throw new Error(`Nothing stands out from the paper in ${image.name}: a digit needs more contrast.`);
  done.push(`scaled and centred in ${side} × ${side} as MNIST’s digits are`);
  return { pixels: Float32Array.from(digit, (level) => level / 255), said: sentence(image, done) };
}

function sentence({ name, width, height }: OwnImage, done: readonly string[]): string {
  const rest = done.length > 1 ? `${done.slice(0, -1).join(", ")} and ${done.at(-1)}` : (done[0] ?? "taken as it is");
  return `${name}, ${width} × ${height} pixels: ${rest}.`;
}

function planesOf({ width, height, rgba }: OwnImage): Planes {
  const planes = [0, 1, 2].map((c) => {
    const plane = new Float32Array(width * height);
    for (let i = 0; i < plane.length; i++) {
      const opacity = rgba[4 * i + 3]! / 255;
      plane[i] = opacity * (rgba[4 * i + c]! / 255) + 1 - opacity;
    }
    return plane;
  });
  return { width, height, planes };
}

/** Luma of ITU-R BT.601. */
function greyOf({ planes: [red, green, blue] }: Planes): Float32Array {
  return red!.map((r, i) => 0.299 * r + 0.587 * green![i]! + 0.114 * blue![i]!);
}

/** The largest middle part with these proportions. */
function crop({ width, height, planes }: Planes, proportion: number): Planes {
  const w = Math.min(width, Math.max(1, Math.round(height * proportion)));
  const h = Math.min(height, Math.max(1, Math.round(width / proportion)));
  const [left, top] = [Math.floor((width - w) / 2), Math.floor((height - h) / 2)];
  return {
    width: w,
    height: h,
    planes: planes.map((plane) => {
      const out = new Float32Array(w * h);
      for (let y = 0; y < h; y++) {
        const from = (top + y) * width + left;
        out.set(plane.subarray(from, from + w), y * w);
      }
      return out;
    }),
  };
}

/** Bilinear, with the triangle widened to the step when it shrinks, so that nothing is skipped; as Pillow's BILINEAR. */
export function resample(plane: Float32Array, w: number, h: number, width: number, height: number): Float32Array {
  const across = new Float32Array(h * width);
  const columns = weights(w, width);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < width; x++) {
      const { from, values } = columns[x]!;
      let sum = 0;
      for (let i = 0; i < values.length; i++) sum += values[i]! * plane[y * w + from + i]!;
      across[y * width + x] = sum;
    }
  const out = new Float32Array(height * width);
  const rows = weights(h, height);
  for (let y = 0; y < height; y++) {
    const { from, values } = rows[y]!;
    for (let i = 0; i < values.length; i++)
      for (let x = 0; x < width; x++) out[y * width + x]! += values[i]! * across[(from + i) * width + x]!;
  }
  return out;
}

/** Which old pixels a new one is made of, and their weights, which sum to 1. */
function weights(oldLength: number, newLength: number): { from: number; values: number[] }[] {
  const step = oldLength / newLength;
  const reach = Math.max(1, step);
  return Array.from({ length: newLength }, (_, i) => {
    const centre = (i + 0.5) * step;
    const from = Math.max(0, Math.floor(centre - reach + 0.5));
    const to = Math.min(oldLength, Math.floor(centre + reach + 0.5));
    const values = Array.from({ length: to - from }, (_, j) =>
      Math.max(0, 1 - Math.abs((from + j + 0.5 - centre) / reach)),
    );
    const sum = values.reduce((a, b) => a + b, 0);
    return { from, values: values.map((value) => value / sum) };
  });
}

/** The middle value of the outermost pixels: the paper. */
function borderMedian(grey: Float32Array, width: number, height: number): number {
  const border: number[] = [];
  for (let x = 0; x < width; x++) border.push(grey[x]!, grey[(height - 1) * width + x]!);
  for (let y = 0; y < height; y++) border.push(grey[y * width]!, grey[y * width + width - 1]!);
  border.sort((a, b) => a - b);
  return border[border.length >> 1]!;
}
