// An array of a model in memory, and what its numbers stand for.
import { floatOf } from "./floats.ts";
import { channelOf } from "./quantize.ts";
import type { VictimLayer } from "./victim.ts";

/** Integers that stand for (value − zeroPoint) · step, or floats by their bits, as the file holds them. */
export interface MemoryLayer extends VictimLayer {
  /** One for all weights, or one for each slice along `axis`; [1] of floats. */
  readonly step: Float32Array;
  readonly zeroPoint?: ArrayLike<number>;
  /** Along which the steps go; 0 if left out. */
  readonly axis?: number;
}

/** The weight that a value of a layer stands for. */
export function weightOf(layer: MemoryLayer, index: number, value: number): number {
  const { zeroPoint, shape, step, axis = 0, format } = layer;
  if (format) return floatOf(value, format);
  const zero = zeroPoint ? zeroPoint[channelOf(shape, axis, zeroPoint.length)(index)]! : 0;
  return Math.fround((value - zero) * step[channelOf(shape, axis, step.length)(index)]!);
}

/** dL/dW_q = dL/dW · Δw: the gradient in the integers; of floats in the floats themselves. */
export function gradientInMemory({ shape, step, axis = 0 }: MemoryLayer, gradient: Float32Array): Float32Array {
  const channel = channelOf(shape, axis, step.length);
  return gradient.map((d, index) => d * step[channel(index)]!);
}
