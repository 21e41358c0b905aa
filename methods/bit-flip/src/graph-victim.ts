// A victim whose loss and gradients are graphs of the engine.
import {
  type Compiled,
  compile,
  exportOnnx,
  type Graph,
  gradient,
  lower,
  mul,
  type Runtime,
  reduceMean,
  softmaxCrossEntropy,
  type Tensor,
  trace,
  type Value,
} from "@reprise/engine";
import { candidateGraph } from "./candidate-graph.ts";
import { gradientInMemory, type MemoryLayer, weightOf } from "./memory.ts";
import { MixedRowsError } from "./row-wise.ts";
import type { Victim, VictimLayer, WeightChange } from "./victim.ts";

/** A classifier as a function of its layers' weights. */
export interface NetworkGraph {
  readonly layers: readonly MemoryLayer[];
  /** Images of a run, where the graph takes no other number. */
  readonly fixedBatch?: number | undefined;
  /** @returns logits [N, K] of images [N, …], with the layers' weights as floats in their own shapes */
  logits(images: Value, weights: readonly Value[]): Value;
}

export interface Sample {
  /** As the network takes them, [N, …]. */
  readonly images: Tensor<"float32">;
  /** The labels whose cross-entropy is the loss, [N]; the clean network's own answers where left out, as in the paper. */
  readonly targets?: Int32Array;
  /** What each image counts in the mean that the loss is; 1 where left out. */
  readonly weights?: Float32Array;
  /** The same for the gradient that ranks bits, where it is to leave out a part of the loss. */
  readonly gradientWeights?: Float32Array;
}

/**
 * The network's integers in memory, with the cross-entropy of the sample as the loss. Weights are copied.
 *
 * @throws RangeError when sample and targets differ in number, a target is no class, or an answer is not finite
 */
export async function graphVictim(runtime: Runtime, network: NetworkGraph, sample: Sample): Promise<GraphVictim> {
  const { images } = sample;
  const [count] = images.shape;
  const { targets = new Int32Array(count!) } = sample;
  if (count !== targets.length)
    throw new RangeError(`The sample has ${count} images and ${targets.length} targets; expected as many.`);
  for (const weights of [sample.weights, sample.gradientWeights])
    if (weights && weights.length !== count)
      throw new RangeError(`The sample has ${count} images and ${weights.length} weights; expected as many.`);
  if (count === 0) throw new RangeError("The sample has no images.");
  const { fixedBatch = 1 } = network;
  if (count % fixedBatch !== 0)
    throw new RangeError(
      `The sample has ${count} images, and the network takes ${fixedBatch} at a time; expected a multiple of ${fixedBatch}.`,
    );
  const victim = new GraphVictim(runtime, network, { ...sample, targets });
  const logits = await victim.logits(images);
  const classes = logits.length / count;
  const bad = logits.findIndex((score) => !Number.isFinite(score));
  if (bad >= 0) {
    await victim.release();
    throw new RangeError(
      `Image ${Math.floor(bad / classes)} of the sample has the score ${logits[bad]} for class ${bad % classes}; expected finite scores.`,
    );
  }
  if (!sample.targets) targets.set(largestOfRows(logits, classes));
  const wrong = targets.findIndex((target) => target < 0 || target >= classes);
  if (wrong < 0) return victim;
  await victim.release();
  throw new RangeError(
    `Target ${wrong} of the sample is ${targets[wrong]}; the network has classes 0 to ${classes - 1}.`,
  );
}

/** Numbers of a layer's activations that one run of all candidates holds, at most: so many stay in the cache. */
const largestArray = 2 ** 22;
/** Numbers of all activations that the gradient of one run keeps, at most: 64 MiB. */
const mostActivations = 2 ** 24;

export class GraphVictim implements Victim {
  readonly layers: readonly VictimLayer[];
  readonly #runtime: Runtime;
  readonly #network: NetworkGraph;
  #sample: Piece;
  readonly #weights: Float32Array[];
  readonly #backward: Compiled<string, string>;
  readonly #forward: Compiled<string, string>;
  readonly #lossOnly: Compiled<string, string>;
  /** Images of one run of the gradient, and of one run of all candidates. */
  #atOnce: { readonly gradient: number; readonly candidates: number };
  /** Where an operator may mix the images of a batch, candidates are run one by one. */
  #together = true;

  /** Use `graphVictim`, which checks and completes the sample. */
  constructor(runtime: Runtime, network: NetworkGraph, sample: Piece) {
    this.#runtime = runtime;
    this.#network = network;
    this.#sample = sample;
    this.layers = network.layers.map(({ name, shape, bits, signed, format, values }) => ({
      ...{ name, shape, bits, signed },
      ...(format ? { format } : {}),
      values: values.slice(),
    }));
    this.#weights = network.layers.map((layer) =>
      Float32Array.from(layer.values, (value, index) => weightOf(layer, index, value)),
    );
    this.#atOnce = this.#imagesAtOnce();
    this.#backward = compile(runtime, ({ images, targets, weights, ...layers }) => {
      const given = Object.values(layers);
      const loss = meanLoss(network.logits(images!, given), targets!, weights);
      const gradients = gradient(loss, given);
      return { loss, ...Object.fromEntries(gradients.map((dw, i) => [`d${i}`, dw])) };
    });
    this.#lossOnly = compile(runtime, ({ images, targets, weights, ...layers }) => ({
      loss: meanLoss(network.logits(images!, Object.values(layers)), targets!, weights),
    }));
    this.#forward = compile(runtime, (inputs) => {
      const { images, ...weights } = inputs;
      return { logits: network.logits(images!, Object.values(weights)) };
    });
  }

  /** Takes another sample, with its targets, in place of the one it was made with. What is compiled for its size stays. */
  aim(sample: Sample & { readonly targets: Int32Array }): void {
    const grows = sample.targets.length !== this.#sample.targets.length;
    this.#sample = sample;
    if (grows) this.#atOnce = this.#imagesAtOnce();
  }

  /** L as the integers are now. */
  async loss(signal?: AbortSignal): Promise<number> {
    let sum = 0;
    for (const piece of this.#pieces(this.#atOnce.gradient)) {
      signal?.throwIfAborted();
      const { loss } = await this.#lossOnly.run({ ...inputsOf(piece), ...this.#inputs() });
      sum += (loss!.data as Float32Array)[0]! * piece.targets.length;
    }
    return sum / this.#sample.targets.length;
  }

  async lossAndGradients(signal?: AbortSignal): Promise<{ loss: number; gradients: Float32Array[] }> {
    const { weights, gradientWeights = weights } = this.#sample;
    let loss = 0;
    const sums = this.layers.map(({ values }) => new Float32Array(values.length));
    for (const piece of this.#pieces(this.#atOnce.gradient, gradientWeights)) {
      signal?.throwIfAborted();
      const answer = await this.#backward.run({ ...inputsOf(piece), ...this.#inputs() });
      const share = piece.targets.length / this.#sample.targets.length;
      loss += (answer.loss!.data as Float32Array)[0]! * share;
      for (const [i, sum] of sums.entries()) {
        const dw = answer[`d${i}`]!.data as Float32Array;
        for (let at = 0; at < sum.length; at++) sum[at]! += dw[at]! * share;
      }
    }
    if (gradientWeights !== weights) loss = await this.loss(signal);
    return { loss, gradients: this.#network.layers.map((layer, i) => gradientInMemory(layer, sums[i]!)) };
  }

  /** The sample in pieces of so many images. */
  *#pieces(rows: number, weights = this.#sample.weights): Generator<Piece> {
    const { images, targets } = this.#sample;
    const each = images.data.length / targets.length;
    for (let row = 0; row < targets.length; row += rows) {
      const count = Math.min(rows, targets.length - row);
      const data = images.data.subarray(row * each, (row + count) * each);
      yield {
        images: { dtype: "float32", shape: [count, ...images.shape.slice(1)], data },
        targets: targets.subarray(row, row + count),
        ...(weights ? { weights: weights.subarray(row, row + count) } : {}),
      };
    }
  }

  async losses(candidates: readonly (readonly WeightChange[])[], signal?: AbortSignal): Promise<number[]> {
    const losses: number[] = new Array(candidates.length);
    // A graph tries one candidate of each layer.
    for (let left = [...candidates.keys()]; left.length > 0; ) {
      signal?.throwIfAborted();
      const now = new Map<number, number>();
      for (const i of left) if (!now.has(layerOf(candidates[i]!))) now.set(layerOf(candidates[i]!), i);
      const tried = new Map([...now].map(([layer, i]) => [layer, candidates[i]!] as const));
      const found = await this.#lossesOfLayers(tried, signal);
      for (const [layer, i] of now) losses[i] = found.get(layer)!;
      left = left.filter((i) => losses[i] === undefined);
    }
    return losses;
  }

  /** Loss by layer, each with that layer's changes alone. */
  async #lossesOfLayers(candidates: Candidates, signal: AbortSignal | undefined): Promise<Map<number, number>> {
    if (this.#together)
      try {
        return await this.#lossesTogether(candidates, signal);
      } catch (error) {
        if (!(error instanceof MixedRowsError)) throw error;
        this.#together = false;
      }
    const losses = new Map<number, number>();
    for (const [layer, changes] of candidates) {
      const clean = changes.map(({ index }) => ({ layer, index, value: this.layers[layer]!.values[index]! }));
      this.set(changes);
      try {
        losses.set(layer, await this.loss(signal));
      } finally {
        this.set(clean);
      }
    }
    return losses;
  }

  async #lossesTogether(candidates: Candidates, signal: AbortSignal | undefined): Promise<Map<number, number>> {
    const rows = this.#atOnce.candidates;
    const changes = [...candidates].map(([layer, places]) => ({
      layer,
      places: places.map(({ index, value }) => ({
        index,
        weight: weightOf(this.#network.layers[layer]!, index, value),
      })),
    }));
    const weighted = this.#sample.weights !== undefined;
    const graph = candidateGraph(this.#plain(rows), this.#weights, changes, { weighted });
    // Weights are constants, so that the runtime brings them into its own layout; loading costs a hundredth of a run.
    const session = await this.#runtime.load(exportOnnx(lower(graph, this.#runtime.target)), { purpose: "infer" });
    const sums = new Map([...candidates.keys()].map((layer) => [layer, 0]));
    try {
      for (const piece of this.#pieces(rows)) {
        signal?.throwIfAborted();
        const answer = await session.run(inputsOf(piece));
        const losses = (answer.losses as Tensor).data as Float32Array;
        for (const [layer, sum] of sums) sums.set(layer, sum + losses[layer + 1]! * rows);
      }
    } finally {
      await session.release();
    }
    return new Map([...sums].map(([layer, sum]) => [layer, sum / this.#sample.targets.length]));
  }

  #plain(rows: number): Graph {
    return trace(
      ({ images, ...weights }: Record<string, Value>) => ({
        logits: this.#network.logits(images!, Object.values(weights)),
      }),
      { images: { dtype: "float32", shape: [rows, ...this.#sample.images.shape.slice(1)] }, ...this.#inputs() },
    );
  }

  #imagesAtOnce(): { gradient: number; candidates: number } {
    const { fixedBatch } = this.#network;
    if (fixedBatch !== undefined) return { gradient: fixedBatch, candidates: fixedBatch };
    const sizes = this.#plain(1).nodes.map(({ outputs }) => outputs[0]!.shape.reduce((a, b) => a * b, 1));
    const count = this.#sample.targets.length;
    return {
      gradient: divisorUpTo(count, mostActivations / sizes.reduce((a, b) => a + b, 1)),
      candidates: divisorUpTo(count, largestArray / (Math.max(...sizes, 1) * (this.layers.length + 1))),
    };
  }

  set(changes: readonly WeightChange[]): void {
    for (const { layer, index, value } of changes) {
      this.layers[layer]!.values[index] = value;
      this.#weights[layer]![index] = weightOf(this.#network.layers[layer]!, index, value);
    }
  }

  /** Logits of other images as the integers are now, [N, K] row-major. */
  async logits(images: Tensor<"float32">): Promise<Float32Array> {
    const rows = this.#network.fixedBatch;
    const count = images.shape[0]!;
    if (rows === undefined || rows === count) {
      const { logits } = await this.#forward.run({ images, ...this.#inputs() });
      return logits!.data as Float32Array;
    }
    const each = images.data.length / count;
    const answers: Float32Array[] = [];
    for (let row = 0; row < count; row += rows) {
      const data = new Float32Array(rows * each); // zeros where the last batch is not full
      data.set(images.data.subarray(row * each, (row + rows) * each));
      const shape = [rows, ...images.shape.slice(1)];
      const { logits } = await this.#forward.run({ images: { dtype: "float32", shape, data }, ...this.#inputs() });
      const scores = logits!.data as Float32Array;
      answers.push(scores.subarray(0, (scores.length / rows) * Math.min(rows, count - row)));
    }
    return Float32Array.from(answers.flatMap((scores) => [...scores]));
  }

  #inputs(): Record<string, Tensor<"float32">> {
    return Object.fromEntries(
      this.layers.map(({ shape }, i) => [`w${i}`, { dtype: "float32", shape, data: this.#weights[i]! }]),
    );
  }

  async release(): Promise<void> {
    await Promise.all([this.#backward, this.#forward, this.#lossOnly].map((each) => each.release()));
  }
}

/** The first place of the largest score of each row; −1, which is no class, where one is NaN. */
export function largestOfRows(scores: Float32Array, classes: number): Int32Array {
  return Int32Array.from({ length: scores.length / classes }, (_, row) => {
    let best = 0;
    for (let k = 0; k < classes; k++) {
      if (Number.isNaN(scores[row * classes + k])) return -1;
      if (scores[row * classes + k]! > scores[row * classes + best]!) best = k;
    }
    return best;
  });
}

type Candidates = ReadonlyMap<number, readonly WeightChange[]>;

/** The largest divisor of n that is no greater than `most`; 1 at least. */
function divisorUpTo(n: number, most: number): number {
  for (let d = Math.min(n, Math.floor(most)); d > 1; d--) if (n % d === 0) return d;
  return 1;
}

function layerOf(changes: readonly WeightChange[]): number {
  return changes[0]!.layer;
}

/** A sample, or some of its images, with all targets. */
type Piece = Sample & { readonly targets: Int32Array };

function inputsOf({ images, targets, weights }: Piece): Record<string, Tensor> {
  const count = targets.length;
  return {
    images,
    targets: { dtype: "int64", shape: [count], data: BigInt64Array.from(targets, BigInt) },
    ...(weights ? { weights: { dtype: "float32", shape: [count], data: weights } } : {}),
  };
}

/** Mean cross-entropy, each image by its weight. */
function meanLoss(logits: Value, targets: Value, weights: Value | undefined): Value {
  if (!weights) return softmaxCrossEntropy(logits, targets);
  return reduceMean(mul(softmaxCrossEntropy(logits, targets, { reduction: "none" }), weights), { keepDims: false });
}
