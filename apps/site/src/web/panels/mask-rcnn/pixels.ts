// Pictures of the panel, pixel by pixel.
import { colourOf } from "@reprise/data";
import type { NamedPicture } from "../../../run/mask-rcnn/segment.ts";

type Rgba = Uint8ClampedArray<ArrayBuffer>;

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Row by row, [height, width, 4]. */
  readonly rgba: Rgba;
}

/** The picture with some objects tinted, each in its colour, and outlined by pixels at the mask's border. */
export function tinted(
  { width, height, rgba }: NamedPicture,
  objects: readonly Uint8Array[],
  shown: readonly number[],
): Pixels {
  const out: Rgba = new Uint8ClampedArray(rgba);
  for (const d of shown) {
    const colour = colourOf(d);
    const mask = objects[d]!;
    for (let at = 0; at < mask.length; at++) {
      if (!mask[at]) continue;
      const x = at % width;
      const inner =
        x > 0 && x < width - 1 && mask[at - 1] && mask[at + 1] && mask[at - width] === 1 && mask[at + width] === 1;
      const share = inner ? 0.45 : 0.9;
      for (let c = 0; c < 3; c++) out[4 * at + c] = out[4 * at + c]! * (1 - share) + colour[c]! * share;
    }
  }
  return { width, height, rgba: out };
}

/** A square map as a heat map from white by orange to black, `most` black. */
export function heatMap(values: Float32Array, most: number): Pixels {
  const size = Math.sqrt(values.length);
  const rgba: Rgba = new Uint8ClampedArray(4 * values.length);
  values.forEach((value, at) => {
    const t = most > 0 ? Math.min(Math.max(value / most, 0), 1) : 0;
    rgba.set([255 - 130 * t * t, 250 - 225 * t, 240 - 240 * Math.min(1, 1.6 * t), 255], 4 * at);
  });
  return { width: size, height: size, rgba };
}

/** A mask of a region, 0 … 1, as grey; dark is the object. */
export function maskPicture(mask: Float32Array): Pixels {
  const size = Math.sqrt(mask.length);
  const rgba: Rgba = new Uint8ClampedArray(4 * mask.length);
  mask.forEach((value, at) => {
    const grey = Math.round(255 - 215 * value);
    rgba.set([grey, grey, grey, 255], 4 * at);
  });
  return { width: size, height: size, rgba };
}

/** Share of the places, of those in either mask, that are in both. */
export function maskIou(a: Float32Array, b: Float32Array): number {
  let both = 0;
  let either = 0;
  a.forEach((value, at) => {
    const [inA, inB] = [value > 0.5, b[at]! > 0.5];
    if (inA && inB) both++;
    if (inA || inB) either++;
  });
  return either === 0 ? 1 : both / either;
}

/** `rgb(…)` of an instance. */
export const cssColour = (d: number): string => `rgb(${colourOf(d).join(" ")})`;
