// reprise classifier train: from labelled images to a folder with checkpoint, log, loss curve and ONNX file.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { DataError, randomFlip, randomShift } from "@reprise/data";
import { createFolder, writeFileAtomic } from "@reprise/data/node";
import { type Runtime, type Tensor, tensor } from "@reprise/engine";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import {
  type Augment,
  type Checkpoint,
  channelStatistics,
  checkRecipe,
  DivergedError,
  exportNetwork,
  type Network,
  type Recipe,
  type TrainEvent,
  trainClassifier,
} from "@reprise/nn";
import { loadCheckpoint, openLog, saveCheckpoint } from "@reprise/nn/node";
import { type LabelledImages, readLabelledImages } from "./labelled-images.ts";
import {
  type ClassifierDescription,
  deployed,
  modelFiles,
  networkOf,
  readDescription,
  writeDescription,
} from "./model-folder.ts";
import { defenceOf, type TrainSettings } from "./settings.ts";
import { type LossPoint, lossCurve } from "./svg.ts";
import { readWeights } from "./weights-file.ts";

export interface TrainOptions {
  /** Goes on from the folder's checkpoint. */
  readonly resume?: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent, plan: TrainPlan) => void;
  /** Kept in the files: the command as typed. */
  readonly command?: string;
}

/** What a training is about to do. */
export interface TrainPlan {
  readonly network: string;
  readonly images: number;
  readonly classes: number;
  readonly epochs: number;
  readonly steps: number;
  readonly batchSize: number;
}

export interface TrainResult {
  readonly network: string;
  readonly classes: number;
  readonly examples: number;
  readonly epochs: number;
  readonly steps: number;
  /** Of the last step's batch. */
  readonly loss: number | null;
  /** Of the last evaluation, when there are test images. */
  readonly test: { readonly loss: number; readonly accuracy: number; readonly count: number } | null;
  readonly files: ReturnType<typeof modelFiles>;
}

/**
 * Trains, writing a checkpoint at every epoch's end and when the signal aborts.
 *
 * @throws DataError, ModelError, RangeError, DivergedError for what the user can mend; the signal's reason when it aborts
 */
export async function trainOnImages(
  settings: TrainSettings,
  { resume = false, signal, onEvent, command = "" }: TrainOptions = {},
): Promise<TrainResult> {
  const files = modelFiles(settings.out);
  if (!resume && existsSync(files.checkpoint))
    throw new DataError(settings.out, "holds a training already. Go on with it by --resume, or give another --out.");
  if (resume && !existsSync(files.checkpoint))
    throw new DataError(settings.out, "holds no checkpoint to resume from. Leave --resume out to start.");
  const { resize } = settings;
  const train = await readLabelledImages(settings.data, { split: "train", resize });
  const test = settings.test
    ? await readLabelledImages(settings.test, {
        split: "test",
        resize,
        like: { classes: train.classes, inputShape: train.examples.images.shape.slice(1) },
      })
    : undefined;
  signal?.throwIfAborted();
  const statistics = resume
    ? (await readDescription(settings.out)).statistics
    : channelStatistics(train.examples.images as Tensor<"float32">);
  const defence = defenceOf(settings);
  const described = {
    network: settings.network,
    classes: train.classes,
    inputShape: train.examples.images.shape.slice(1),
    resized: resize !== undefined,
    statistics,
    ...(defence ? { defence } : {}),
  };
  const network = networkOf(described);
  checkSize(settings, train);
  const recipe = recipeOf(settings, network, train);
  const description: ClassifierDescription = {
    ...described,
    madeBy: { command, data: train.sha256, recipe, crop: settings.crop, flip: settings.flip, seed: settings.seed },
  };
  const checkpoint = resume ? await loadCheckpoint(files.checkpoint, network) : undefined;
  const from = settings.weights && !resume ? await readWeights(settings.weights, network) : undefined;
  if (!resume) {
    await createFolder(settings.out);
    await writeDescription(settings.out, description);
  }
  const runtime = nodeWorkerRuntime(settings.threads ? { threads: settings.threads } : {});
  try {
    const last = await follow(runtime, { settings, network, recipe, train, test, checkpoint, from, signal, onEvent });
    const metadata = {
      command,
      seed: String(settings.seed),
      data: train.sha256,
      classes: JSON.stringify(train.classes),
      ...(defence ? { defence: defence.kind } : {}),
    };
    const exported = deployed(description, last.checkpoint.state);
    await writeFileAtomic(files.onnx, exportNetwork(exported.network, exported.weights, { metadata }));
    return {
      network: network.name,
      classes: train.classes.length,
      examples: train.examples.labels.data.length,
      epochs: recipe.epochs,
      steps: last.checkpoint.state.step,
      loss: last.loss,
      test: last.test,
      files,
    };
  } finally {
    await runtime.release();
  }
}

interface Run {
  readonly settings: TrainSettings;
  readonly network: Network;
  readonly recipe: Recipe;
  readonly train: LabelledImages;
  readonly test: LabelledImages | undefined;
  readonly checkpoint: Checkpoint | undefined;
  readonly from: Awaited<ReturnType<typeof readWeights>> | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: TrainOptions["onEvent"];
}

/** Runs the training, writing down what it tells. */
async function follow(
  runtime: Runtime,
  { settings, network, recipe, train, test, checkpoint, from, signal, onEvent }: Run,
): Promise<{ checkpoint: Checkpoint; loss: number | null; test: TrainResult["test"] }> {
  const files = modelFiles(settings.out);
  const { resize, crop, flip, seed, checkpointEvery } = settings;
  const { epochs, batchSize } = recipe;
  const images = train.examples.labels.data.length;
  const steps = epochs * Math.floor(images / batchSize);
  const plan = { network: network.name, images, classes: train.classes.length, epochs, steps, batchSize };
  const log = await openLog(files.log, { afterStep: checkpoint?.state.step ?? 0 });
  let loss: number | null = null;
  let tested: TrainResult["test"] = null;
  const note = async (event: TrainEvent): Promise<void> => {
    onEvent?.(event, plan);
    if (event.kind === "step") {
      const { done: step, epoch, learningRate } = event;
      loss = event.loss;
      await log.append({ step, epoch, loss, learningRate, accuracy: event.report.accuracy!.data[0] });
    } else if (event.kind === "validation") {
      const { done: step, epoch, metrics } = event;
      tested = { loss: metrics.loss!, accuracy: metrics.accuracy!, count: test!.examples.labels.data.length };
      await log.append({ step, epoch, test: metrics });
    } else {
      await saveCheckpoint(files.checkpoint, event.checkpoint, network);
      await drawLossCurve(settings.out, network.name);
    }
  };
  try {
    const last = await trainClassifier(runtime, network, {
      examples: train.examples,
      recipe,
      seed,
      config: {
        resize: String(resize ?? "none"),
        data: train.sha256,
        crop: String(crop),
        flip: String(flip),
        weights: settings.weights ?? "none",
        ...(settings.defence ? { defence: `${settings.defence} ${settings.clustering ?? ""}` } : {}),
      },
      ...(test ? { validation: test.examples } : {}),
      ...(crop > 0 || flip ? { augment: augmentation(crop, flip) } : {}),
      ...(from ? { from } : {}),
      ...(checkpoint ? { resume: checkpoint } : {}),
      ...(checkpointEvery ? { checkpointEvery } : {}),
      ...(signal ? { signal } : {}),
      onProgress: note,
    });
    return { checkpoint: last, loss, test: tested };
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    await drawLossCurve(settings.out, network.name);
    throw new Error(whatToDo(error, files.checkpoint, recipe), { cause: error });
  } finally {
    await log.close();
  }
}

function checkSize({ network, data }: TrainSettings, { examples }: LabelledImages): void {
  const [height, width] = examples.images.shape.slice(2) as [number, number];
  // ResNets for large images halve them five times, AlexNet and VGG nearly so: below 32 pixels nothing is left.
  const needed = /^resnet(20|32|44|56)$/i.test(network) ? 4 : /^alexnet$/i.test(network) ? 63 : 32;
  if (Math.min(height, width) >= needed) return;
  throw new DataError(
    data,
    `the images are ${width}×${height} pixels; ${network} takes ${needed}×${needed} and larger. Take resnet20, or larger images.`,
  );
}

/** A diverged run in the words of the command line; its last checkpoint, if it wrote one, stays. */
function whatToDo({ problem, step }: DivergedError, saved: string, { learningRate }: Recipe): string {
  const slower = `Train with a --learning-rate below ${learningRate}, or a longer --warm-up`;
  const kept = existsSync(saved)
    ? `${slower}, into another --out: ${saved} holds weights from before`
    : `${slower}; nothing was kept`;
  return `training: ${problem} at step ${step}. ${kept}.`;
}

function recipeOf(settings: TrainSettings, { recipe }: Network, { examples }: LabelledImages): Recipe {
  const { data, epochs = recipe.epochs, schedule = recipe.schedule, warmUp } = settings;
  const count = examples.labels.data.length;
  const batchSize = settings.batchSize ?? Math.min(recipe.batchSize, count);
  if (batchSize > count)
    throw new DataError(data, `holds ${count} images, fewer than --batch-size ${batchSize}. Give a smaller one.`);
  const given = Object.fromEntries(
    (["optimizer", "learningRate", "momentum", "weightDecay", "milestones"] as const)
      .filter((key) => settings[key] !== undefined)
      .map((key) => [key, settings[key]]),
  );
  // A shorter run than the published one falls at the same parts of it.
  const milestones = (recipe.milestones ?? [0.5, 0.75].map((part) => part * recipe.epochs)).map(
    (epoch) => (epoch * epochs) / recipe.epochs,
  );
  const complete = {
    ...recipe,
    epochs,
    batchSize,
    schedule,
    ...(schedule === "step" ? { milestones } : {}),
    ...(warmUp === undefined ? {} : { warmUpEpochs: warmUp }),
    ...given,
  };
  checkRecipe(complete);
  return complete;
}

/** Random shift with zeros outside, then a flip of half of the images. */
function augmentation(padding: number, flip: boolean): Augment {
  return ({ shape, data }, random) => {
    let images = { dtype: "float32" as const, shape, data };
    if (padding > 0) images = randomShift(images, { padding, random });
    if (flip) images = randomFlip(images, { random });
    return tensor("float32", images.shape, images.data);
  };
}

async function drawLossCurve(folder: string, title: string): Promise<void> {
  const files = modelFiles(folder);
  const records = (await readFile(files.log, "utf8"))
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { step: number; loss?: number; test?: { loss: number } });
  const points = (lossOf: (record: (typeof records)[number]) => number | undefined): LossPoint[] =>
    records.flatMap((record) => {
      const loss = lossOf(record);
      return loss === undefined ? [] : [{ step: record.step, loss }];
    });
  const picture = lossCurve(
    points(({ loss }) => loss),
    points(({ test }) => test?.loss),
    { title },
  );
  await writeFileAtomic(files.lossCurve, picture);
}
