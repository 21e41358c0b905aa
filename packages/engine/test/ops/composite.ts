import {
  adaptiveAveragePool,
  adaptiveMaxPool,
  batchNorm,
  gelu,
  groupNorm,
  instanceNorm,
  mish,
  negativeLogLikelihood,
  roiAlign,
  roundStraightThrough,
  sigmoidCrossEntropy,
  silu,
  smoothL1,
  softmaxCrossEntropy,
  type Value,
} from "@reprise/engine";
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

const activation = (f: (x: Value) => Value, cases: Row["cases"], message: string): Row => ({
  cases,
  wrong: [({ i }) => f(i(2)), message],
});

export const rows: Record<string, Row> = {
  softmaxCrossEntropy: {
    cases: {
      mean: (x, t) => softmaxCrossEntropy(x, t),
      "each row": (x, t) => softmaxCrossEntropy(x, t, { reduction: "none" }),
      sum: (x, t) => softmaxCrossEntropy(x, t, { reduction: "sum" }),
      "places, weights, an ignored label": (x, t, weights) => softmaxCrossEntropy(x, t, { weights, ignoreIndex: -1 }),
    },
    wrong: [
      ({ f, i }) => softmaxCrossEntropy(f(3, 4), i(4)),
      "softmaxCrossEntropy: logits are float32 [3, 4], labels are int64 [4]; expected float [N, K] and int64 [N], or with places [N, K, …] and [N, …]",
    ],
  },
  negativeLogLikelihood: {
    cases: {
      mean: (x, t) => negativeLogLikelihood(x, t),
      "weights, each": (x, t, weights) => negativeLogLikelihood(x, t, { weights, reduction: "none" }),
      "an ignored label, sum": (x, t) => negativeLogLikelihood(x, t, { ignoreIndex: 1, reduction: "sum" }),
      "an ignored label, mean": (x, t) => negativeLogLikelihood(x, t, { ignoreIndex: 1 }),
    },
    wrong: [
      ({ f, i }) => negativeLogLikelihood(f(3, 4), i(3), { weights: f(3) }),
      "negativeLogLikelihood: weights are [3]; expected one per class, [4]",
    ],
  },
  sigmoidCrossEntropy: {
    cases: {
      mean: (x, t) => sigmoidCrossEntropy(x, t),
      "far out": (x, t) => sigmoidCrossEntropy(x, t, { reduction: "none" }),
    },
    wrong: [
      ({ f }) => sigmoidCrossEntropy(f(2, 3), f(3)),
      "sigmoidCrossEntropy: logits are float32 [2, 3], targets are float32 [3]; they must be alike",
    ],
  },
  smoothL1: {
    cases: {
      mean: (x, t) => smoothL1(x, t),
      "beta 1/9, each": (x, t) => smoothL1(x, t, { beta: 1 / 9, reduction: "none" }),
      "beta 0, sum": (x, t) => smoothL1(x, t, { beta: 0, reduction: "sum" }),
    },
    wrong: [
      ({ f }) => smoothL1(f(2, 4), f(4)),
      "smoothL1: the prediction is float32 [2, 4], the target is float32 [4]; they must be alike",
    ],
    kinks: { of: (x) => smoothL1(x, x.graph.constant(0), { beta: 0 }), at: [[0, 0]] },
  },
  gelu: activation(
    gelu,
    { exact: (x) => gelu(x), tanh: (x) => gelu(x, { approximate: "tanh" }) },
    "Mul: the other operand is int64 [2], which 0.5 does not go with: cast it first",
  ),
  silu: activation(silu, { "both signs": silu }, "Sigmoid: input is int64 [2]; it must be float32 or float64: cast it"),
  mish: activation(
    mish,
    { "both signs": mish },
    "Softplus: input is int64 [2]; it must be float32 or float64: cast it",
  ),
  roundStraightThrough: {
    ...activation(
      roundStraightThrough,
      { "both signs": roundStraightThrough },
      "Round: input is int64 [2]; it must be float32 or float64: cast it",
    ),
    departs: true,
  },
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
  adaptiveAveragePool: {
    cases: {
      "5x6 to 3x2": (x) => adaptiveAveragePool(x, [3, 2]),
      "4x6 to 2x3": (x) => adaptiveAveragePool(x, [2, 3]),
      "3 to 5": (x) => adaptiveAveragePool(x, [5]),
    },
    wrong: [
      ({ f }) => adaptiveAveragePool(f(1, 2, 4, 4), [2]),
      "adaptiveAveragePool: input is [1, 2, 4, 4]; sizes [2] need [N, C] and 1 spatial axes",
    ],
  },
  adaptiveMaxPool: {
    cases: { "5x6 to 3x2": (x) => adaptiveMaxPool(x, [3, 2]), "4x6 to 2x3": (x) => adaptiveMaxPool(x, [2, 3]) },
    wrong: [
      ({ f }) => adaptiveMaxPool(f(1, 2, 4), [2, 2]),
      "adaptiveMaxPool: input is [1, 2, 4]; sizes [2, 2] need [N, C] and 2 spatial axes",
    ],
  },
  roiAlign: {
    fixed: [1],
    cases: { maximum: (x, boxes, batch) => roiAlign(x, boxes, batch, { outputSize: 2, mode: "max" }) },
    wrong: [
      ({ f, i }) => roiAlign(f(1, 2, 4, 4), f(1, 4), i(1), { outputSize: 2, mode: "max", samplingRatio: 0 }),
      'roiAlign: mode "max" needs a samplingRatio of 1 or more',
    ],
  },
};
