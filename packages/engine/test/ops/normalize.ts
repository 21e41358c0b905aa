import { batchNormalization, batchNormalizationTraining, layerNormalization, lrn, type Value } from "@reprise/engine";
import type { Row } from "./row.ts";

/** With all three outputs. */
const training = (x: Value, scale: Value, bias: Value) =>
  batchNormalizationTraining(x, { scale, bias }).y.node!.outputs;

export const rows: Record<string, Row> = {
  BatchNormalization: {
    cases: {
      images: (x, scale, bias, mean, variance) =>
        batchNormalization(x, { scale, bias, mean: mean!, variance: variance! }),
      rows: (x, scale, bias, mean, variance) =>
        batchNormalization(x, { scale, bias, mean: mean!, variance: variance! }),
    },
    wrong: [
      ({ f }) => batchNormalization(f(2, 3, 4), { scale: f(3), bias: f(3), mean: f(4), variance: f(3) }),
      "BatchNormalization: mean is [4]; input [2, 3, 4] needs [3], a number per channel",
    ],
  },
  BatchNormalizationTraining: {
    cases: { images: training, rows: training, video: training, "one pixel, one channel": training },
    wrong: [
      ({ f }) => batchNormalizationTraining(f(2, 3, 4), { scale: f(3), bias: f(2) }),
      "BatchNormalizationTraining: bias is [2]; input [2, 3, 4] needs [3], a number per channel",
    ],
  },
  LayerNormalization: {
    cases: {
      "last axis": (x, scale, bias) => layerNormalization(x, { scale, bias }),
      "two axes, no bias": (x, scale) => layerNormalization(x, { scale }, { axis: 1 }),
    },
    wrong: [
      ({ f }) => layerNormalization(f(2, 3, 4), { scale: f(3) }),
      "LayerNormalization: scale is [3]; input [2, 3, 4] normalised from axis 2 on needs [4]",
    ],
  },
  LRN: {
    cases: {
      "five channels": (x) => lrn(x, { size: 5, alpha: 0.3, beta: 0.75, bias: 2 }),
      "two channels": (x) => lrn(x, { size: 2, alpha: 0.4, beta: 0.6 }),
    },
    wrong: [({ f }) => lrn(f(1, 3, 4), { size: 0 }), "LRN: size is 0; it must be a count of channels"],
  },
};
