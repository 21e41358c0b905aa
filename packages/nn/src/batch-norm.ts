// Batch normalisation as a layer: scale and shift are parameters `<layer>.weight` and `<layer>.bias`, the running
// statistics buffers `<layer>.running_mean` and `<layer>.running_var`, as in a PyTorch state_dict.
import {
  batchNorm as batchNormOp,
  type Layout,
  layoutSize,
  ShapeError,
  unflatten,
  type Value,
  type Values,
} from "@reprise/engine";
import type { ForwardContext, ForwardResult } from "./network.ts";

/** Parameters of a batch normalisation of C channels: weight [C], bias [C]. */
export const batchNormParameters = (name: string, channels: number): Layout => ({
  [`${name}.weight`]: [channels],
  [`${name}.bias`]: [channels],
});

/** The buffers of every batch normalisation among a network's parameters, in their order. */
export function batchNormBuffers(parameters: Layout): Layout {
  const buffers: Record<string, readonly number[]> = {};
  for (const [name, shape] of Object.entries(parameters)) {
    if (shape.length !== 1 || !name.endsWith(".weight")) continue;
    const layer = name.slice(0, -".weight".length);
    buffers[`${layer}.running_mean`] = shape;
    buffers[`${layer}.running_var`] = shape;
  }
  return buffers;
}

/** What these buffers start as: mean 0, variance 1. */
export function initialStatistics(buffers: Layout): Float32Array {
  const flat = new Float32Array(layoutSize(buffers));
  for (const [name, { data }] of Object.entries(unflatten(flat, buffers)))
    if (name.endsWith(".running_var")) data.fill(1);
  return flat;
}

/** The batch normalisations of one forward pass, which hand on the statistics that they have updated. */
export class BatchNorms {
  readonly #parameters: Values;
  readonly #buffers: Values;
  readonly #training: boolean;
  readonly #updated: Record<string, Value> = {};

  constructor(parameters: Values, { training = false, buffers = {} }: Partial<ForwardContext> = {}) {
    this.#parameters = parameters;
    this.#buffers = buffers;
    this.#training = training;
  }

  /**
   * Normalised by the batch's statistics in training, by the running ones otherwise; then scaled and shifted.
   *
   * @param x  [N, C, H, W]
   * @throws   ShapeError naming the layer when x has other channels, Error when an array of the layer is missing
   */
  apply(name: string, x: Value): Value {
    const find = (values: Values, key: string): Value => {
      const value = values[`${name}.${key}`];
      if (!value) throw new Error(`batch normalisation "${name}": "${name}.${key}" is missing`);
      return value;
    };
    const state = {
      scale: find(this.#parameters, "weight"),
      bias: find(this.#parameters, "bias"),
      runningMean: find(this.#buffers, "running_mean"),
      runningVariance: find(this.#buffers, "running_var"),
    };
    try {
      const { y, runningMean, runningVariance } = batchNormOp(x, state, { training: this.#training });
      this.#updated[`${name}.running_mean`] = runningMean;
      this.#updated[`${name}.running_var`] = runningVariance;
      return y;
    } catch (error) {
      if (error instanceof ShapeError)
        throw new ShapeError(`batch normalisation "${name}": ${error.message}`, { cause: error });
      throw error;
    }
  }

  /** What a network returns: the logits, and in training the statistics after this batch. */
  result(logits: Value): ForwardResult {
    return this.#training ? { logits, buffers: this.#updated } : { logits };
  }
}
