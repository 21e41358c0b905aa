// Quantisation of weights, §3.1: integers of N_q bits times a step, symmetric about 0.
import type { Bits } from "./bits.ts";

/** Weights as integers with their steps. */
export interface QuantizedWeights {
  /** Row-major, in the weights' own shape. */
  readonly values: Int8Array;
  /** Δw: one step for all weights, or one for each slice along `axis`. */
  readonly step: Float32Array;
  /** Of one bit, whose two integers −1 and 0 stand for −Δw/2 and Δw/2; 0 where left out. */
  readonly zeroPoint?: readonly number[];
  readonly axis: number;
  readonly bits: Bits;
}

export interface QuantizeOptions {
  /** N_q, 1 to 8; 1 keeps only signs, for networks that were trained so. */
  readonly bits: Bits;
  /** A step for each slice along this axis (the output channels); one for the whole array if left out. */
  readonly axis?: number;
}

/**
 * Δw = max|W| / (2^(N−1) − 1) and the nearest multiples, ties to even: eq. (1) and (2). Zeros alone have step 1.
 * Of one bit: signs times the mean magnitude, as binarised networks are trained.
 *
 * @param weights  row-major in `shape`, finite
 * @throws RangeError for bits outside 1 … 8, an axis that the shape does not have, or a weight that is not finite
 */
export function quantize(
  weights: Float32Array,
  shape: readonly number[],
  { bits, axis }: QuantizeOptions,
): QuantizedWeights {
  if (!(Number.isInteger(bits) && bits >= 1 && bits <= 8))
    throw new RangeError(`quantize: bits is ${bits}; expected a whole number from 1 to 8.`);
  if (axis !== undefined && shape[axis] === undefined)
    throw new RangeError(
      `quantize: axis is ${axis}; weights of [${shape.join(", ")}] have axes 0 to ${shape.length - 1}.`,
    );
  const bad = weights.findIndex((w) => !Number.isFinite(w));
  if (bad >= 0) throw new RangeError(`quantize: weight ${bad} is ${weights[bad]}; expected finite numbers.`);
  const channels = axis === undefined ? 1 : shape[axis]!;
  if (bits === 1) return signs(weights, shape, axis ?? 0, channels);
  const largest = new Float32Array(channels);
  const channel = channelOf(shape, axis ?? 0, channels);
  for (let i = 0; i < weights.length; i++) {
    const c = channel(i);
    largest[c] = Math.max(largest[c]!, Math.abs(weights[i]!));
  }
  // Float32, as this quotient is computed everywhere else, so that W / Δw rounds alike.
  const step = largest.map((most) => most / (2 ** (bits - 1) - 1) || 1);
  const values = new Int8Array(weights.length);
  for (let i = 0; i < weights.length; i++) values[i] = roundToEven(Math.fround(weights[i]! / step[channel(i)]!));
  return { values, step, axis: axis ?? 0, bits };
}

/** −1 and 0, the integers of one bit, for the signs; Δw is twice the mean magnitude. */
function signs(weights: Float32Array, shape: readonly number[], axis: number, channels: number): QuantizedWeights {
  const channel = channelOf(shape, axis, channels);
  const sums = new Float64Array(channels);
  for (let i = 0; i < weights.length; i++) sums[channel(i)]! += Math.abs(weights[i]!);
  const step = Float32Array.from(sums, (sum) => (2 * sum * channels) / weights.length || 1);
  return { values: Int8Array.from(weights, (w) => (w < 0 ? -1 : 0)), step, axis, bits: 1, zeroPoint: [-0.5] };
}

/** The weights that the integers stand for: (value − zero point) · Δw. */
export function dequantize(
  { values, step, axis, zeroPoint }: QuantizedWeights,
  shape: readonly number[],
): Float32Array {
  const channel = channelOf(shape, axis, step.length);
  return Float32Array.from(values, (value, i) => (value - (zeroPoint?.[0] ?? 0)) * step[channel(i)]!);
}

/** Which of `count` slices along the axis holds a row-major place; 0 where there is one for all. */
export function channelOf(shape: readonly number[], axis: number, count: number): (index: number) => number {
  if (count === 1) return () => 0;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  return (index) => Math.floor(index / inner) % count;
}

function roundToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
}
