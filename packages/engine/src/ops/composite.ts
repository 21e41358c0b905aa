// Functions of several nodes: activations, normalisation, pooling, regions. Losses are in loss.ts.
import type { Value } from "../ir/graph.ts";
import { formatShape, formatType, ShapeError, sizeOf } from "../ir/type.ts";
import {
  add,
  averagePool,
  batchNormalization,
  batchNormalizationTraining,
  concat,
  erf,
  full,
  gather,
  layerNormalization,
  matMul,
  maxPool,
  mul,
  reduceMax,
  reshape,
  round,
  sigmoid,
  slice,
  softplus,
  stopGradient,
  straightThrough,
  tanh,
  transposeLast,
} from "./build.ts";
import { gridsOf } from "./detect.ts";
import { alongAxis } from "./interpolate.ts";
import { neighbourWeights } from "./roi.ts";

/** x·Φ(x), Φ the normal distribution: x/2·(1 + erf(x/√2)); or the tanh approximation of Hendrycks & Gimpel 2016. */
export function gelu(x: Value, { approximate = "none" as "none" | "tanh" } = {}): Value {
  if (approximate === "none") return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
  const inner = mul(add(x, mul(mul(x, mul(x, x)), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
}
/** x·σ(x), also called swish. */
export const silu = (x: Value): Value => mul(x, sigmoid(x));
/** x·tanh(log(1 + eˣ)). */
export const mish = (x: Value): Value => mul(x, tanh(softplus(x)));
/** The nearest integer, the even one of two, with the gradient of x. */
export const roundStraightThrough = (x: Value): Value => straightThrough(x, round(x));

export interface BatchNormState {
  /** Learned, [C]. */
  readonly scale: Value;
  readonly bias: Value;
  /** Exponential averages over the batches so far, [C]. */
  readonly runningMean: Value;
  readonly runningVariance: Value;
}

/**
 * Batch normalisation with running statistics: X [N, C, …]. In training the batch's own mean and variance are used and
 * the averages move: running ← (1 − momentum)·running + momentum·batch, with the unbiased variance, as PyTorch.
 *
 * @returns y, and the averages after this batch (unchanged outside training)
 * @throws ShapeError when a parameter is not [C], or a training batch has one element per channel
 */
export function batchNorm(
  X: Value,
  { scale, bias, runningMean, runningVariance }: BatchNormState,
  { training, momentum = 0.1, epsilon = 1e-5 }: { training: boolean; momentum?: number; epsilon?: number },
): { readonly y: Value; readonly runningMean: Value; readonly runningVariance: Value } {
  if (!training) {
    const y = batchNormalization(X, { scale, bias, mean: runningMean, variance: runningVariance }, { epsilon });
    return { y, runningMean, runningVariance };
  }
  const n = sizeOf(X.shape) / X.shape[1]!;
  if (n < 2) {
    throw new ShapeError(
      `batchNorm: input ${formatType(X)} has one element per channel, which has no variance; use larger batches to train`,
    );
  }
  const { y, mean, variance } = batchNormalizationTraining(X, { scale, bias }, { epsilon });
  const average = (running: Value, now: Value, factor: number) =>
    add(mul(running, 1 - momentum), mul(stopGradient(now), momentum * factor));
  return {
    y,
    runningMean: average(runningMean, mean, 1),
    runningVariance: average(runningVariance, variance, n / (n - 1)),
  };
}

/**
 * Normalisation over groups of channels and space: X [N, C, …], scale and bias [C]. One group is layer normalisation,
 * C groups are instance normalisation.
 *
 * @see Wu & He 2018, "Group Normalization"
 */
export function groupNorm(
  X: Value,
  { scale, bias }: { readonly scale: Value; readonly bias: Value },
  { groups, epsilon = 1e-5 }: { groups: number; epsilon?: number },
): Value {
  const [N, C, ...space] = X.shape as [number, number, ...number[]];
  if (C % groups !== 0) throw new ShapeError(`groupNorm: ${C} channels cannot be split into ${groups} groups`);
  const size = (C / groups) * sizeOf(space);
  const one = full(X, 1, [size]);
  const normal = reshape(layerNormalization(reshape(X, [N, groups, size]), { scale: one }, { epsilon }), X.shape);
  const column = (v: Value) => reshape(v, [C, ...space.map(() => 1)]);
  return add(mul(normal, column(scale)), column(bias));
}

/** Each channel of each image normalised over space: groupNorm with a group per channel. */
export const instanceNorm = (
  X: Value,
  parameters: { readonly scale: Value; readonly bias: Value },
  { epsilon = 1e-5 } = {},
): Value => groupNorm(X, parameters, { groups: X.shape[1]!, epsilon });

export interface RoiAlignOptions {
  /** Rows and columns of the result, or one number for both. */
  readonly outputSize: number | readonly [height: number, width: number];
  /** Samples along each side of a bin; 0 takes as many as features in the bin, and has no gradient. */
  readonly samplingRatio?: number;
  /** Size of a feature map over that of the image in which the boxes are given. */
  readonly spatialScale?: number;
  /** Pixel centres at ½ (true, Detectron2's) or at 0 with boxes at least one feature wide (false, torchvision's default). */
  readonly aligned?: boolean;
  /** What becomes of the samples of a bin. "max" is the largest weighted neighbour, as ONNX defines it. */
  readonly mode?: "avg" | "max";
}

/**
 * Features of regions, by bilinear samples: X [N, C, H, W], boxes [R, 4] as x₁ y₁ x₂ y₂ in image pixels, batch [R] int64
 * → [R, C, height, width]. Gradients go to the features, not to the boxes.
 *
 * @see He et al. 2017, "Mask R-CNN", §3
 */
export function roiAlign(
  X: Value,
  boxes: Value,
  batch: Value,
  { outputSize, samplingRatio = 2, spatialScale = 1, aligned = false, mode = "avg" }: RoiAlignOptions,
): Value {
  const [height, width] = typeof outputSize === "number" ? [outputSize, outputSize] : outputSize;
  const attrs = {
    coordinate_transformation_mode: aligned ? "half_pixel" : "output_half_pixel",
    mode,
    output_height: height,
    output_width: width,
    sampling_ratio: samplingRatio,
    spatial_scale: spatialScale,
  };
  if (mode === "avg") return X.graph.add("RoiAlign", [X, boxes, batch], attrs)[0]!;
  if (samplingRatio < 1) throw new ShapeError('roiAlign: mode "max" needs a samplingRatio of 1 or more');
  // Each neighbour of each sample on its own, times its weight; the largest of a bin's is the result.
  const { y, x } = gridsOf(X.shape, attrs);
  const [R, C, H, W] = [boxes.shape[0]!, ...X.shape.slice(1)] as [number, number, number, number];
  const fixed = stopGradient(boxes);
  const rows = reshape(neighbourWeights(fixed, y), [R, 1, 2 * samplingRatio * height, H]);
  const columns = reshape(neighbourWeights(fixed, x), [R, 1, 2 * samplingRatio * width, W]);
  const own = X.shape[0] === 1 ? X : gather(X, batch);
  const values = matMul(matMul(rows, own), transposeLast(columns));
  const bins = maxPool(values, { kernel: [2 * samplingRatio, 2 * samplingRatio] });
  return reshape(bins, [R, C, height, width]);
}

/** Begin and end of the bins that divide `input` elements into `output`, as PyTorch's adaptive pooling. */
const adaptiveBins = (input: number, output: number): [begin: number, end: number][] =>
  Array.from({ length: output }, (_, i) => [Math.floor((i * input) / output), Math.ceil(((i + 1) * input) / output)]);

/** X [N, C, …] averaged over bins that divide each spatial axis into the given sizes; bins overlap where they must. */
export function adaptiveAveragePool(X: Value, size: readonly number[]): Value {
  checkAdaptive("adaptiveAveragePool", X, size);
  const kernel = size.map((out, i) => X.shape[i + 2]! / out);
  if (kernel.every(Number.isInteger)) return averagePool(X, { kernel });
  return size.reduce((x, out, i) => {
    const input = x.shape[i + 2]!;
    const M = new Float64Array(out * input);
    for (const [row, [begin, end]] of adaptiveBins(input, out).entries())
      M.fill(1 / (end - begin), row * input + begin, row * input + end);
    return alongAxis(x, i + 2, M);
  }, X);
}

/** X [N, C, …]'s largest elements of the same bins. Where bins are unequal, equal largest elements share the gradient. */
export function adaptiveMaxPool(X: Value, size: readonly number[]): Value {
  checkAdaptive("adaptiveMaxPool", X, size);
  const kernel = size.map((out, i) => X.shape[i + 2]! / out);
  if (kernel.every(Number.isInteger)) return maxPool(X, { kernel });
  return size.reduce((x, out, i) => {
    const axis = i + 2;
    const parts = adaptiveBins(x.shape[axis]!, out).map(([start, end]) =>
      reduceMax(slice(x, [{ axis, start, end }]), { axes: [axis], keepDims: true }),
    );
    return concat(parts, axis);
  }, X);
}

function checkAdaptive(name: string, X: Value, size: readonly number[]): void {
  if (X.shape.length !== size.length + 2) {
    throw new ShapeError(
      `${name}: input is ${formatShape(X.shape)}; sizes ${formatShape(size)} need [N, C] and ${size.length} spatial axes`,
    );
  }
}
