// ONNX Runtime's WebGPU provider. It has no second output of MaxPool, no training mode of BatchNormalization and no Split
// into many, and LogSoftmax would go to the CPU and back; the same formulas otherwise.
import type { Value } from "../ir/graph.ts";
import { axisOf } from "../ir/type.ts";
import { exp, log, reduceMax, reduceSum, slice, sub } from "../ops/build.ts";
import type { AttrsOf } from "../ops/table.ts";
import { cpu } from "./cpu.ts";
import { splitMatMul } from "./fused-mat-mul.ts";
import type { LoweringRule, Target } from "./lower.ts";
import { batchNormByMoments } from "./normalize.ts";
import { maxPoolAtByHits, maxPoolGradByHits } from "./pooling.ts";
import { withinByComparing } from "./within.ts";

/** Parts as slices: a shader binds at most a dozen arrays. */
const splitBySlices: LoweringRule<AttrsOf<"Split">> = ([x], { split, axis }) => {
  let start = 0;
  return split.map((size) => {
    const part = slice(x!, [{ axis, start, end: start + size }]);
    start += size;
    return part;
  });
};

/** x − max − log Σ e^(x − max). */
const logSoftmaxByParts: LoweringRule<{ axis: number }> = ([x], { axis }): Value => {
  const over = { axes: [axisOf(axis, x!.shape.length)], keepDims: true };
  const shifted = sub(x!, reduceMax(x!, over));
  return sub(shifted, log(reduceSum(exp(shifted), over)));
};

export const webgpu: Target = {
  name: "webgpu",
  float: "float32",
  operators: cpu.operators!,
  ownRules: splitMatMul,
  rules: {
    ...cpu.rules,
    Within: withinByComparing,
    BatchNormalizationTraining: batchNormByMoments,
    Split: splitBySlices,
    LogSoftmax: logSoftmaxByParts,
    MaxPoolGrad: maxPoolGradByHits,
    MaxPoolAt: maxPoolAtByHits,
  },
};
