import { batchNorm, groupNorm, instanceNorm, type Value } from "@reprise/engine";
import type { Row } from "./row.ts";

const batchNormAll =
  (training: boolean) =>
  (x: Value, scale: Value, bias: Value, ...[mean, variance]: Value[]): Value[] => {
    const { y, runningMean, runningVariance } = batchNorm(
      x,
      { scale, bias, runningMean: mean!, runningVariance: variance! },
      { training },
    );
    return training ? [y, runningMean, runningVariance] : [y];
  };

export const rows: Record<string, Row> = {
  batchNorm: {
    cases: { training: batchNormAll(true), evaluation: batchNormAll(false) },
    wrong: [
      ({ f }) => batchNormAll(true)(f(1, 2, 1, 1), f(2), f(2), f(2), f(2)),
      "batchNorm: input float32 [1, 2, 1, 1] has one element per channel, which has no variance; use larger batches to train",
    ],
  },
  groupNorm: {
    cases: { "two groups": (x, scale, bias) => groupNorm(x, { scale, bias }, { groups: 2 }) },
    wrong: [
      ({ f }) => groupNorm(f(1, 3, 2), { scale: f(3), bias: f(3) }, { groups: 2 }),
      "groupNorm: 3 channels cannot be split into 2 groups",
    ],
  },
  instanceNorm: {
    cases: { images: (x, scale, bias) => instanceNorm(x, { scale, bias }) },
    wrong: [
      ({ f }) => instanceNorm(f(1, 3, 2), { scale: f(2), bias: f(3) }),
      "Reshape: [2] has 2 elements and cannot become [3, 1]",
    ],
  },
};
