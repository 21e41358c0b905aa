// Initial parameters. fan_in and fan_out are a weight's inputs and outputs per unit: [out, in, k…] has
// fan_in = in·Πk, fan_out = out·Πk. Numbers are drawn in the order of the layout, so a seed fixes every one of them.
import type { Random } from "@reprise/data";
import { type Layout, layoutSize, sizeOf, unflatten } from "@reprise/engine";

export interface Fans {
  readonly in: number;
  readonly out: number;
}

/** Draws one number of an array with these fans. */
export type Init = (random: Random, fans: Fans) => number;

const uniform =
  (bound: (fans: Fans) => number): Init =>
  (random, fans) =>
    random.uniform(-bound(fans), bound(fans));

/** 0 everywhere. */
export const zeros: Init = () => 0;

/** N(0, σ²). */
export const normal =
  (standardDeviation: number): Init =>
  (random) =>
    random.normal(0, standardDeviation);

/** U(±√(6 / fan_in)), variance 2 / fan_in: keeps the variance through ReLU layers. @see He et al. 2015, eq. (10) */
export const heUniform: Init = uniform((fans) => Math.sqrt(6 / fans.in));

/** N(0, 2 / fan_in). @see He et al. 2015, eq. (10) */
export const heNormal: Init = (random, fans) => random.normal(0, Math.sqrt(2 / fans.in));

/** N(0, 2 / fan_out): keeps the variance of gradients instead. @see He et al. 2015, eq. (14) */
export const heNormalFanOut: Init = (random, fans) => random.normal(0, Math.sqrt(2 / fans.out));

/** U(±√(6 / (fan_in + fan_out))), variance 2 / (fan_in + fan_out). @see Glorot and Bengio 2010, eq. (16) */
export const glorotUniform: Init = uniform((fans) => Math.sqrt(6 / (fans.in + fans.out)));

/** N(0, 2 / (fan_in + fan_out)). @see Glorot and Bengio 2010, eq. (12) */
export const glorotNormal: Init = (random, fans) => random.normal(0, Math.sqrt(2 / (fans.in + fans.out)));

/**
 * PyTorch's default for the weight and the bias of a linear or convolution layer alike: U(±1/√fan_in). For weights
 * PyTorch writes it kaiming_uniform with a = √5, whose bound √(6 / ((1 + a²)·fan_in)) is the same number.
 */
export const torchDefault: Init = uniform((fans) => 1 / Math.sqrt(fans.in));

export interface InitRules {
  /** For arrays of two axes or more. */
  readonly weight?: Init;
  /** For arrays of one axis, with the fans of the weight of the same layer. */
  readonly bias?: Init;
}

/**
 * The flat vector of a layout, drawn by rules; PyTorch's defaults when absent. A normalisation, whose `weight` has one
 * axis, starts as the identity: 1 and 0.
 *
 * @throws Error when a bias `a.bias` has no weight `a.weight` to take its fans from
 */
export function initialize(
  layout: Layout,
  random: Random,
  { weight = torchDefault, bias = torchDefault }: InitRules = {},
): Float32Array {
  const flat = new Float32Array(layoutSize(layout));
  for (const [name, { shape, data }] of Object.entries(unflatten(flat, layout))) {
    const isBias = shape.length < 2;
    const of = isBias ? layout[name.replace(/[^.]*$/, "weight")] : shape;
    if (!of) throw new Error(`initialize: "${name}" has no weight beside it to take its fan_in from`);
    if (of.length < 2) {
      data.fill(name.endsWith(".weight") ? 1 : 0);
      continue;
    }
    const fans = fansOf(of);
    const init = isBias ? bias : weight;
    for (let i = 0; i < data.length; i++) data[i] = init(random, fans);
  }
  return flat;
}

/** Flat vectors one after the other: a network's, of its parts drawn by different rules. */
export function joined(...parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function fansOf(shape: readonly number[]): Fans {
  const [outputs, inputs, ...kernel] = shape as [number, number, ...number[]];
  const taps = sizeOf(kernel);
  return { in: inputs * taps, out: outputs * taps };
}
