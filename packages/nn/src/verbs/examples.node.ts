import { mnistSubset } from "@reprise/data/node";
import { UsageError } from "@reprise/experiment";
import { type Classifier, imageSize, predictedLabel } from "../classifier/classifier.ts";
import { readImagesFor, readLabels } from "./images.node.ts";
import { type ModelFlags, rangeOf } from "./model-options.ts";

export interface ExampleFlags extends ModelFlags {
  readonly images?: string;
  readonly labels?: string;
  readonly count?: number;
}

/** Images and labels to attack: the user's, labels as the model sees them where none are given; or the bundled digits. */
export async function examplesFor(classifier: Classifier, flags: ExampleFlags) {
  const { images, labels, count, resize = false } = flags;
  const range = rangeOf(flags);
  const n = imageSize(classifier);
  if (images === undefined) {
    if (labels !== undefined) throw new UsageError("--labels is of --images; give both.");
    const mnist = await mnistSubset({ split: "test" });
    const rows = Math.min(count ?? Infinity, mnist.labels.data.length);
    if (n !== 784)
      throw new RangeError(
        `the model takes images of [${classifier.inputShape.join(", ")}]; the bundled digits are [1, 28, 28]. Give --images.`,
      );
    const pixels = mnist.images.data.slice(0, rows * n).map((v) => range[0] + (range[1] - range[0]) * v);
    return { images: pixels, labels: mnist.labels.data.slice(0, rows) };
  }
  const read = await readImagesFor(images, classifier.inputShape, { resize, range });
  const rows = Math.min(count ?? Infinity, read.count);
  const pixels = read.images.slice(0, rows * n);
  if (labels !== undefined)
    return {
      images: pixels,
      labels: await readLabels(labels, rows, { images: read.count, classes: classifier.classes }),
    };
  const logits = await classifier.logits(pixels, rows);
  const k = classifier.classes;
  const seen = Int32Array.from({ length: rows }, (_, i) =>
    Math.max(0, predictedLabel(logits.subarray(i * k, (i + 1) * k))),
  );
  return { images: pixels, labels: seen };
}
