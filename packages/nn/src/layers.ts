// Layers as functions of values. A layer finds its parameters by name, `<layer>.weight` and `<layer>.bias`, named and
// shaped as in a PyTorch state_dict; next to each layer stands the function that lays them out.
import {
  type ConvOptions,
  cast,
  conv,
  formatShape,
  gemm,
  type Layout,
  less,
  mul,
  ShapeError,
  type Value,
  type Values,
} from "@reprise/engine";

/** Parameters of `linear`: weight [out, in], bias [out]. */
export const linearParameters = (name: string, inputs: number, outputs: number): Layout => ({
  [`${name}.weight`]: [outputs, inputs],
  [`${name}.bias`]: [outputs],
});

/**
 * y = x·Wᵀ + b.
 *
 * @param x  [N, in]
 * @returns  [N, out]
 * @throws   ShapeError when x does not have `in` columns
 */
export function linear(parameters: Values, name: string, x: Value): Value {
  const W = find(parameters, `${name}.weight`);
  if (x.shape.length !== 2 || x.shape[1] !== W.shape[1]) {
    throw new ShapeError(
      `linear "${name}": input is ${formatShape(x.shape)}, weight ${formatShape(W.shape)} expects [N, ${W.shape[1]}]; flatten it or check the previous layer's output`,
    );
  }
  return gemm(x, W, find(parameters, `${name}.bias`), { transB: true });
}

/** Parameters of `conv2d`: weight [outputs, inputs / group, size, size], bias [outputs]. */
export const conv2dParameters = (
  name: string,
  inputs: number,
  outputs: number,
  size: number,
  { group = 1, bias = true }: { readonly group?: number; readonly bias?: boolean } = {},
): Layout => ({
  [`${name}.weight`]: [outputs, inputs / group, size, size],
  ...(bias ? { [`${name}.bias`]: [outputs] } : {}),
});

/**
 * Convolution over images, plus its bias unless `bias` is false, as before batch normalisation.
 *
 * @param x  [N, C, H, W]
 * @returns  [N, K, H′, W′]
 * @throws   ShapeError when x has other channels than the weight
 */
export function conv2d(
  parameters: Values,
  name: string,
  x: Value,
  { bias = true, ...options }: ConvOptions & { readonly bias?: boolean } = {},
): Value {
  try {
    const B = bias ? find(parameters, `${name}.bias`) : null;
    return conv(x, find(parameters, `${name}.weight`), B, options);
  } catch (error) {
    if (error instanceof ShapeError) throw new ShapeError(`conv2d "${name}": ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * Inverted dropout: each element is 0 with probability `rate`, else divided by 1 − rate, so that the mean stays and
 * evaluation needs no scaling. The randomness comes in as a value, so that a run is repeated by its seed.
 *
 * @param uniform  numbers in [0, 1) in x's shape: what a network declares under `noise` and the trainer draws
 * @param rate     in [0, 1)
 * @see Srivastava et al. 2014
 */
export function dropout(x: Value, uniform: Value, { rate }: { readonly rate: number }): Value {
  if (!(rate >= 0 && rate < 1))
    throw new RangeError(`dropout: rate is ${rate}; expected a number from 0 up to below 1`);
  if (`${x.shape}` !== `${uniform.shape}`) {
    throw new ShapeError(`dropout: x is ${formatShape(x.shape)}, its noise ${formatShape(uniform.shape)}`);
  }
  const kept = cast(less(rate, uniform), x.dtype);
  return mul(x, mul(kept, 1 / (1 - rate)));
}

function find(parameters: Values, name: string): Value {
  const value = parameters[name];
  if (!value) throw new Error(`layer: no parameter "${name}"; there are ${Object.keys(parameters).join(", ")}`);
  return value;
}
