// Lowerings of normalisation.
import type { Value } from "../ir/graph.ts";
import {
  abs,
  add,
  batchNormalization,
  div,
  mul,
  pow,
  reciprocal,
  reduceMean,
  reshape,
  slice,
  sqrt,
  sub,
} from "../ops/build.ts";
import { overChannels } from "../ops/lrn.ts";
import type { AttrsOf } from "../ops/table.ts";
import type { LoweringRule } from "./lower.ts";

const column = (v: Value, like: Value): Value => reshape(v, [v.shape[0]!, ...like.shape.slice(2).map(() => 1)]);

/**
 * ONNX Runtime's training kernel: one pass for the statistics, one for the result. Its running mean and variance come
 * out in the buffers of the ones that go in, even where those are constants (onnxruntime issue 29790): it is given two
 * arrays that are computed at run time, read by nothing afterwards, and counted with weight 0.
 */
export const batchNormByKernel: LoweringRule<{ epsilon: number }> = ([X, scale, bias], { epsilon }) => {
  const corner = slice(
    X!,
    X!.shape.flatMap((_, axis) => (axis === 1 ? [] : [{ axis, start: 0, end: 1 }])),
  );
  const own = reshape(mul(corner, 0), [X!.shape[1]!]);
  return X!.graph.add("BatchNormalization", [X!, scale!, bias!, own, abs(own)], {
    epsilon,
    momentum: 0,
    training_mode: 1,
  });
};

/** Mean, variance and result written out. */
export const batchNormByMeans: LoweringRule<{ epsilon: number }> = ([X, scale, bias], { epsilon }) => {
  const axes = X!.shape.map((_, i) => i).filter((i) => i !== 1);
  const mean = reduceMean(X!, { axes, keepDims: true });
  const centred = sub(X!, mean);
  const variance = reduceMean(mul(centred, centred), { axes, keepDims: true });
  const normal = div(centred, sqrt(add(variance, epsilon)));
  const y = add(mul(normal, column(scale!, X!)), column(bias!, X!));
  return [y, reshape(mean, [X!.shape[1]!]), reshape(variance, [X!.shape[1]!])];
};

/** Mean and variance by reductions, the result by the inference kernel: where there is no training kernel. */
export const batchNormByMoments: LoweringRule<{ epsilon: number }> = ([X, scale, bias], { epsilon }) => {
  const axes = X!.shape.map((_, i) => i).filter((i) => i !== 1);
  const mean = reduceMean(X!, { axes });
  const centred = sub(X!, column(mean, X!));
  const variance = reduceMean(mul(centred, centred), { axes });
  const parameters = { scale: scale!, bias: bias!, mean, variance };
  return [batchNormalization(X!, parameters, { epsilon: epsilon }), mean, variance];
};

export const layerNormByMeans: LoweringRule<{ axis: number; epsilon: number }> = (
  [X, scale, bias],
  { axis, epsilon },
) => {
  const first = axis < 0 ? axis + X!.shape.length : axis;
  const axes = X!.shape.map((_, i) => i).filter((i) => i >= first);
  const mean = reduceMean(X!, { axes, keepDims: true });
  const centred = sub(X!, mean);
  const r = reciprocal(sqrt(add(reduceMean(mul(centred, centred), { axes, keepDims: true }), epsilon)));
  const y = mul(mul(centred, r), scale!);
  return [bias ? add(y, bias) : y, mean, r];
};

export const lrnByPooling: LoweringRule<AttrsOf<"LRN">> = ([X], { size, alpha, beta, bias }) => {
  const s = add(mul(overChannels(mul(X!, X!), size), alpha), bias);
  return mul(X!, pow(s, -beta));
};
