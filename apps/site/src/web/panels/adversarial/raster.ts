// Pixels of a digit and of a perturbation as RGBA: ink and colour are opacity, so that any paper shows through.

/** Colours of ink that r adds and takes away; readable on both themes, and named again in adversarial.css. */
const added = [201, 78, 46] as const;
const removed = [38, 132, 104] as const;

/** A digit, 0…1 or, as bytes, 0…255: black with its value as opacity, [28, 28, 4]. */
export function inkRgba(pixels: Float32Array | Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * pixels.length);
  const unit = pixels instanceof Uint8Array ? 1 : 255;
  for (let i = 0; i < pixels.length; i++) rgba[4 * i + 3] = unit * pixels[i]!;
  return rgba;
}

/** A perturbation: one colour where it adds, another where it takes away; full where |scale · r| is 1, [28, 28, 4]. */
export function differenceRgba(r: Float32Array, scale: number): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * r.length);
  for (let i = 0; i < r.length; i++) {
    rgba.set(r[i]! > 0 ? added : removed, 4 * i);
    rgba[4 * i + 3] = 255 * Math.abs(scale * r[i]!);
  }
  return rgba;
}

/** White on black, as MNIST has it, [28, 28, 4]. */
export function grayRgba(pixels: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * pixels.length);
  for (const [i, pixel] of pixels.entries()) rgba.set([pixel, pixel, pixel, 255], 4 * i);
  return rgba;
}
