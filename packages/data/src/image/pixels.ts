// Pixels as arrays: bytes or unit floats, interleaved (HWC, what image files and canvases use) or planar (CHW, what
// networks use).
import { type NdArray, ndArray } from "../nd-array.ts";

/** Bytes 0…255 as float32 in [0, 1], of the same shape: v / 255. */
export function unitFloat(image: NdArray<"uint8">): NdArray<"float32"> {
  const data = new Float32Array(image.data.length);
  for (let i = 0; i < data.length; i++) data[i] = image.data[i]! / 255;
  return ndArray("float32", image.shape, data);
}

/** Floats as bytes, of the same shape: 255·v rounded to the nearest, what is outside [0, 1] clamped, NaN 0. */
export function unitBytes(image: NdArray<"float32">): NdArray<"uint8"> {
  const data = new Uint8Array(image.data.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.min(255, Math.max(0, Math.floor(255 * image.data[i]! + 0.5)));
  return ndArray("uint8", image.shape, data);
}

/** Interleaved pixels [H, W, C] as planes [C, H, W]. */
export function planar(pixels: NdArray<"uint8">): NdArray<"uint8"> {
  const [height, width, channels] = pixels.shape as [number, number, number];
  const data = new Uint8Array(pixels.data.length);
  const size = height * width;
  for (let c = 0; c < channels; c++) for (let i = 0; i < size; i++) data[c * size + i] = pixels.data[i * channels + c]!;
  return ndArray("uint8", [channels, height, width], data);
}

/** Planes [C, H, W] as interleaved pixels [H, W, C]. */
export function interleaved(planes: NdArray<"uint8">): NdArray<"uint8"> {
  const [channels, height, width] = planes.shape as [number, number, number];
  const data = new Uint8Array(planes.data.length);
  const size = height * width;
  for (let c = 0; c < channels; c++) for (let i = 0; i < size; i++) data[i * channels + c] = planes.data[c * size + i]!;
  return ndArray("uint8", [height, width, channels], data);
}

/**
 * RGB as gray, [3, H, W] → [1, H, W]: the luma of ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B, rounded in 16-bit fixed
 * point as Pillow's convert("L") does.
 */
export function grayFromRgb(rgb: NdArray<"uint8">): NdArray<"uint8"> {
  const [, height, width] = rgb.shape as [number, number, number];
  const size = height * width;
  const data = new Uint8Array(size);
  for (let i = 0; i < size; i++)
    data[i] = (19595 * rgb.data[i]! + 38470 * rgb.data[size + i]! + 7471 * rgb.data[2 * size + i]! + 0x8000) >> 16;
  return ndArray("uint8", [1, height, width], data);
}

/** Whether arrays of this shape are pictures, gray or RGB: [1 or 3, H, W]. */
export const isPicture = (shape: readonly number[]): boolean =>
  shape.length === 3 && (shape[0] === 1 || shape[0] === 3);

/** Pixels of a range in [0, 1], in float32. */
export function toUnit(pixels: Float32Array, [low, high]: readonly [number, number]): Float32Array {
  return low === 0 && high === 1 ? pixels : pixels.map((v) => (v - low) / (high - low));
}
