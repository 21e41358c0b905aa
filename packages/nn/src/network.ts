// What a network is here: names and shapes of its arrays, how they start, and the graph from a batch to logits.
import type { Random } from "@reprise/data";
import { type Layout, layoutSize, type Shape, type Tensor, unflatten, type Value, type Values } from "@reprise/engine";
import type { Recipe } from "./recipe.ts";

export interface ForwardContext {
  /** True inside a training step: dropout drops, statistics are updated. */
  readonly training: boolean;
  readonly buffers: Values;
  /** Uniform noise in [0, 1) for each entry of the network's `noise`, [N, …its shape]; given only in training. */
  readonly noise: Values;
}

export interface ForwardResult {
  /** Scores before softmax, [N, K]. */
  readonly logits: Value;
  /** New values of every buffer, when there are buffers and `training` is set. */
  readonly buffers?: Values;
}

/** A classifier of images. */
export interface Network {
  /** As on the command line, e.g. `fc100-100-10`. */
  readonly name: string;
  /** One sentence for lists and help texts. */
  readonly summary: string;
  /** Shape of one example, without the batch axis. */
  readonly inputShape: Shape;
  /** K. */
  readonly classes: number;
  readonly parameters: Layout;
  /** Arrays without gradient that training updates, e.g. running means. */
  readonly buffers?: Layout;
  /** Random numbers that one example of a training batch consumes, by name. */
  readonly noise?: Layout;
  /** Initial parameters as one flat vector in the order of `parameters`. */
  init(random: Random): Float32Array;
  /** What the buffers start as, in the order of `buffers`; zeros when absent. */
  initBuffers?(): Float32Array;
  /** @param x  [N, …inputShape] */
  forward(parameters: Values, x: Value, context?: Partial<ForwardContext>): ForwardResult;
  /** What training adds to the mean cross-entropy: a scalar. */
  penalty?(parameters: Values): Value;
  /** How we train it. */
  readonly recipe: Recipe;
}

/** A network's arrays on the host: flat vectors in the order of its layouts. */
export interface Weights {
  readonly parameters: Float32Array;
  /** Left out by networks that have none. */
  readonly buffers?: Float32Array;
}

/** Drawn parameters, and the buffers' start. */
export function initialWeights(network: Network, random: Random): Weights {
  const parameters = network.init(random);
  return network.buffers
    ? { parameters, buffers: network.initBuffers?.() ?? new Float32Array(layoutSize(network.buffers)) }
    : { parameters };
}

/**
 * A network's arrays by name: views of the flat vectors.
 *
 * @throws Error when a vector is not as long as the network's layout
 */
export function weightsByName(
  { name, parameters, buffers = {} }: Network,
  weights: Weights,
): { parameters: Record<string, Tensor<"float32">>; buffers: Record<string, Tensor<"float32">> } {
  const of = (what: string, flat: Float32Array, layout: Layout) => {
    const size = layoutSize(layout);
    if (flat.length !== size)
      throw new Error(`${name}: ${flat.length} ${what} given, the network has ${size}; are they another network's?`);
    return unflatten(flat, layout);
  };
  return {
    parameters: of("parameters", weights.parameters, parameters),
    buffers: of("buffers", weights.buffers ?? new Float32Array(0), buffers),
  };
}
