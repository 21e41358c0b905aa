// A victim whose loss and gradients are graphs of the engine.
import {
  type Compiled,
  compile,
  exportOnnx,
  type Graph,
  gradient,
  lower,
  type Runtime,
  softmaxCrossEntropy,
  type Tensor,
  trace,
  type Value,
} from "@reprise/engine";
import type { Bits } from "./bits.ts";
import { candidateGraph } from "./candidate-graph.ts";
import { channelOf } from "./quantize.ts";
import type { Victim, VictimLayer, WeightChange } from "./victim.ts";

/** A layer's integers and what they stand for: (value − zeroPoint) · step. */
export interface IntegerLayer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly bits: Bits;
  readonly signed: boolean;
  readonly values: Int8Array | Uint8Array;
  /** One for all weights, or one for each slice along `axis`. */
  readonly step: Float32Array;
  readonly zeroPoint?: ArrayLike<number>;
  /** Along which the steps go; 0 if left out. */
  readonly axis?: number;
}

/** A classifier as a function of its layers' weights. */
export interface NetworkGraph {
  readonly layers: readonly IntegerLayer[];
  /** @returns logits [N, K] of images [N, …], with the layers' weights as floats in their own shapes */
  logits(images: Value, weights: readonly Value[]): Value;
}

export interface Sample {
  /** As the network takes them, [N, …]. */
  readonly images: Tensor<"float32">;
  /** The labels whose cross-entropy is the loss, [N]; the clean network's own answers where left out, as in the paper. */
  readonly targets?: Int32Array;
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
  const victim = new GraphVictim(runtime, network, images, targets);
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

/** Numbers of a layer's activations that one run of all candidates holds, at most. */
const largestArray = 2 ** 22;

export class GraphVictim implements Victim {
  readonly layers: readonly VictimLayer[];
  readonly #runtime: Runtime;
  readonly #network: NetworkGraph;
  readonly #sample: Required<Sample>;
  readonly #weights: Float32Array[];
  readonly #backward: Compiled<string, string>;
  readonly #forward: Compiled<string, string>;
  readonly #lossOnly: Compiled<string, string>;

  /** Use `graphVictim`, which checks and completes the sample. */
  constructor(runtime: Runtime, network: NetworkGraph, images: Tensor<"float32">, targets: Int32Array) {
    this.#runtime = runtime;
    this.#network = network;
    this.#sample = { images, targets };
    this.layers = network.layers.map(({ name, shape, bits, signed, values }) => ({
      name,
      shape,
      bits,
      signed,
      values: values.slice(),
    }));
    this.#weights = network.layers.map((layer) =>
      Float32Array.from(layer.values, (value, index) => weightOf(layer, index, value)),
    );
    this.#backward = compile(runtime, (inputs) => {
      const { images, targets, ...rest } = inputs;
      const weights = Object.values(rest);
      const loss = softmaxCrossEntropy(network.logits(images!, weights), targets!);
      const gradients = gradient(loss, weights);
      return { loss, ...Object.fromEntries(gradients.map((dw, i) => [`d${i}`, dw])) };
    });
    this.#lossOnly = compile(runtime, (inputs) => {
      const { images, targets, ...weights } = inputs;
      return { loss: softmaxCrossEntropy(network.logits(images!, Object.values(weights)), targets!) };
    });
    this.#forward = compile(runtime, (inputs) => {
      const { images, ...weights } = inputs;
      return { logits: network.logits(images!, Object.values(weights)) };
    });
  }

  /** L as the integers are now. */
  async loss(): Promise<number> {
    const { images, targets } = this.#sample;
    const { loss } = await this.#lossOnly.run({ images, targets: targetTensor(targets), ...this.#inputs() });
    return (loss!.data as Float32Array)[0]!;
  }

  async lossAndGradients(): Promise<{ loss: number; gradients: Float32Array[] }> {
    const { images, targets } = this.#sample;
    const answer = await this.#backward.run({ images, targets: targetTensor(targets), ...this.#inputs() });
    const gradients = this.#network.layers.map((layer, i) => {
      const dw = answer[`d${i}`]!.data as Float32Array;
      // dL/dW_q = dL/dW · Δw
      const channel = channelOf(layer.shape, layer.axis ?? 0, layer.step.length);
      return dw.map((d, index) => d * layer.step[channel(index)]!);
    });
    return { loss: (answer.loss!.data as Float32Array)[0]!, gradients };
  }

  async losses(candidates: readonly (readonly WeightChange[])[], signal?: AbortSignal): Promise<number[]> {
    const losses: number[] = new Array(candidates.length);
    // A graph tries one candidate of each layer.
    for (let left = [...candidates.keys()]; left.length > 0; ) {
      signal?.throwIfAborted();
      const now = new Map<number, number>();
      for (const i of left) if (!now.has(layerOf(candidates[i]!))) now.set(layerOf(candidates[i]!), i);
      const found = await this.#lossesOfLayers(new Map([...now].map(([layer, i]) => [layer, candidates[i]!])), signal);
      for (const [layer, i] of now) losses[i] = found[layer]!;
      left = left.filter((i) => losses[i] === undefined);
    }
    return losses;
  }

  /** Loss by layer, each with that layer's changes alone. */
  async #lossesOfLayers(
    candidates: ReadonlyMap<number, readonly WeightChange[]>,
    signal: AbortSignal | undefined,
  ): Promise<number[]> {
    const { images, targets } = this.#sample;
    const count = targets.length;
    const rows = this.#rowsAtOnce();
    const changes = [...candidates].map(([layer, places]) => ({
      layer,
      places: places.map(({ index, value }) => ({
        index,
        weight: weightOf(this.#network.layers[layer]!, index, value),
      })),
    }));
    const graph = candidateGraph(this.#plain(rows), this.#weights, changes);
    // Weights are constants, so that the runtime brings them into its own layout; loading costs a hundredth of a run.
    const session = await this.#runtime.load(exportOnnx(lower(graph, this.#runtime.target)), { purpose: "infer" });
    const each = images.data.length / count;
    const sums = new Array<number>(this.layers.length).fill(0);
    try {
      for (let row = 0; row < count; row += rows) {
        signal?.throwIfAborted();
        const answer = await session.run({
          images: {
            dtype: "float32",
            shape: [rows, ...images.shape.slice(1)],
            data: images.data.subarray(row * each, (row + rows) * each),
          },
          targets: targetTensor(targets.slice(row, row + rows)),
        });
        const losses = (answer.losses as Tensor).data as Float32Array;
        for (let layer = 0; layer < sums.length; layer++) sums[layer]! += losses[layer + 1]! * rows;
      }
    } finally {
      await session.release();
    }
    return sums.map((sum) => sum / count);
  }

  #plain(rows: number): Graph {
    return trace(
      ({ images, ...weights }: Record<string, Value>) => ({
        logits: this.#network.logits(images!, Object.values(weights)),
      }),
      { images: { dtype: "float32", shape: [rows, ...this.#sample.images.shape.slice(1)] }, ...this.#inputs() },
    );
  }

  /** Images of one run: so many that the largest array of all candidates stays in the cache. */
  #rowsAtOnce(): number {
    const sizes = this.#plain(1).nodes.map(({ outputs }) => outputs[0]!.shape.reduce((a, b) => a * b, 1));
    const largest = Math.max(...sizes) * (this.layers.length + 1);
    let rows = this.#sample.targets.length;
    while (rows % 2 === 0 && rows * largest > largestArray) rows /= 2;
    return rows;
  }

  set(changes: readonly WeightChange[]): void {
    for (const { layer, index, value } of changes) {
      this.layers[layer]!.values[index] = value;
      this.#weights[layer]![index] = weightOf(this.#network.layers[layer]!, index, value);
    }
  }

  /** Logits of other images as the integers are now, [N, K] row-major. */
  async logits(images: Tensor<"float32">): Promise<Float32Array> {
    const { logits } = await this.#forward.run({ images, ...this.#inputs() });
    return logits!.data as Float32Array;
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

function weightOf(layer: IntegerLayer, index: number, value: number): number {
  const { zeroPoint, shape, step, axis = 0 } = layer;
  const zero = zeroPoint ? zeroPoint[channelOf(shape, axis, zeroPoint.length)(index)]! : 0;
  return Math.fround((value - zero) * step[channelOf(shape, axis, step.length)(index)]!);
}

/** The first place of the largest score of each row. */
export function largestOfRows(scores: Float32Array, classes: number): Int32Array {
  return Int32Array.from({ length: scores.length / classes }, (_, row) => {
    let best = 0;
    for (let k = 1; k < classes; k++) if (scores[row * classes + k]! > scores[row * classes + best]!) best = k;
    return best;
  });
}

function layerOf(changes: readonly WeightChange[]): number {
  return changes[0]!.layer;
}

function targetTensor(targets: Int32Array): Tensor {
  return { dtype: "int64", shape: [targets.length], data: BigInt64Array.from(targets, BigInt) };
}
