// reprise classifier test: accuracy and confusion matrix of a trained model, or of published weights.
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { confusionMatrix, DataError, shareInterval } from "@reprise/data";
import { writeFileAtomic } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import { textTable, UsageError } from "@reprise/experiment";
import {
  type ChannelStatistics,
  evaluator,
  imageNetStatistics,
  imageNetwork,
  type Network,
  normalized,
  type Weights,
} from "@reprise/nn";
import { loadCheckpoint } from "@reprise/nn/node";
import { type LabelledImages, readLabelledImages } from "./labelled-images.ts";
import { modelFiles, networkOf, readDescription } from "./model-folder.ts";
import { confusionPicture } from "./svg.ts";
import { readWeights } from "./weights-file.ts";

export interface TestOptions {
  readonly data: string;
  /** A folder that training wrote; or network and weights. */
  readonly model?: string;
  readonly network?: string;
  readonly weights?: string;
  /** By which the weights' training images were normalised; ImageNet's when absent. */
  readonly statistics?: ChannelStatistics;
  /** Pixels of the square that pictures are brought to; as in training when absent. */
  readonly resize?: number;
  /** Where to draw the confusion matrix. */
  readonly svg?: string;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

export interface TestResult {
  readonly network: string;
  readonly count: number;
  readonly errors: number;
  /** In [0, 1], with its 95 % interval after Wilson. */
  readonly accuracy: number;
  readonly interval: readonly [number, number];
  readonly loss: number;
  readonly classes: readonly string[];
  /** Rows labels, columns predictions. */
  readonly confusion: readonly (readonly number[])[];
}

/** @throws UsageError, DataError, ModelError for what the user can mend */
export async function testOnImages(options: TestOptions): Promise<TestResult> {
  if (options.svg && !existsSync(dirname(options.svg)))
    throw new DataError(options.svg, "cannot be written: its folder does not exist. Create it, or check the path.");
  const { network, weights, images } = await loadModel(options);
  const runtime = nodeWorkerRuntime(options.threads ? { threads: options.threads } : {});
  const { examples, classes } = images;
  const run = evaluator(runtime, network, { batchSize: Math.min(100, examples.labels.data.length) });
  try {
    const given = options.signal ? { signal: options.signal } : {};
    const { count, errors, accuracy, loss, predictions } = await run.evaluate(weights, examples, given);
    const confusion = confusionMatrix(predictions, Array.from(examples.labels.data, Number), {
      classes: classes.length,
    });
    const { low, high } = shareInterval(count - errors, count);
    const result = {
      network: network.name,
      count,
      errors,
      accuracy,
      interval: [low, high] as const,
      loss,
      classes,
      confusion,
    };
    if (options.svg) {
      const title = `${network.name}: ${(100 * accuracy).toFixed(1)} % of ${count} images`;
      await writeFileAtomic(options.svg, confusionPicture(confusion, classes, { title }));
    }
    return result;
  } finally {
    await run.release();
    await runtime.release();
  }
}

async function loadModel({
  data,
  model,
  network: name,
  weights: file,
  statistics = imageNetStatistics,
  resize,
}: TestOptions): Promise<{
  network: Network;
  weights: Weights;
  images: LabelledImages;
}> {
  if (model) {
    if (name || file)
      throw new UsageError("--model brings its network and weights; leave --network and --weights out.");
    const description = await readDescription(model);
    const network = networkOf(description);
    const { state } = await loadCheckpoint(modelFiles(model).checkpoint, network);
    const images = await readLabelledImages(data, {
      split: "test",
      like: description,
      resize: resize ?? (description.resized ? description.inputShape[1] : undefined),
    });
    return { network, weights: state, images };
  }
  if (!name || !file) throw new UsageError("Give --model FOLDER, or --network NAME and --weights FILE.");
  const images = await readLabelledImages(data, { split: "test", resize });
  const inputShape = images.examples.images.shape.slice(1);
  const network = normalized(imageNetwork(name, { classes: images.classes.length, inputShape }), statistics);
  return { network, weights: await readWeights(file, network), images };
}

/** Above this the table would be wider than a screen. */
const MAX_TABLE_CLASSES = 15;

/** The result as text: accuracy, then the matrix, or the ten most frequent confusions of many classes. */
export function describeTest({
  network,
  count,
  errors,
  accuracy,
  interval,
  loss,
  classes,
  confusion,
}: TestResult): string {
  const percent = (share: number) => (100 * share).toFixed(1);
  const head = `${network}: ${percent(accuracy)} % of ${count} images right (95 % interval ${percent(interval[0])} to ${percent(interval[1])} %), ${errors} wrong, loss ${loss.toFixed(4)}`;
  if (classes.length <= MAX_TABLE_CLASSES) {
    const rows = confusion.map((row, i) => {
      const total = row.reduce((a, b) => a + b, 0);
      return [classes[i]!, ...row.map(String), total > 0 ? `${percent(row[i]! / total)} %` : "–"];
    });
    return `${head}\n\n${textTable(["label ↓ predicted →", ...classes, "right"], rows)}`;
  }
  const pairs = confusion
    .flatMap((row, i) => row.map((times, j) => ({ label: classes[i]!, predicted: classes[j]!, times, wrong: i !== j })))
    .filter(({ times, wrong }) => wrong && times > 0)
    .sort((a, b) => b.times - a.times)
    .slice(0, 10);
  if (pairs.length === 0) return head;
  const rows = pairs.map(({ label, predicted, times }) => [label, predicted, String(times)]);
  return `${head}\n\n${textTable(["label", "taken for", "times"], rows)}`;
}
