// A network trained on labelled images by its recipe: what the command line, the site and the examples call.
import { Random } from "@reprise/data";
import {
  add,
  argMax,
  cast,
  equal,
  type Runtime,
  reduceMean,
  softmaxCrossEntropy,
  type TrainingProgram,
  type Values,
} from "@reprise/engine";
import { type Augment, checkLabels, ExampleBatches, type Examples, exampleChunks } from "./batches.ts";
import { evaluator } from "./evaluate.ts";
import { initialWeights, type Network, type Weights } from "./network.ts";
import { checkRecipe, optimizerOf, type Recipe, scheduleOf } from "./recipe.ts";
import { trainFullBatch } from "./train-full-batch.ts";
import { type Checkpoint, type Following, type TrainEvent, train } from "./trainer.ts";

export interface TrainClassifierOptions extends Following<TrainEvent> {
  readonly examples: Examples;
  /** Evaluated after every epoch: `loss`, `accuracy`. */
  readonly validation?: Examples;
  /** Replaces settings of the network's recipe. */
  readonly recipe?: Partial<Recipe>;
  /** Random changes of the training images; their settings belong in `config`. */
  readonly augment?: Augment;
  /** Where to start instead of drawn weights, e.g. published ones. */
  readonly from?: Weights;
  /** Fixes initial weights, order, dropout and augmentation. */
  readonly seed?: number;
  readonly resume?: Checkpoint;
  /** What else must be equal at a resume, e.g. the data's hash. */
  readonly config?: Readonly<Record<string, string>>;
  /** Steps between checkpoints; an epoch when absent. */
  readonly checkpointEvery?: number;
}

/**
 * Trains a network on images and labels; returns the last checkpoint, whose `state.parameters` are the weights.
 *
 * @throws RangeError when a label is not one of the network's classes or a setting is out of range
 * @throws ShapeError when the images are not of the network's input shape
 * @throws DivergedError, Error as `train` does
 */
export async function trainClassifier(
  runtime: Runtime,
  network: Network,
  {
    examples,
    validation,
    augment,
    from,
    recipe: changes = {},
    seed = 0,
    resume,
    config = {},
    checkpointEvery,
    signal,
    onProgress,
  }: TrainClassifierOptions,
): Promise<Checkpoint> {
  const recipe: Recipe = { ...network.recipe, ...changes };
  checkRecipe(recipe);
  checkLabels(examples, network.classes);
  if (validation) checkLabels(validation, network.classes);
  // One stream each, so that a change in what one part draws does not move the others.
  const random = new Random(seed);
  const initial = random.fork();
  const order = random.uniform() * 2 ** 53;
  const noise = random.fork();
  const { batchSize, epochs } = recipe;
  const { inputShape } = network;
  const scorer = validation ? evaluator(runtime, network) : null;
  const { source: _, ...rest } = recipe;
  const settings = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, String(value)]));
  const common = {
    from: resume ?? from ?? initialWeights(network, initial),
    config: { network: network.name, seed: String(seed), ...settings, ...config },
    ...(scorer
      ? {
          validate: (weights: Weights) =>
            scorer.evaluate(weights, validation!).then(({ loss, accuracy }) => ({ loss, accuracy })),
        }
      : {}),
    ...(checkpointEvery ? { checkpointEvery } : {}),
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  };
  try {
    if (recipe.optimizer === "lbfgs") {
      checkFullBatch(network, augment);
      return await trainFullBatch(runtime, {
        program: { ...network, forward: classifierLoss(network) },
        chunks: exampleChunks(examples, { size: 2000, inputShape }),
        iterations: epochs,
        ...common,
      });
    }
    const batches = new ExampleBatches(examples, {
      batchSize,
      seed: order,
      inputShape,
      ...(augment ? { augment } : {}),
    });
    const steps = epochs * batches.batchesPerEpoch;
    return await train(runtime, {
      program: classifierProgram(network, recipe),
      batches,
      schedule: scheduleOf(recipe, steps),
      steps,
      ...(network.noise ? { noise: network.noise } : {}),
      random: noise,
      ...common,
    });
  } finally {
    await scorer?.release();
  }
}

/** What is different at every call has no minimum that a full-batch optimizer could go to. */
function checkFullBatch({ name, noise }: Network, augment: Augment | undefined): void {
  const random = noise ? `${name} drops units at random` : augment ? "the images are changed at random" : null;
  if (random) throw new Error(`training: ${random}, but lbfgs needs a loss that stays the same; use adam or sgd`);
}

/** The training step of a classifier: mean cross-entropy plus the network's penalty; reports the batch's accuracy. */
export function classifierProgram(network: Network, recipe: Recipe = network.recipe): TrainingProgram {
  return {
    parameters: network.parameters,
    ...(network.buffers ? { buffers: network.buffers } : {}),
    optimizer: optimizerOf(recipe),
    forward: classifierLoss(network),
  };
}

function classifierLoss(network: Network): TrainingProgram["forward"] {
  return (parameters, batch, buffers) => {
    const { x, labels, ...rest } = batch as Values & { x: Values[string]; labels: Values[string] };
    const noise = Object.fromEntries(
      Object.entries(rest).map(([name, value]) => [name.replace(/^noise\./, ""), value]),
    );
    const result = network.forward(parameters, x, { training: true, buffers, noise });
    const crossEntropy = softmaxCrossEntropy(result.logits, labels);
    const accuracy = reduceMean(cast(equal(argMax(result.logits), labels), "float32"));
    return {
      loss: network.penalty ? add(crossEntropy, network.penalty(parameters)) : crossEntropy,
      ...(result.buffers ? { buffers: result.buffers } : {}),
      report: { accuracy },
    };
  };
}
