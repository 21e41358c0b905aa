import { type Classifier, imageSize } from "@reprise/nn";

/** The box and images of an attack, as the user gave them. */
export interface ImageInput {
  readonly images: Float32Array;
  readonly rows: number;
  readonly lower: number;
  readonly upper: number;
}

/** @throws RangeError unless there are `rows` images of the classifier's size with every pixel in the box */
export function validateImages(
  classifier: Pick<Classifier, "inputShape">,
  { images, rows, lower, upper }: ImageInput,
): void {
  const n = imageSize(classifier);
  if (!(lower < upper)) throw new RangeError(`perturb: the box is [${lower}, ${upper}], expected lower < upper.`);
  if (images.length !== rows * n)
    throw new RangeError(
      `perturb: ${images.length} pixel values for ${rows} labels; the model takes images of ` +
        `[${classifier.inputShape.join(", ")}] = ${n} values, so ${rows * n} are expected.`,
    );
  const low = Math.fround(lower);
  const high = Math.fround(upper);
  for (let i = 0; i < images.length; i++)
    if (!(images[i]! >= low && images[i]! <= high))
      throw new RangeError(
        `perturb: image ${Math.floor(i / n)} has the value ${images[i]} at pixel ${i % n}, outside the box ` +
          `[${lower}, ${upper}]. Scale the images to the box, or give the box of their values.`,
      );
}

/** @throws RangeError naming the row unless every label is a whole number in 0 … K − 1 */
export function validateLabels(name: string, labels: ArrayLike<number>, classes: number): void {
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new RangeError(
        `perturb: ${name} of image ${row} is ${label}; the model has ${classes} classes, so 0 … ${classes - 1} is expected.`,
      );
  }
}

/** @throws RangeError naming the option that is not in its range */
export function validateOptions(
  options: Readonly<Record<string, unknown>>,
  ranges: Readonly<Record<string, Range>>,
): void {
  for (const [name, [least, whole]] of Object.entries(ranges)) {
    const value = options[name];
    if (typeof value !== "number" || !(value >= least) || (whole && value !== Infinity && !Number.isInteger(value)))
      throw new RangeError(`perturb: ${name} is ${value}, expected a ${whole ? "whole " : ""}number ≥ ${least}.`);
  }
}

/** Least value, and whether it must be whole. */
export type Range = readonly [least: number, whole: boolean];
