// Table 2 of the paper, live: images made for each shipped network, shown to all of them.
import { inducedError, meanDistortion, perturb, type Rate } from "@reprise/adversarial";
import type { Progress } from "../protocol.ts";
import { courteous } from "./courteous.ts";
import { networks, titleOf } from "./inputs.ts";
import { noiseAsLarge } from "./noise.ts";
import { openShipped, type Shelf } from "./shipped.ts";

/** One row: what the images were made for, how far they were moved, and the share that each network gets wrong. */
export interface TransferRow {
  /** A network's name, "clean" for the images as they are, "noise" for the control. */
  readonly name: string;
  readonly distortion: number;
  /** By the columns' order; shorter while they are being asked. */
  readonly errors: readonly Rate[];
}

export interface TransferResult {
  readonly columns: readonly string[];
  readonly rows: readonly TransferRow[];
  readonly images: number;
  /** Milliseconds. */
  readonly time: number;
}

export interface TestImages {
  /** Pixels in [0, 1], [N, 784]. */
  readonly images: Float32Array;
  readonly labels: ArrayLike<number>;
}

export interface TransferContext extends Shelf {
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress<TransferResult>) => void;
  readonly breathe: () => Promise<void>;
}

/**
 * The matrix for the first `count` images, each aimed at a random wrong label by the paper's attack, with two rows of
 * control: the clean images, and Gaussian noise of the networks' mean distortion.
 *
 * @see Szegedy et al. 2013, §4.2, Table 2
 */
export async function transferMatrix(
  { images: all, labels: allLabels }: TestImages,
  { count, seed }: { readonly count: number; readonly seed: number },
  context: TransferContext,
): Promise<TransferResult> {
  const { signal, progress } = context;
  const started = performance.now();
  const images = all.subarray(0, 784 * count);
  const labels = Array.from({ length: count }, (_, i) => allLabels[i]!);
  const columns = networks.map(({ name }) => name);
  const steps = (count + columns.length) * columns.length + 2 * columns.length;
  let done = 0;
  const rows: TransferRow[] = [];
  const soFar = (): TransferResult => ({
    columns,
    rows: [...rows],
    images: count,
    time: performance.now() - started,
  });
  progress({ done, total: steps, text: "starting ONNX Runtime" });
  const opened = await Promise.all(columns.map((name) => openShipped(context, name, { batchSizes: [16, 48] })));
  const classifiers = opened.map((classifier) => courteous(classifier, context));

  const showToAll = async (name: string, set: Float32Array) => {
    const errors: Rate[] = [];
    const distortion = meanDistortion(images, set, count);
    const at = rows.length;
    for (const [i, classifier] of classifiers.entries()) {
      errors.push(await inducedError(classifier, set, labels, { signal }));
      rows[at] = { name, distortion, errors: [...errors] };
      const text = `${titleOf(columns[i]!)} looks at ${name === "clean" || name === "noise" ? name : `those for ${titleOf(name)}`}`;
      progress({ done: ++done, total: steps, text, partial: soFar() });
    }
  };

  await showToAll("clean", images);
  for (const [i, name] of columns.entries()) {
    const made = new Float32Array(images);
    const before = done;
    await perturb(classifiers[i]!, images, labels, {
      target: "random",
      seed,
      signal,
      onProgress(event) {
        if (event.kind !== "row") return;
        const { row, image } = event;
        made.set(image, 784 * row);
        done = before + event.done;
        progress({ done, total: steps, text: `${titleOf(name)}: image ${event.done} of ${count}`, partial: soFar() });
      },
    });
    await showToAll(name, made);
  }
  const [, ...made] = rows;
  const distortion = made.reduce((sum, row) => sum + row.distortion, 0) / made.length;
  const noise = new Float32Array(images.length);
  for (let row = 0; row < count; row++)
    noise.set(noiseAsLarge(images.subarray(784 * row, 784 * (row + 1)), distortion, 1, seed + row), 784 * row);
  await showToAll("noise", noise);
  await Promise.all(opened.map((classifier) => classifier.release()));
  return soFar();
}
