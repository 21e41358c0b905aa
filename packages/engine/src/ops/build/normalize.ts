// Normalisation.
import type { Value } from "../../ir/graph.ts";
import { defaults, type Numbers } from "../defaults.ts";

export interface BatchNormOptions {
  /** Added to the variance. */
  readonly epsilon?: number;
}
/** (X − mean)/√(variance + ε)·scale + bias per channel: X [N, C, …], the others [C]. */
export function batchNormalization(
  X: Value,
  parameters: { readonly scale: Value; readonly bias: Value; readonly mean: Value; readonly variance: Value },
  { epsilon = defaults.BatchNormalization.epsilon }: BatchNormOptions = {},
): Value {
  const { scale, bias, mean, variance } = parameters;
  return X.graph.add("BatchNormalization", [X, scale, bias, mean, variance], { epsilon })[0]!;
}
/** X normalised by its own mean and (biased) variance over N and space, which come out too: [C] each. */
export function batchNormalizationTraining(
  X: Value,
  { scale, bias }: { readonly scale: Value; readonly bias: Value },
  { epsilon = defaults.BatchNormalization.epsilon }: BatchNormOptions = {},
): { readonly y: Value; readonly mean: Value; readonly variance: Value } {
  const [y, mean, variance] = X.graph.add("BatchNormalizationTraining", [X, scale, bias], { epsilon });
  return { y: y!, mean: mean!, variance: variance! };
}
/** X normalised over the axes from `axis` on, then ·scale + bias, both of the shape of those axes. */
export const layerNormalization = (
  X: Value,
  { scale, bias }: { readonly scale: Value; readonly bias?: Value },
  options: Numbers<"LayerNormalization"> = {},
): Value => {
  const { axis, epsilon } = { ...defaults.LayerNormalization, ...options };
  const at = axis < 0 ? axis + X.shape.length : axis;
  return X.graph.add("LayerNormalization", bias ? [X, scale, bias] : [X, scale], {
    axis: at,
    epsilon,
    stash_type: 1,
  })[0]!;
};
/** X/(bias + α/size·Σ X²)^β, the sum over `size` neighbouring channels: AlexNet's response normalisation. */
export const lrn = (X: Value, options: Numbers<"LRN"> & { readonly size: number }): Value =>
  X.graph.add("LRN", [X], { ...defaults.LRN, ...options })[0]!;
