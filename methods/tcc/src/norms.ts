// Normalisation as the published encoders have it, over the batch, or over groups of channels of each frame.
import { groupNorm, type Layout, type Value, type Values } from "@reprise/engine";
import { BatchNorms, batchNormParameters } from "@reprise/nn";

export const normParameters = batchNormParameters;

const GROUPS = 8;

/** The normalisations of one forward pass. */
export interface Norms {
  apply(name: string, x: Value): Value;
  /** Running statistics after it, by name. */
  updated(x: Value): Values;
}

/** @param training  whether the batch's own statistics are used, and the running ones move */
export function normsOf(kind: "batch" | "group", p: Values, training: boolean): Norms {
  if (kind === "group")
    return {
      apply: (name, x) => groupNorm(x, { scale: p[`${name}.weight`]!, bias: p[`${name}.bias`]! }, { groups: GROUPS }),
      updated: () => ({}),
    };
  const norms = new BatchNorms(p, { training, buffers: p });
  return { apply: (name, x) => norms.apply(name, x), updated: (x) => norms.result(x).buffers ?? {} };
}

/** Names of the normalisations' arrays in a layout. */
export const isNorm = (layout: Layout, name: string): boolean => {
  const weight = layout[name.replace(/\.bias$/, ".weight")];
  return weight?.length === 1;
};
