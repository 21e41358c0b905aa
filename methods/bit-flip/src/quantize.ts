// Quantisation of weights, §3.1: integers of N_q bits times a step, symmetric about 0.
import type { Bits } from "./bits.ts";

/** Weights as integers with their step. */
export interface QuantizedWeights {
  /** Row-major, in the weights' own shape. */
  readonly values: Int8Array;
  /** Δw: one step for all weights, or one for each output channel (the first axis). */
  readonly step: Float32Array;
  readonly bits: Bits;
}

export interface QuantizeOptions {
  /** N_q, 2 to 8. */
  readonly bits: Bits;
  /** 1 for a step of the whole array; the number of output channels for a step of each, along axis 0. */
  readonly channels?: number;
}

/**
 * Δw = max|W| / (2^(N−1) − 1) and the nearest multiples, ties to even: eq. (1) and (2). An array of zeros has step 1.
 *
 * @param weights  row-major, finite
 * @throws RangeError for bits outside 2 … 8, channels that do not divide the array, or a weight that is not finite
 */
export function quantize(weights: Float32Array, { bits, channels = 1 }: QuantizeOptions): QuantizedWeights {
  if (!(Number.isInteger(bits) && bits >= 2 && bits <= 8))
    throw new RangeError(`quantize: bits is ${bits}; expected a whole number from 2 to 8.`);
  if (!(Number.isInteger(channels) && channels >= 1 && weights.length % channels === 0))
    throw new RangeError(`quantize: ${channels} channels do not divide ${weights.length} weights.`);
  const bad = weights.findIndex((w) => !Number.isFinite(w));
  if (bad >= 0) throw new RangeError(`quantize: weight ${bad} is ${weights[bad]}; expected finite numbers.`);
  const highest = 2 ** (bits - 1) - 1;
  const each = weights.length / channels;
  const values = new Int8Array(weights.length);
  const step = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    let largest = 0;
    for (let i = c * each; i < (c + 1) * each; i++) largest = Math.max(largest, Math.abs(weights[i]!));
    // float32 as the quotient is everywhere else, so that W/Δw rounds alike.
    const delta = Math.fround(largest / highest) || 1;
    step[c] = delta;
    for (let i = c * each; i < (c + 1) * each; i++) values[i] = roundToEven(Math.fround(weights[i]! / delta));
  }
  return { values, step, bits };
}

/** The weights that the integers stand for: value · Δw. */
export function dequantize({ values, step }: QuantizedWeights): Float32Array {
  const each = values.length / step.length;
  return Float32Array.from(values, (value, i) => value * step[Math.floor(i / each)]!);
}

function roundToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
}
