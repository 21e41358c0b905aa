// Masks, boxes and outlines over a picture.
import { type NdArray, ndArray } from "../nd-array.ts";
import { type BoxXywh, decodeRle, type Rle } from "./rle.ts";

/** What is drawn of one object. */
export interface DrawnObject {
  readonly mask?: Rle;
  readonly box?: BoxXywh | readonly number[];
  /** Red, green, blue, 0 … 255. */
  readonly colour: readonly [number, number, number];
}

/**
 * The picture with every object's mask tinted and its box outlined.
 *
 * @param picture  [1, 3, H, W] or [3, H, W], 0 … 255
 * @param opacity  of the tint, 0 … 1
 * @returns        [3, H, W]
 */
export function drawObjects(
  picture: NdArray<"uint8">,
  objects: readonly DrawnObject[],
  { opacity = 0.45 }: { opacity?: number } = {},
): NdArray<"uint8"> {
  const [channels, height, width] = picture.shape.slice(-3) as [number, number, number];
  if (channels !== 3) throw new RangeError(`drawObjects: the picture has ${channels} channels, RGB has 3.`);
  const plane = height * width;
  const data = Uint8Array.from(picture.data);
  const blend = (at: number, colour: readonly number[], share: number) => {
    for (let c = 0; c < 3; c++) data[c * plane + at] = data[c * plane + at]! * (1 - share) + colour[c]! * share;
  };
  for (const { mask, box, colour } of objects) {
    if (mask) {
      const bits = decodeRle(mask);
      for (let at = 0; at < plane; at++) if (bits[at]) blend(at, colour, opacity);
    }
    if (!box) continue;
    const [x0, y0] = [clamp(box[0]!, width), clamp(box[1]!, height)];
    const [x1, y1] = [clamp(box[0]! + box[2]! - 1, width), clamp(box[1]! + box[3]! - 1, height)];
    for (let x = x0; x <= x1; x++) for (const y of [y0, y1]) blend(y * width + x, colour, 1);
    for (let y = y0; y <= y1; y++) for (const x of [x0, x1]) blend(y * width + x, colour, 1);
  }
  return ndArray("uint8", [3, height, width], data);
}

const clamp = (value: number, size: number) => Math.min(Math.max(Math.round(value), 0), size - 1);

/** Colours that neighbours in the list tell apart: hues a golden angle apart. */
export function colourOf(index: number): readonly [number, number, number] {
  const hue = (index * 137.508) % 360;
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (0.5 - 0.45 * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}
