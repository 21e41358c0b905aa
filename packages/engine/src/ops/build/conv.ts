// Convolution and pooling; spatial axes 1 to 3, NC….
import type { Attrs, Value } from "../../ir/graph.ts";
import type { Shape } from "../../ir/type.ts";
import { first, unary } from "./operand.ts";

export interface ConvOptions {
  readonly strides?: readonly number[];
  /** Begin of every spatial axis, then end of every one; a single list of begins is used for both. */
  readonly pads?: readonly number[];
  readonly dilations?: readonly number[];
  readonly group?: number;
}
function convAttrs(spatial: number, { strides, pads, dilations, group = 1 }: ConvOptions) {
  const both = pads?.length === spatial ? [...pads, ...pads] : pads;
  return {
    strides: strides ?? Array(spatial).fill(1),
    pads: both ?? Array(2 * spatial).fill(0),
    dilations: dilations ?? Array(spatial).fill(1),
    group,
  };
}
/** Cross-correlation of X [N, C, …] with W [K, C/group, k…], plus a bias [K]. */
export function conv(X: Value, W: Value, B: Value | null = null, options: ConvOptions = {}): Value {
  const attrs = { ...convAttrs(W.shape.length - 2, options), kernel_shape: W.shape.slice(2) };
  return first(X.graph.add("Conv", B ? [X, W, B] : [X, W], attrs));
}
/** The gradient of conv in its input: the X of shape [N, C, …] that W [K, C/group, k…] and dY [N, K, …] give. */
export const convInputGrad = (W: Value, dY: Value, inputShape: Shape, options: ConvOptions = {}): Value =>
  first(W.graph.add("ConvInputGrad", [W, dY], { ...convAttrs(W.shape.length - 2, options), input_shape: inputShape }));
/** The gradient of conv in its weights: W of shape [K, C/group, k…] from X [N, C, …] and dY [N, K, …]. */
export const convWeightGrad = (X: Value, dY: Value, weightShape: Shape, options: ConvOptions = {}): Value =>
  first(
    X.graph.add("ConvWeightGrad", [X, dY], { ...convAttrs(X.shape.length - 2, options), weight_shape: weightShape }),
  );
/** conv's transpose: X [N, C, …], W [C, K/group, k…] → [N, K, …]. */
export function convTranspose(
  X: Value,
  W: Value,
  B: Value | null = null,
  options: ConvOptions & { readonly outputPadding?: readonly number[] } = {},
): Value {
  const spatial = W.shape.length - 2;
  const attrs = {
    ...convAttrs(spatial, options),
    kernel_shape: W.shape.slice(2),
    output_padding: options.outputPadding ?? Array(spatial).fill(0),
  };
  return first(X.graph.add("ConvTranspose", B ? [X, W, B] : [X, W], attrs));
}
export interface PoolOptions extends Omit<ConvOptions, "group"> {
  readonly kernel: readonly number[];
  /** Sizes rounded up instead of down. */
  readonly ceilMode?: boolean;
}
function poolAttrs({ kernel, ceilMode = false, ...options }: PoolOptions) {
  const { group: _, ...attrs } = convAttrs(kernel.length, { strides: kernel, ...options });
  return { ...attrs, kernel_shape: kernel, ceil_mode: ceilMode ? 1 : 0 };
}
/** The largest element of each window. Strides default to the kernel. */
export const maxPool = (X: Value, options: PoolOptions): Value =>
  first(X.graph.add("MaxPool", [X], { ...poolAttrs(options), storage_order: 0 }));
/** The mean of each window. Strides default to the kernel. */
export function averagePool(X: Value, options: PoolOptions & { readonly countIncludePad?: boolean }): Value {
  const { dilations: _, ...attrs } = poolAttrs(options);
  return first(X.graph.add("AveragePool", [X], { ...attrs, count_include_pad: options.countIncludePad ? 1 : 0 }));
}
/** The gradient of max pooling in its input, with the attributes of its node. */
export const maxPoolGrad = (X: Value, dY: Value, attrs: Attrs): Value =>
  first(X.graph.add("MaxPoolGrad", [X, dY], attrs));
/** D at the place of the largest element of each window of X, with the attributes of the pooling node. */
export const maxPoolAt = (X: Value, D: Value, attrs: Attrs): Value => first(X.graph.add("MaxPoolAt", [X, D], attrs));
/** The gradient of average pooling in its input, with the attributes of its node. */
export const averagePoolGrad = (dY: Value, inputShape: Shape, attrs: Attrs): Value =>
  first(dY.graph.add("AveragePoolGrad", [dY], { ...attrs, input_shape: inputShape }));
/** The mean of each channel, kept as [N, C, 1, …]. */
export const globalAveragePool = (X: Value): Value => unary("GlobalAveragePool", X);
/** The largest element of each channel, kept as [N, C, 1, …]. */
export const globalMaxPool = (X: Value): Value => unary("GlobalMaxPool", X);
