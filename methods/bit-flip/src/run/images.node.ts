// The images of a verb: the sample that the attack sees, and the test set that its success is measured on.
import { basename } from "node:path";
import { DataError, decodeCifar, decodeNpy, Random } from "@reprise/data";
import { readBytes, readImagesFor, readLabels } from "@reprise/data/node";
import type { Tensor } from "@reprise/engine";
import { UsageError } from "@reprise/experiment";
import type { TestSet } from "../attack.ts";
import type { Sample } from "../graph-victim.ts";
import { rowsOf } from "../rows.ts";
import { defined, type QuantizedModel, sha256 } from "./model.node.ts";

export interface ImageChoice {
  readonly sample?: string;
  readonly sampleLabels?: string;
  readonly images?: string;
  readonly sampleSize: number;
  readonly seed: number;
  readonly test?: string;
  readonly labels?: string;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

/** A sample, and what identifies it. */
export interface NamedSample extends Sample {
  /** Of its images as float32, row by row. */
  readonly sha256: string;
}

/** @throws UsageError when there is no sample; DataError when it does not fit the model */
export async function readSample(choice: ImageChoice, { network, name }: QuantizedModel): Promise<NamedSample> {
  const { sample, sampleLabels, images: pool, sampleSize, seed } = choice;
  if (sample !== undefined && pool !== undefined)
    throw new UsageError("both --sample and --images are given; the sample comes from one of them");
  let images: Tensor<"float32">;
  let targets: Int32Array | undefined;
  if (sample !== undefined)
    images = inputsOf(decodeNpy(await readBytes(sample), sample), sample, network.inputShape, name);
  else {
    if (pool === undefined)
      throw new UsageError("no sample: give --sample with the network's inputs, or --images to draw from");
    const all = await readSet(pool, undefined, choice, network.inputShape);
    const count = all.images.shape[0]!;
    if (count < sampleSize)
      throw new DataError(
        pool,
        `holds ${count} images; a sample of ${sampleSize} cannot be drawn. Give a smaller --sample-size.`,
      );
    const rows = new Random(seed).permutation(count).slice(0, sampleSize);
    images = rowsOf(all.images, rows);
  }
  const count = images.shape[0]!;
  if (sampleLabels !== undefined) targets = await readLabels(sampleLabels, count);
  return { images, ...defined({ targets }), sha256: sha256(images.data) };
}

/** The test set, if one is given. @throws DataError when it does not fit the model or has no labels */
export async function readTest(choice: ImageChoice, { network }: QuantizedModel): Promise<TestSet | undefined> {
  const { test, labels } = choice;
  if (test === undefined) return undefined;
  const set = await readSet(test, labels, choice, network.inputShape);
  if (!set.labels) throw new UsageError(`${basename(test)} has no labels of its own; give them by --labels`);
  return { images: set.images, labels: set.labels };
}

function inputsOf(
  { dtype, shape, data }: ReturnType<typeof decodeNpy>,
  path: string,
  inputShape: readonly number[],
  model: string,
): Tensor<"float32"> {
  if (dtype !== "float32") throw new DataError(path, `holds ${dtype}; a sample holds the network's inputs in float32.`);
  if (shape.length !== inputShape.length + 1 || inputShape.some((dim, i) => shape[i + 1] !== dim))
    throw new DataError(
      path,
      `holds [${shape.join(", ")}]; ${model} takes images of [${inputShape.join(", ")}], so a sample is [N, ${inputShape.join(", ")}].`,
    );
  if (shape[0] === 0) throw new DataError(path, "holds no images.");
  const bad = (data as Float32Array).findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw new DataError(path, `holds ${data[bad]} at value ${bad}; expected finite numbers.`);
  return { dtype, shape, data: data as Float32Array };
}

async function readSet(
  path: string,
  labels: string | undefined,
  { mean, std }: ImageChoice,
  inputShape: readonly number[],
): Promise<{ images: Tensor<"float32">; labels: Int32Array | undefined }> {
  const cifar = path.endsWith(".bin") && inputShape.join() === "3,32,32";
  let data: Float32Array;
  let own: Int32Array | undefined;
  if (cifar) {
    const set = decodeCifar(await readBytes(path), path);
    data = Float32Array.from(set.images.data, (value) => value / 255);
    own = set.labels.data;
  } else data = (await readImagesFor(path, inputShape)).images;
  const each = inputShape.reduce((a, b) => a * b, 1);
  const count = data.length / each;
  const channels = inputShape[0]!;
  for (const [what, values] of [
    ["--mean", mean],
    ["--std", std],
  ] as const)
    if (values && values.length !== channels)
      throw new UsageError(
        `${what} has ${values.length} numbers; images of [${inputShape.join(", ")}] have ${channels} channels`,
      );
  const bad = std?.find((s) => !(s > 0));
  if (bad !== undefined) throw new UsageError(`--std holds ${bad}; expected numbers above 0`);
  const plane = each / channels;
  const [subtracted, divisor] = [Float32Array.from(mean ?? []), Float32Array.from(std ?? [])];
  if (mean || std)
    for (let i = 0; i < data.length; i++) {
      const c = Math.floor(i / plane) % channels;
      data[i] = Math.fround(data[i]! - (subtracted[c] ?? 0)) / (divisor[c] ?? 1); // as PyTorch normalises
    }
  if (labels !== undefined) own = await readLabels(labels, count);
  return { images: { dtype: "float32", shape: [count, ...inputShape], data }, labels: own };
}

/** @throws RangeError for labels of the test images that the model has no class for */
export function checkLabels(test: TestSet | undefined, classes: number): void {
  const wrong = test?.labels.findIndex((label) => label < 0 || label >= classes) ?? -1;
  if (wrong >= 0)
    throw new RangeError(
      `Label ${wrong} of the test images is ${test!.labels[wrong]}; the model has classes 0 to ${classes - 1}.`,
    );
}
