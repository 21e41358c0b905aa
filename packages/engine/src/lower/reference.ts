// Everything in float64, convolutions from slices and matrix products. Slow, and independent of the fast formulas:
// gradients are checked against finite differences on it.
import type { Value } from "../ir/graph.ts";
import type { Shape } from "../ir/type.ts";
import {
  add,
  cast,
  concat,
  convInputGrad,
  matMul,
  pad,
  reduceMax,
  reduceMean,
  reduceSum,
  reshape,
  slice,
  transposeLast,
} from "../ops/build.ts";
import { type ConvAttrs, type ConvInputGradAttrs, type ConvWeightGradAttrs, convSizes } from "../ops/conv.ts";
import { resizeByMatrices } from "../ops/resize.ts";
import { padAxis, spread } from "../ops/strided.ts";
import { boundedReluByClip, passThrough, takeSecond } from "./cpu.ts";
import { float64Elementwise } from "./elementwise.ts";
import type { LoweringRule, Target } from "./lower.ts";
import { batchNormByMeans, layerNormByMeans, lrnByPooling } from "./normalize.ts";
import {
  averagePoolByConv,
  averagePoolGradByConv,
  flooredMaxPool,
  maxPoolAtByIndices,
  maxPoolGradByIndices,
} from "./pooling.ts";
import { dequantizeInFloat, quantizeInFloat } from "./quantize.ts";
import { withinByComparing } from "./within.ts";

const product = (dims: Shape): number => dims.reduce((a, b) => a * b, 1);

/** Every offset within a kernel, outermost axis first. */
function offsets(kernel: Shape): number[][] {
  return kernel.reduce<number[][]>(
    (all, k) => all.flatMap((head) => Array.from({ length: k }, (_, i) => [...head, i])),
    [[]],
  );
}

/** The windows of X [N, C, …] as columns [N, group, C/group·taps, P], taps fastest. */
function columns(X: Value, kernel: Shape, { strides, pads, dilations, group }: ConvAttrs): Value {
  const [N, C, ...input] = X.shape as [number, number, ...number[]];
  const output = convSizes(input, kernel, { strides, pads, dilations });
  const n = kernel.length;
  const padded = pad(X, [0, 0, ...pads.slice(0, n)], [0, 0, ...pads.slice(n)]);
  const taps = offsets(kernel).map((at) => {
    const part = slice(
      padded,
      at.map((offset, i) => {
        const start = offset * dilations[i]!;
        return { axis: i + 2, start, end: start + (output[i]! - 1) * strides[i]! + 1, step: strides[i]! };
      }),
    );
    return reshape(part, [N, group, C / group, 1, product(output)]);
  });
  return reshape(concat(taps, 3), [N, group, (C / group) * taps.length, product(output)]);
}

const convRule: LoweringRule<ConvAttrs> = ([X, W, B], a) => {
  const [K, Cg, ...kernel] = W!.shape as [number, number, ...number[]];
  const kernels = reshape(W!, [1, a.group, K / a.group, Cg * product(kernel)]);
  const Y = reshape(matMul(kernels, columns(X!, kernel, a)), [
    X!.shape[0]!,
    K,
    ...convSizes(X!.shape.slice(2), kernel, a),
  ]);
  return B ? add(Y, reshape(B, [K, ...kernel.map(() => 1)])) : Y;
};

const convWeightGradRule: LoweringRule<ConvWeightGradAttrs> = ([X, dY], a) => {
  const [K, , ...kernel] = a.weight_shape as [number, number, ...number[]];
  const [N, , ...output] = dY!.shape as [number, number, ...number[]];
  const g = reshape(dY!, [N, a.group, K / a.group, product(output)]);
  return reshape(reduceSum(matMul(g, transposeLast(columns(X!, kernel, a))), { axes: [0] }), a.weight_shape);
};

const convInputGradRule: LoweringRule<ConvInputGradAttrs> = ([W, dY], attrs) => {
  const { input_shape, strides, pads, dilations, group } = attrs;
  const [K, Cg, ...kernel] = W!.shape as [number, number, ...number[]];
  const [N, , ...output] = dY!.shape as [number, number, ...number[]];
  const n = kernel.length;
  const taps = product(kernel);
  const kernels = transposeLast(reshape(W!, [1, group, K / group, Cg * taps]));
  const cols = matMul(kernels, reshape(dY!, [N, group, K / group, product(output)]));
  const parts = reshape(cols, [N, group * Cg, taps, ...output]);
  let sum: Value | undefined;
  for (const [t, at] of offsets(kernel).entries()) {
    let part = reshape(slice(parts, [{ axis: 2, start: t, end: t + 1 }]), [N, group * Cg, ...output]);
    for (const [i, offset] of at.entries()) {
      const axis = i + 2;
      const size = input_shape[axis]! + pads[i]! + pads[i + n]!;
      part = spread(part, axis, strides[i]!);
      const start = offset * dilations[i]!;
      part = padAxis(part, axis, start, size - start - part.shape[axis]!);
    }
    sum = sum ? add(sum, part) : part;
  }
  return slice(
    sum!,
    kernel.map((_, i) => ({ axis: i + 2, start: pads[i]!, end: pads[i]! + input_shape[i + 2]! })),
  );
};

const convTransposeRule: LoweringRule<ConvAttrs> = ([X, W, B], attrs, node) => {
  const { strides, pads, dilations, group } = attrs;
  const Y = convInputGrad(W!, X!, node.outputs[0]!.shape, { strides, pads, dilations, group });
  return B ? add(Y, reshape(B, [B.shape[0]!, ...W!.shape.slice(2).map(() => 1)])) : Y;
};

const single = (x: Value): Value => cast(x, "float32");

export const reference: Target = {
  name: "reference",
  float: "float64",
  rules: {
    StopGradient: passThrough,
    StraightThrough: takeSecond,
    BoundedRelu: boundedReluByClip,
    Within: withinByComparing,
    BatchNormalizationTraining: batchNormByMeans,
    LayerNormalization: layerNormByMeans,
    LRN: lrnByPooling,
    Conv: convRule,
    ConvInputGrad: convInputGradRule,
    ConvWeightGrad: convWeightGradRule,
    ConvTranspose: convTransposeRule,
    MaxPool: flooredMaxPool,
    MaxPoolGrad: maxPoolGradByIndices,
    MaxPoolAt: maxPoolAtByIndices,
    AveragePool: averagePoolByConv,
    AveragePoolGrad: averagePoolGradByConv,
    GlobalAveragePool: ([X]) => reduceMean(X!, { axes: X!.shape.slice(2).map((_, i) => i + 2), keepDims: true }),
    GlobalMaxPool: ([X]) => reduceMax(X!, { axes: X!.shape.slice(2).map((_, i) => i + 2), keepDims: true }),
    Resize: ([X], attrs, { outputs }) => resizeByMatrices(X!, outputs[0]!.shape, attrs),
    // ONNX Runtime's kernel takes float32; its result is of integers.
    NonMaxSuppression: ([boxes, scores], attrs) =>
      boxes!.dtype === "float64" ? boxes!.graph.add("NonMaxSuppression", [boxes!, scores!].map(single), attrs) : null,
    QuantizeLinear: quantizeInFloat,
    DequantizeLinear: dequantizeInFloat,
    ...float64Elementwise,
  },
};
