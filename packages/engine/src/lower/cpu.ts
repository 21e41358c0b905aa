// ONNX Runtime's CPU provider. Formulas were timed; see docs/notes/engine-speed.md for what was tried.
import type { Value } from "../ir/graph.ts";
import { allocate, sizeOf, type Tensor } from "../ir/type.ts";
import { clip, conv, convTranspose, gemm, matMul, reduceSum, reshape, slice, transpose } from "../ops/build.ts";
import type { ConvInputGradAttrs, ConvWeightGradAttrs } from "../ops/conv.ts";
import { fusedMatMul, matMulTransposed } from "./fused-mat-mul.ts";
import type { LoweringRule, Target } from "./lower.ts";
import { batchNormByKernel, lrnByPooling } from "./normalize.ts";
import {
  averagePoolGradByConv,
  flooredAveragePool,
  flooredMaxPool,
  maxPoolAtByIndices,
  maxPoolGradByIndices,
} from "./pooling.ts";
import { isSeparable, separableWeightGrad } from "./separable.ts";
import { withinBySteps } from "./within.ts";

/**
 * dX of a convolution. Stride 1: a convolution of dY with the kernels turned by 180° and their channels exchanged;
 * it runs in the fast convolution kernel. Otherwise ConvTranspose.
 */
export const convInputGradRule: LoweringRule<ConvInputGradAttrs> = ([W, dY], attrs) => {
  const { strides, pads, dilations, group, input_shape } = attrs;
  const kernel = W!.shape.slice(2);
  const spatial = kernel.length;
  const reach = kernel.map((k, i) => dilations[i]! * (k - 1));
  const turned = pads.map((p, i) => reach[i % spatial]! - p);
  const [K, Cg] = W!.shape as [number, number];
  const depthwise = Cg === 1 && K === group;
  if (strides.every((s) => s === 1) && turned.every((p) => p >= 0) && (Cg >= 8 || depthwise)) {
    return conv(dY!, exchange(W!, group), null, { dilations, group, pads: turned });
  }
  const outputPadding = kernel.map((_, i) => {
    const made = strides[i]! * (dY!.shape[i + 2]! - 1) + reach[i]! + 1 - pads[i]! - pads[i + spatial]!;
    return input_shape[i + 2]! - made;
  });
  return convTranspose(dY!, W!, null, { strides, pads, dilations, group, outputPadding });
};

/** Kernels turned by 180°, input and output channels exchanged within each group: [K, C/g, k…] → [C, K/g, k…]. */
function exchange(W: Value, group: number): Value {
  const [K, Cg, ...kernel] = W.shape as [number, number, ...number[]];
  const grouped = reshape(turn(W), [group, K / group, Cg, ...kernel]);
  const swapped = transpose(grouped, [0, 2, 1, ...kernel.map((_, i) => i + 3)]);
  return reshape(swapped, [group * Cg, K / group, ...kernel]);
}

/** Kernels turned by 180°: a product with the exchange matrix, as slicing backwards goes float by float on one thread. */
function turn(W: Value): Value {
  const [K, Cg, ...kernel] = W.shape as [number, number, ...number[]];
  const taps = sizeOf(kernel);
  if (taps === 1) return W;
  if (taps > 64) {
    return slice(
      W,
      kernel.map((_, i) => ({ axis: i + 2, step: -1 })),
    );
  }
  const backwards = allocate(W.dtype as "float32", taps * taps);
  for (let t = 0; t < taps; t++) backwards[t * taps + taps - 1 - t] = 1;
  const J = W.graph.constant({ dtype: W.dtype as "float32", shape: [taps, taps], data: backwards });
  return reshape(matMul(reshape(W, [K * Cg, taps]), J), W.shape);
}

/**
 * dW of a convolution: the windows of X as columns, by a convolution with one-hot kernels, then matrix products with
 * dY. Convolution runs on all threads where ONNX Runtime's slicing does not.
 */
export const convWeightGradRule: LoweringRule<ConvWeightGradAttrs> = ([X, dY], attrs) => {
  const { strides, pads, dilations, group, weight_shape } = attrs;
  if (isSeparable(X!.shape, weight_shape, attrs)) {
    return separableWeightGrad(X!, dY!, weight_shape, attrs);
  }
  const [K, Cg, ...kernel] = weight_shape as [number, number, ...number[]];
  const [N, C] = X!.shape as [number, number];
  const taps = kernel.reduce((a, b) => a * b, 1);
  const P = dY!.shape.slice(2).reduce((a, b) => a * b, 1);
  const pointwise = taps === 1 && strides.every((s) => s === 1) && pads.every((p) => p === 0);
  const columns = pointwise
    ? X!
    : conv(X!, X!.graph.constant(oneHotKernels(X!.dtype as "float32", C, kernel)), null, {
        strides,
        pads,
        dilations,
        group: C,
      });
  const R = Cg * taps;
  if (group === 1 && N > 1 && K * R > (K + R) * P) {
    // The products of single images would be larger than what they are made of: one product of all images.
    const g = reshape(transpose(reshape(dY!, [N, K, P]), [1, 0, 2]), [K, N * P]);
    const x = reshape(transpose(reshape(columns, [N, R, P]), [1, 0, 2]), [R, N * P]);
    return reshape(gemm(g, x, null, { transB: true }), weight_shape);
  }
  const products = matMulTransposed(reshape(dY!, [N, group, K / group, P]), reshape(columns, [N, group, R, P])); // [N, group, K/group, R]
  return reshape(N === 1 ? products : reduceSum(products, { axes: [0] }), weight_shape);
};

/** [C·taps, 1, k…]: kernel c·taps + t picks tap t of channel c. */
function oneHotKernels(dtype: "float32" | "float64", C: number, kernel: readonly number[]): Tensor {
  const taps = kernel.reduce((a, b) => a * b, 1);
  const data = allocate(dtype, C * taps * taps);
  for (let c = 0; c < C; c++) for (let t = 0; t < taps; t++) data[(c * taps + t) * taps + t] = 1;
  return { dtype, shape: [C * taps, 1, ...kernel], data };
}

/** StopGradient means nothing once the gradient is taken. */
export const passThrough: LoweringRule = ([x]) => x!;

/** StraightThrough is its value once the gradient is taken. */
export const takeSecond: LoweringRule = ([, y]) => y!;

/** ReLU6 and its kin are limits like others once the gradient is taken. */
export const boundedReluByClip: LoweringRule<{ max: number }> = ([x], { max }) => clip(x!, { min: 0, max });

export const cpu: Target = {
  name: "cpu",
  float: "float32",
  operators: fusedMatMul,
  rules: {
    StopGradient: passThrough,
    StraightThrough: takeSecond,
    BoundedRelu: boundedReluByClip,
    Within: withinBySteps,
    BatchNormalizationTraining: batchNormByKernel,
    // ONNX Runtime's kernel takes odd sizes only.
    LRN: (x, attrs, node) => (attrs.size % 2 === 0 ? lrnByPooling(x, attrs, node) : null),
    ConvInputGrad: convInputGradRule,
    ConvWeightGrad: convWeightGradRule,
    MaxPool: flooredMaxPool,
    AveragePool: flooredAveragePool,
    MaxPoolGrad: maxPoolGradByIndices,
    MaxPoolAt: maxPoolAtByIndices,
    AveragePoolGrad: averagePoolGradByConv,
  },
};
