// Training on adversarial examples of the layers' outputs beside the images, §4.2.
import { Random } from "@reprise/data";
import {
  add,
  mul,
  type Runtime,
  slice,
  softmaxCrossEntropy,
  sub,
  type TrainingProgram,
  tensor,
  type Value,
} from "@reprise/engine";
import {
  type Batch,
  type BatchSource,
  type Checkpoint,
  checkRecipe,
  ExampleBatches,
  type Examples,
  evaluator,
  type Following,
  initialWeights,
  type Mlp,
  optimizerOf,
  type Recipe,
  scheduleOf,
  type TrainEvent,
  train,
} from "@reprise/nn";
import { type NearestOptions, nearestAdversarial } from "./nearest.ts";
import { Pool } from "./pool.ts";

export interface PoolOptions extends NearestOptions {
  /** Layers whose outputs are attacked, in turns, a step each; 0 is the image. */
  readonly layers: readonly number[];
  /** Examples in the pool of each layer. */
  readonly capacity: number;
  /** Of a step's images, so many first ones, whose adversarial examples take the places of old ones; of all, if fewer. */
  readonly renewed: number;
  /** Weight of the pool's loss, in (0, 1); the rest is the images'. */
  readonly weight: number;
}

export interface TrainAdversariallyOptions extends Following<TrainEvent> {
  readonly examples: Examples;
  /** Evaluated after every epoch. */
  readonly validation?: Examples;
  /** Replaces settings of the network's recipe. */
  readonly recipe?: Partial<Recipe>;
  readonly pool?: Partial<PoolOptions>;
  readonly seed?: number;
}

/**
 * Our settings; the paper gives none. An example stays in its pool for a hundred of the layer's steps on average: outputs of
 * hidden layers are soon not what the layer gives out any more.
 */
export const poolDefaults: Omit<PoolOptions, "layers"> = {
  steps: 3,
  overshoot: 0.02,
  capacity: 1000,
  renewed: 10,
  weight: 0.1,
};

/**
 * Trains a network while keeping, for each chosen layer ℓ, a pool of adversarial examples of what ℓ gives out. Every step
 * takes one layer, in turns: it makes adversarial examples of some of the batch with the weights as they are, which replace
 * random ones of the pool, and learns from the batch and from as many examples out of the pool, through the layers above ℓ.
 *
 * A run cannot go on from a checkpoint: the pools are not in it.
 *
 * @throws RangeError for a layer that the network does not have or a setting out of range; otherwise as `train`
 */
export async function trainAdversarially(
  runtime: Runtime,
  network: Mlp,
  { examples, validation, recipe: changes = {}, pool = {}, seed = 0, signal, onProgress }: TrainAdversariallyOptions,
): Promise<Checkpoint> {
  const recipe = { ...network.recipe, ...changes };
  const options: PoolOptions = { layers: Array.from({ length: network.depth }, (_, i) => i), ...poolDefaults, ...pool };
  checkRecipe(recipe);
  checkPool(network, options);
  // The streams of trainClassifier, so that a seed starts from the same weights and shows the images in the same order.
  const random = new Random(seed);
  const initial = random.fork();
  const order = random.uniform() * 2 ** 53;
  const { batchSize, epochs } = recipe;
  const images = new ExampleBatches(examples, { batchSize, seed: order, inputShape: network.inputShape });
  const batches = new PooledBatches(images, network, options, random.fork());
  const steps = epochs * batches.batchesPerEpoch;
  const scorer = validation ? evaluator(runtime, network) : null;
  try {
    return await train(runtime, {
      program: program(network, recipe, options),
      batches,
      schedule: scheduleOf(recipe, steps),
      steps,
      from: initialWeights(network, initial),
      ...(scorer
        ? {
            validate: (weights) =>
              scorer.evaluate(weights, validation!).then(({ loss, accuracy }) => ({ loss, accuracy })),
          }
        : {}),
      ...(signal ? { signal } : {}),
      onProgress(event) {
        if (event.kind === "step") batches.keep(event.report.made!.data as Float32Array);
        return onProgress?.(event);
      },
    });
  } finally {
    await scorer?.release();
  }
}

/** Batches of images with examples from a layer's pool beside them; the layer is told by the name of the feed. */
class PooledBatches implements BatchSource {
  readonly #images: ExampleBatches;
  readonly #random: Random;
  readonly #pools: readonly { readonly layer: number; readonly pool: Pool }[];
  readonly #weight: number;
  #turn = 0;
  #labels: BigInt64Array = new BigInt64Array(0);

  constructor(images: ExampleBatches, network: Mlp, { layers, capacity, weight }: PoolOptions, random: Random) {
    this.#images = images;
    this.#random = random;
    this.#pools = layers.map((layer) => ({ layer, pool: new Pool(capacity, network.width(layer)) }));
    this.#weight = weight;
  }

  get batchesPerEpoch(): number {
    return this.#images.batchesPerEpoch;
  }

  get state(): null {
    return null;
  }

  restore(): never {
    throw new Error("resume: adversarial training does not go on from a checkpoint, which has no pools; start anew");
  }

  next(): Batch {
    const batch = this.#images.next();
    const { layer, pool } = this.#current;
    const count = batch.indices.length;
    const { rows, labels } = pool.draw(count, this.#random);
    this.#labels = batch.feeds.labels!.data as BigInt64Array;
    const feeds = {
      ...batch.feeds,
      [`pool${layer}`]: tensor("float32", [count, pool.width], rows),
      poolLabels: tensor("int64", [count], labels),
      poolWeight: tensor("float32", [], [pool.count > 0 ? this.#weight : 0]),
    };
    return { ...batch, feeds };
  }

  /** Takes in what the step made of the last batch's first images. @param made  [renewed, width of the layer] */
  keep(made: Float32Array): void {
    const { pool } = this.#current;
    pool.put(made, this.#labels.subarray(0, made.length / pool.width), this.#random);
    this.#turn++;
  }

  get #current() {
    return this.#pools[this.#turn % this.#pools.length]!;
  }
}

/** (1 − w)·cross-entropy of the images + w·cross-entropy of the pool's + the penalty; reports what it made of the images. */
function program(network: Mlp, recipe: Recipe, options: PoolOptions): TrainingProgram {
  return {
    parameters: network.parameters,
    optimizer: optimizerOf(recipe),
    forward(parameters, batch) {
      const { x, labels, poolLabels, poolWeight, ...pools } = batch as Record<string, Value>;
      const [[name, pool]] = Object.entries(pools) as [[string, Value]];
      const layer = Number(name.replace("pool", ""));
      const clean = softmaxCrossEntropy(network.forward(parameters, x!).logits, labels!);
      const adversarial = softmaxCrossEntropy(network.above(parameters, pool, layer), poolLabels!);
      const loss = add(clean, mul(poolWeight!, sub(adversarial, clean)));
      const made = nearestAdversarial(
        network.output(parameters, first(x!, options.renewed), layer),
        first(labels!, options.renewed),
        (h) => network.above(parameters, h, layer),
        options,
      );
      return { loss: network.penalty ? add(loss, network.penalty(parameters)) : loss, report: { made } };
    },
  };
}

/** The first rows, or all if there are fewer. */
const first = (x: Value, rows: number): Value =>
  x.shape[0]! > rows ? slice(x, [{ axis: 0, start: 0, end: rows }]) : x;

function checkPool({ name, depth }: Mlp, options: PoolOptions): void {
  const { layers, capacity, renewed, weight, steps, overshoot } = options;
  const wrong = layers.find((layer) => !(Number.isInteger(layer) && layer >= 0 && layer < depth));
  if (wrong !== undefined || layers.length === 0)
    throw new RangeError(
      `adversarial training: layer ${wrong}; ${name} has 0 (the image) to ${depth - 1}, give one at least`,
    );
  for (const [what, n] of Object.entries({ capacity, renewed, steps }))
    if (!(Number.isInteger(n) && n >= 1))
      throw new RangeError(`adversarial training: ${what} is ${n}; expected 1 or more`);
  if (!(weight > 0 && weight < 1))
    throw new RangeError(`adversarial training: weight is ${weight}; expected above 0, below 1`);
  if (!(overshoot > -1)) throw new RangeError(`adversarial training: overshoot is ${overshoot}; expected above −1`);
}
