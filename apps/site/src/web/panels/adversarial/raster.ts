// Images and perturbations as RGBA. Of digits, ink and colour are opacity, so that any paper shows through.

import { side } from "../../../run/adversarial/drawing-code.ts";

/** [C, H, W]. */
export type Shape = readonly [channels: number, height: number, width: number];

export const digitShape: Shape = [1, side, side];

/** Whether an image is shown as ink on paper. */
export const isDigit = (shape: Shape): boolean => shape.every((dim, i) => dim === digitShape[i]);

/** Colours of ink that r adds and takes away; readable on both themes, and named again in adversarial.css. */
const added = [201, 78, 46] as const;
const removed = [38, 132, 104] as const;

/** A digit, 0…1 or, as bytes, 0…255: black with its value as opacity, [H, W, 4]. */
export function inkRgba(pixels: Float32Array | Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * pixels.length);
  const unit = pixels instanceof Uint8Array ? 1 : 255;
  for (let i = 0; i < pixels.length; i++) rgba[4 * i + 3] = unit * pixels[i]!;
  return rgba;
}

/** A perturbation: one colour where it adds, another where it takes away; full where |scale · r| is 1, [H, W, 4]. */
export function differenceRgba(r: Float32Array, scale: number): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * r.length);
  for (let i = 0; i < r.length; i++) {
    rgba.set(r[i]! > 0 ? added : removed, 4 * i);
    rgba[4 * i + 3] = 255 * Math.abs(scale * r[i]!);
  }
  return rgba;
}

/** A picture as it is, grey or in colour; pixels in [0, 1] or, as bytes, 0…255, [C, H, W] → [H, W, 4]. */
export function photoRgba(pixels: Float32Array | Uint8Array, channels: number): Uint8ClampedArray<ArrayBuffer> {
  const plane = pixels.length / channels;
  const unit = pixels instanceof Uint8Array ? 1 : 255;
  const rgba = new Uint8ClampedArray(4 * plane).fill(255);
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = unit * pixels[Math.min(c, channels - 1) * plane + i]!;
  return rgba;
}

/** A perturbation of a colour picture around mid-grey: grey is no change, [3, H, W] → [H, W, 4]. */
export function colourDifferenceRgba(r: Float32Array, scale: number): Uint8ClampedArray<ArrayBuffer> {
  return photoRgba(
    r.map((value) => 0.5 + 0.5 * scale * value),
    3,
  );
}
