import type { MnistSplit } from "@reprise/data";
import { loadMnist, mnistSubset } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { UsageError, type VerbContext, type VerbResult } from "@reprise/experiment";
import { readModelFile } from "@reprise/nn/node";
import { type ModelFlags, modelOptions, rangeOf, readImagesFor, readLabels } from "@reprise/nn/verbs";
import { inducedError, onnxScores } from "../index.ts";

interface TestFlags extends ModelFlags {
  readonly data?: string;
  readonly split?: MnistSplit;
  readonly images?: string;
  readonly labels?: string;
}

/** Error of an ONNX classifier, with its 95 % interval. */
export async function testVerb(model: string, flags: TestFlags, { signal }: VerbContext): Promise<VerbResult> {
  const { data, split, images, labels, resize } = flags;
  const range = rangeOf(flags);
  const [low, high] = range;
  if ((images === undefined) !== (labels === undefined))
    throw new UsageError("--images and --labels belong together; give both.");
  const idle = Object.entries(images === undefined ? { resize } : { data, split }).find(([, value]) => value);
  if (idle)
    throw new UsageError(
      images === undefined
        ? "--resize is of --images; MNIST's images have one size."
        : `--${idle[0]} is of MNIST's images; leave it out beside --images.`,
    );
  const runtime = nodeRuntime();
  try {
    const classifier = await onnxScores(runtime, await readModelFile(model), modelOptions(model, flags));
    const examples = async () => {
      if (images !== undefined) {
        const read = await readImagesFor(images, classifier.inputShape, { resize: resize ?? false, range });
        return {
          pixels: read.images,
          labels: await readLabels(labels!, read.count, { images: read.count, classes: classifier.classes }),
        };
      }
      const mnist = data
        ? await loadMnist(data, { split: split ?? "test" })
        : await mnistSubset({ split: split ?? "test" });
      return { pixels: mnist.images.data.map((v) => low + (high - low) * v), labels: mnist.labels.data };
    };
    const { pixels, labels: truth } = await examples();
    const error = await inducedError(classifier, pixels, truth, { signal });
    await classifier.release();
    const result = {
      model,
      images: error.of,
      errors: error.count,
      error: error.rate,
      low: error.low,
      high: error.high,
    };
    return {
      result: result,
      text: () =>
        `${model}: error ${(100 * error.rate).toFixed(2)} % (${error.count} of ${error.of}; ` +
        `95 % interval ${(100 * error.low).toFixed(2)} to ${(100 * error.high).toFixed(2)} %)`,
    };
  } finally {
    await runtime.release();
  }
}
