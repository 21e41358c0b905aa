// A classifier on an autoencoder's codes, in two stages: the encoder without labels, then the softmax with the encoder fixed.
import { Random } from "@reprise/data";
import {
  compile,
  flattenArrays,
  type Runtime,
  sizeOf,
  type Tensor,
  tensor,
  unflatten,
  type Value,
  type Values,
} from "@reprise/engine";
import { ExampleBatches, type Examples } from "./batches.ts";
import { initialize } from "./init.ts";
import { type AutoencoderNetwork, autoencoderLoss, autoencoderParameters, encode } from "./models/autoencoder.ts";
import { mlp } from "./models/mlp.ts";
import type { Weights } from "./network.ts";
import { checkRecipe, optimizerOf, scheduleOf } from "./recipe.ts";
import { trainClassifier } from "./train-classifier.ts";
import { type Following, type TrainEvent, train } from "./trainer.ts";

export interface TrainAutoencoderOptions extends Following<StageEvent> {
  readonly examples: Examples;
  /** Fixes initial weights and order of both stages. */
  readonly seed?: number;
}

/** A step, checkpoint or validation of one of the stages, each counted from 0. */
export type StageEvent = TrainEvent & { readonly stage: "encoder" | "softmax" };

/**
 * Trains the encoder on images alone, encodes all of them (4 · units bytes each are held), trains the softmax on the
 * codes, and returns the weights of the whole, in the layout of `network`.
 *
 * @throws as `trainClassifier`
 */
export async function trainAutoencoder(
  runtime: Runtime,
  model: AutoencoderNetwork,
  { examples, seed = 0, signal, onProgress }: TrainAutoencoderOptions,
): Promise<Weights> {
  const { network, units, lambda, encoding, sparsity } = model;
  checkRecipe(encoding);
  const random = new Random(seed);
  const initial = random.fork();
  const order = random.uniform() * 2 ** 53;
  const parameters = autoencoderParameters(model);
  const batches = new ExampleBatches(examples, {
    batchSize: encoding.batchSize,
    seed: order,
    inputShape: network.inputShape,
  });
  const steps = encoding.epochs * batches.batchesPerEpoch;
  const followed = (stage: StageEvent["stage"]): Following<TrainEvent> => ({
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress: (event) => onProgress({ ...event, stage }) } : {}),
  });
  const encoder = await train(runtime, {
    program: {
      parameters,
      optimizer: optimizerOf(encoding),
      forward(p: Values, { x }: Values) {
        const { loss, reconstruction } = autoencoderLoss(p, x!, sparsity);
        return { loss, report: { reconstruction } };
      },
    },
    batches: new Unlabelled(batches),
    schedule: scheduleOf(encoding, steps),
    steps,
    from: { parameters: initialize(parameters, initial) },
    ...followed("encoder"),
  });
  const learned = unflatten(encoder.state.parameters, parameters);
  const images = await codesOf(runtime, model, learned, examples.images, signal);
  const head = mlp({ units: [10], lambda: [lambda], inputShape: [units], name: "softmax", recipe: network.recipe });
  const top = await trainClassifier(runtime, head, {
    examples: { images, labels: examples.labels },
    seed,
    ...followed("softmax"),
  });
  const softmax = unflatten(top.state.parameters, head.parameters);
  return {
    parameters: flattenArrays(
      {
        "fc1.weight": learned["fc1.weight"]!,
        "fc1.bias": learned["fc1.bias"]!,
        "fc2.weight": softmax["fc1.weight"]!,
        "fc2.bias": softmax["fc1.bias"]!,
      },
      network.parameters,
    ),
  };
}

/** Batches without their labels, which the encoder's graph does not take. */
class Unlabelled {
  readonly #batches: ExampleBatches;
  constructor(batches: ExampleBatches) {
    this.#batches = batches;
  }
  get batchesPerEpoch() {
    return this.#batches.batchesPerEpoch;
  }
  get state() {
    return this.#batches.state;
  }
  next() {
    const { feeds, ...rest } = this.#batches.next();
    return { ...rest, feeds: { x: feeds.x! } };
  }
  restore(state: unknown) {
    this.#batches.restore(state);
  }
}

/** Codes [M, units] of images [M, …], in batches; the last is filled up with zeros, a row's code depends on it alone. */
async function codesOf(
  runtime: Runtime,
  { network, units }: AutoencoderNetwork,
  weights: Readonly<Record<string, Tensor>>,
  images: Tensor,
  signal: AbortSignal | undefined,
  batch = 500,
): Promise<Tensor> {
  const [count = 0] = images.shape;
  const size = sizeOf(network.inputShape);
  const program = compile(
    runtime,
    ({ x, weight, bias }: { readonly x: Value; readonly weight: Value; readonly bias: Value }) => ({
      codes: encode({ "fc1.weight": weight, "fc1.bias": bias }, x),
    }),
  );
  const out = new Float32Array(count * units);
  try {
    for (let at = 0; at < count; at += batch) {
      signal?.throwIfAborted();
      const rows = Math.min(batch, count - at);
      const x = new Float32Array(batch * size);
      x.set((images.data as Float32Array).subarray(at * size, (at + rows) * size));
      const { codes } = await program.run({
        x: tensor("float32", [batch, ...network.inputShape], x),
        weight: weights["fc1.weight"]!,
        bias: weights["fc1.bias"]!,
      });
      out.set((codes.data as Float32Array).subarray(0, rows * units), at * units);
    }
  } finally {
    await program.release();
  }
  return tensor("float32", [count, units], out);
}
