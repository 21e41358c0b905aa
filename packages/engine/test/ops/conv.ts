import {
  add,
  averagePool,
  averagePoolGrad,
  concat,
  conv,
  convInputGrad,
  convTranspose,
  convWeightGrad,
  full,
  globalAveragePool,
  globalMaxPool,
  maxPool,
  maxPoolAt,
  maxPoolGrad,
  mul,
  type PoolOptions,
  reduceSum,
  reshape,
  type Value,
} from "@reprise/engine";
import type { Row } from "./row.ts";

/** Both outputs: the values and their places. */
const pool = (options: PoolOptions) => (x: Value) => maxPool(x, options).node!.outputs;
const overlapping = {
  kernel_shape: [3, 3],
  strides: [2, 2],
  pads: [1, 1, 1, 1],
  dilations: [1, 1],
  ceil_mode: 0,
  storage_order: 0,
};
const averaging = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 0, count_include_pad: 0 };

export const rows: Record<string, Row> = {
  Conv: {
    cases: {
      "1-D": (x, w, b) => conv(x, w, b),
      "1-D strided and dilated": (x, w) => conv(x, w, null, { strides: [2], pads: [2], dilations: [2] }),
      "2-D": (x, w, b) => conv(x, w, b),
      "stride 2, a rest left over": (x, w) => conv(x, w, null, { strides: [2, 2], pads: [1, 1] }),
      "stride larger than kernel": (x, w) => conv(x, w, null, { strides: [3, 3] }),
      pointwise: (x, w) => conv(x, w),
      "pointwise, stride 2": (x, w) => conv(x, w, null, { strides: [2, 2] }),
      "uneven pads": (x, w) => conv(x, w, null, { pads: [1, 0, 0, 2] }),
      "pads wider than the kernel": (x, w) => conv(x, w, null, { pads: [3, 3] }),
      dilated: (x, w) => conv(x, w, null, { pads: [2, 2], dilations: [2, 1] }),
      "two groups": (x, w, b) => conv(x, w, b, { pads: [1, 1], group: 2 }),
      depthwise: (x, w) => conv(x, w, null, { pads: [1, 1], group: 3 }),
      "depthwise, two per channel, stride 2": (x, w) => conv(x, w, null, { strides: [2, 2], pads: [1, 1], group: 2 }),
      "eight channels": (x, w) => conv(x, w, null, { pads: [1, 1] }),
      "3-D": (x, w, b) => conv(x, w, b, { pads: [1, 0, 1] }),
      "3-D strided": (x, w) => conv(x, w, null, { strides: [1, 2, 2], pads: [1, 1, 1] }),
    },
    wrong: [
      ({ f }) => conv(f(1, 256, 8, 8), f(512, 128, 3, 3)),
      "Conv: input has 256 channels, weight [512, 128, 3, 3] expects 128; set group: 2, or check the previous layer's output",
    ],
  },
  ConvInputGrad: {
    cases: {
      "stride 2, uneven rest": (w, dy) => convInputGrad(w, dy, [1, 2, 6, 5], { strides: [2, 2], pads: [1, 1] }),
      "eight channels in two groups": (w, dy) => convInputGrad(w, dy, [1, 16, 3, 3], { pads: [1, 1], group: 2 }),
      "eight channels, dilated": (w, dy) => convInputGrad(w, dy, [1, 8, 4, 4], { pads: [1, 1], dilations: [2, 2] }),
    },
    wrong: [
      ({ f }) => convInputGrad(f(2, 3, 3, 3), f(1, 2, 4, 4), [1, 3, 5, 5]),
      "ConvInputGrad: dY is [1, 2, 4, 4]; input [1, 3, 5, 5] and weight [2, 3, 3, 3] give [1, 2, 3, 3]",
    ],
  },
  ConvWeightGrad: {
    cases: {
      "stride 2, uneven rest": (x, dy) => convWeightGrad(x, dy, [3, 2, 3, 3], { strides: [2, 2], pads: [1, 1] }),
      "pointwise in two groups": (x, dy) => convWeightGrad(x, dy, [4, 2, 1, 1], { group: 2 }),
    },
    wrong: [
      ({ f }) => convWeightGrad(f(1, 3, 5, 5), f(1, 2, 3, 4), [2, 3, 3, 3]),
      "ConvWeightGrad: dY is [1, 2, 3, 4]; input [1, 3, 5, 5] and weight [2, 3, 3, 3] give [1, 2, 3, 3]",
    ],
  },
  ConvTranspose: {
    cases: {
      "2-D": (x, w, b) => convTranspose(x, w, b),
      "stride 2, output padding": (x, w) =>
        convTranspose(x, w, null, { strides: [2, 2], pads: [1, 1], outputPadding: [1, 1] }),
      "groups and dilation": (x, w, b) => convTranspose(x, w, b, { pads: [1, 1], dilations: [2, 2], group: 2 }),
      "1-D": (x, w) => convTranspose(x, w, null, { strides: [3] }),
      "3-D": (x, w) => convTranspose(x, w, null, { strides: [2, 2, 2], pads: [1, 1, 1] }),
    },
    wrong: [
      ({ f }) => convTranspose(f(1, 4, 5, 5), f(3, 2, 3, 3)),
      "ConvTranspose: input has 4 channels, weight [3, 2, 3, 3] expects 3",
    ],
  },
  MaxPool: {
    cases: {
      "2x2": pool({ kernel: [2, 2] }),
      "overlapping, padded": pool({ kernel: [3, 3], strides: [2, 2], pads: [1, 1] }),
      "overlapping, stride 1": pool({ kernel: [2, 3], strides: [1, 1] }),
      "ceil mode": pool({ kernel: [3, 3], strides: [2, 2], ceilMode: true }),
      "ceil mode, last window outside": pool({ kernel: [2, 2], strides: [3, 3], pads: [1, 1], ceilMode: true }),
      dilated: pool({ kernel: [2, 2], strides: [1, 1], dilations: [2, 2] }),
      "1-D": pool({ kernel: [3], strides: [2] }),
      "3-D": pool({ kernel: [1, 2, 2] }),
      "negative input, padded": pool({ kernel: [3, 3], strides: [2, 2], pads: [1, 1] }),
    },
    wrong: [
      ({ f }) => maxPool(f(1, 2, 3, 3), { kernel: [4, 4] }),
      "MaxPool: a window of 4 does not fit spatial axis 0 of size 3 with pads 0 and 0",
    ],
    // The first of two equal elements gets it all.
    kinks: {
      of: (x) => {
        const ones = full(x, 1, [1, 1, 1]);
        const window = (parts: Value[]) => reduceSum(maxPool(concat(parts, 2), { kernel: [2] }));
        const own = reshape(x, [1, 1, 1]);
        return add(window([own, ones]), mul(window([ones, own]), 10));
      },
      at: [
        [1, 1],
        [2, 11],
        [0, 0],
      ],
    },
  },
  MaxPoolGrad: {
    cases: { "overlapping, padded": (x, dy) => maxPoolGrad(x, dy, overlapping) },
    wrong: [
      ({ f }) => maxPoolGrad(f(1, 2, 6, 5), f(1, 2, 6, 5), overlapping),
      "MaxPoolGrad: dY is [1, 2, 6, 5]; pooling [1, 2, 6, 5] gives [1, 2, 3, 3]",
    ],
  },
  MaxPoolAt: {
    cases: { "overlapping, padded": (x, d) => maxPoolAt(x, d, overlapping) },
    wrong: [
      ({ f }) => maxPoolAt(f(1, 2, 6, 5), f(1, 2, 3, 3), overlapping),
      "MaxPoolAt: D is [1, 2, 3, 3]; it must have the shape of X, [1, 2, 6, 5]",
    ],
  },
  AveragePool: {
    cases: {
      "2x2": (x) => averagePool(x, { kernel: [2, 2] }),
      "overlapping, padding not counted": (x) => averagePool(x, { kernel: [3, 3], strides: [2, 2], pads: [1, 1] }),
      "overlapping, padding counted": (x) =>
        averagePool(x, { kernel: [3, 3], strides: [2, 2], pads: [1, 1], countIncludePad: true }),
      "ceil mode": (x) => averagePool(x, { kernel: [3, 3], strides: [2, 2], ceilMode: true }),
      "ceil mode, padding counted": (x) =>
        averagePool(x, { kernel: [3, 3], strides: [2, 2], pads: [1, 1], ceilMode: true, countIncludePad: true }),
      "ceil mode, padding not counted": (x) =>
        averagePool(x, { kernel: [3, 3], strides: [2, 2], pads: [1, 1], ceilMode: true }),
      "1-D": (x) => averagePool(x, { kernel: [3], strides: [2] }),
      "3-D": (x) => averagePool(x, { kernel: [2, 2, 2], strides: [1, 1, 1] }),
    },
    wrong: [
      ({ f }) => averagePool(f(1, 2, 6), { kernel: [2, 2] }),
      "AveragePool: input is [1, 2, 6]; a window [2, 2] needs [N, C] and 2 spatial axes",
    ],
  },
  AveragePoolGrad: {
    cases: { "overlapping, padding not counted": (dy) => averagePoolGrad(dy, [1, 2, 6, 5], averaging) },
    wrong: [
      ({ f }) => averagePoolGrad(f(1, 2, 6, 5), [1, 2, 6, 5], averaging),
      "AveragePoolGrad: dY is [1, 2, 6, 5]; pooling [1, 2, 6, 5] gives [1, 2, 3, 3]",
    ],
  },
  GlobalAveragePool: {
    cases: { "2-D": globalAveragePool, "3-D": globalAveragePool },
    wrong: [
      ({ f }) => globalAveragePool(f(2, 3)),
      "GlobalAveragePool: input is [2, 3]; it must be [N, C, spatial axes…]",
    ],
  },
  GlobalMaxPool: {
    cases: { "2-D": globalMaxPool, "1-D": globalMaxPool },
    wrong: [({ f }) => globalMaxPool(f(2, 3)), "GlobalMaxPool: input is [2, 3]; it must be [N, C, spatial axes…]"],
  },
};
