import { type Rate, rateOf } from "@reprise/data";
import { type Classifier, imageSize, predictedLabel } from "@reprise/nn";
import { validateLabels } from "./input.ts";
import { rowNormal } from "./row-random.ts";

/** One row of Tables 2 and 4: one set of images, and the error it induces on each classifier. */
export interface TransferRow {
  readonly name: string;
  /** Mean over the images of the RMS per pixel of image − clean. */
  readonly distortion: number;
  readonly errors: readonly Rate[];
}

export interface TransferTable {
  readonly columns: readonly string[];
  readonly rows: readonly TransferRow[];
}

export interface TransferOptions {
  /** Images in one call of a model. */
  readonly batch?: number;
  readonly onCell?: (done: number, cells: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * How many images a classifier gets wrong.
 *
 * @param images  [N, ...inputShape]
 * @param labels  true labels, [N]
 */
export async function inducedError(
  classifier: Classifier,
  images: Float32Array,
  labels: ArrayLike<number>,
  { batch = 256, signal }: TransferOptions = {},
): Promise<Rate> {
  const n = imageSize(classifier);
  if (images.length !== labels.length * n)
    throw new RangeError(
      `inducedError: ${images.length} pixel values for ${labels.length} labels; the model takes images of ${n} values.`,
    );
  validateLabels("the label", labels, classifier.classes);
  let wrong = 0;
  for (let row = 0; row < labels.length; row += batch) {
    signal?.throwIfAborted();
    const count = Math.min(batch, labels.length - row);
    const logits = await classifier.logits(images.subarray(row * n, (row + count) * n), count);
    for (let i = 0; i < count; i++) {
      const scores = logits.subarray(i * classifier.classes, (i + 1) * classifier.classes);
      if (predictedLabel(scores) !== labels[row + i]) wrong++;
    }
  }
  return rateOf(wrong, labels.length);
}

/**
 * The error that each set of images induces on each classifier: adversarial images made for one model (rows) shown to
 * others (columns), beside control rows such as `gaussianControl`.
 *
 * @param sets    images [N, ...inputShape] by name, all made from the same clean images
 * @param clean   the clean images, for the distortions
 * @see Szegedy et al. 2013, §4.2, Tables 2 and 4
 */
export async function transferTable(
  sets: Readonly<Record<string, Float32Array>>,
  classifiers: Readonly<Record<string, Classifier>>,
  clean: Float32Array,
  labels: ArrayLike<number>,
  options: TransferOptions = {},
): Promise<TransferTable> {
  const columns = Object.keys(classifiers);
  const cells = columns.length * Object.keys(sets).length;
  const rows: TransferRow[] = [];
  let done = 0;
  for (const [name, images] of Object.entries(sets)) {
    if (images.length !== clean.length)
      throw new RangeError(
        `transferTable: "${name}" has ${images.length} pixel values, the clean images ${clean.length}.`,
      );
    const errors: Rate[] = [];
    for (const column of columns) {
      errors.push(await inducedError(classifiers[column]!, images, labels, options));
      options.onCell?.(++done, cells);
    }
    rows.push({ name, distortion: meanDistortion(clean, images, labels.length), errors });
  }
  return { columns, rows };
}

/** Mean over the rows of √(Σ rᵢ² / n). */
export function meanDistortion(clean: Float32Array, images: Float32Array, rows: number): number {
  const n = clean.length / rows;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let i = row * n; i < (row + 1) * n; i++) squares += (images[i]! - clean[i]!) ** 2;
    total += Math.sqrt(squares / n);
  }
  return total / rows;
}

export interface NoiseOptions {
  readonly seed?: number;
  readonly lower?: number;
  readonly upper?: number;
  /** Clip to the box. Departure: the paper does not say; unclipped noise gives images that no sensor would. */
  readonly clip?: boolean;
}

/**
 * The paper's control: Gaussian noise of standard deviation σ on every pixel, by seed and row. Clipping makes the
 * distortion smaller than σ: on MNIST most pixels are 0, and lose half of their noise.
 *
 * @param images  [rows, …]
 * @see Szegedy et al. 2013, Tables 2 and 4, rows "Gaussian noise"
 */
export function gaussianControl(
  images: Float32Array,
  rows: number,
  sigma: number,
  { seed = 0, lower = 0, upper = 1, clip = true }: NoiseOptions = {},
): Float32Array {
  if (!(sigma >= 0)) throw new RangeError(`gaussianControl: sigma is ${sigma}, expected a number ≥ 0.`);
  const n = images.length / rows;
  const noisy = new Float32Array(images.length);
  for (let row = 0; row < rows; row++) {
    const normal = rowNormal(seed, row);
    for (let i = row * n; i < (row + 1) * n; i++) {
      const value = images[i]! + sigma * normal();
      noisy[i] = clip ? Math.min(upper, Math.max(lower, value)) : value;
    }
  }
  return noisy;
}

/**
 * Perturbations stretched to one size: r is scaled so that its RMS per pixel is σ, then x + r clipped to the box. Rows
 * that were not moved stay as they are.
 *
 * Departure: the paper prints x + 0.1 (x′ − x)/‖x′ − x‖₂, which would make the perturbations 17 times smaller, not 40 %
 * larger as its text says; its "standard deviation 0.1" is what is done here.
 *
 * @see Szegedy et al. 2013, §4.2, Table 4, rows "amplified"
 */
export function amplify(
  clean: Float32Array,
  adversarial: Float32Array,
  rows: number,
  sigma: number,
  { lower = 0, upper = 1 }: Pick<NoiseOptions, "lower" | "upper"> = {},
): Float32Array {
  if (!(sigma >= 0)) throw new RangeError(`amplify: sigma is ${sigma}, expected a number ≥ 0.`);
  if (clean.length !== adversarial.length)
    throw new RangeError(`amplify: ${adversarial.length} adversarial pixel values for ${clean.length} clean ones.`);
  const n = clean.length / rows;
  const out = Float32Array.from(adversarial);
  for (let row = 0; row < rows; row++) {
    const from = row * n;
    let squares = 0;
    for (let i = from; i < from + n; i++) squares += (adversarial[i]! - clean[i]!) ** 2;
    if (squares === 0) continue;
    const scale = sigma / Math.sqrt(squares / n);
    for (let i = from; i < from + n; i++) {
      const value = clean[i]! + scale * (adversarial[i]! - clean[i]!);
      out[i] = Math.min(upper, Math.max(lower, value));
    }
  }
  return out;
}
