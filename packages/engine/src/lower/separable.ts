// dW of a 2-D convolution of stride 1 as matrix products, without im2col.
import type { Value } from "../ir/graph.ts";
import { allocate, type Shape } from "../ir/type.ts";
import { conv, gemm, reduceSum, reshape, transpose } from "../ops/build.ts";
import type { ConvAttrs } from "../ops/conv.ts";
import { matMulTransposed } from "./fused-mat-mul.ts";

/** Whether the rule fits and pays: measured, it does from 16 channels on (docs/notes/engine-speed.md). */
export function isSeparable(X: Shape, weight: Shape, { strides, pads, dilations, group }: ConvAttrs): boolean {
  const kernel = weight.slice(2);
  const reach = kernel.map((k, i) => dilations[i]! * (k - 1));
  return (
    kernel.length === 2 &&
    kernel.every((k) => k > 1) &&
    group === 1 &&
    strides.every((s) => s === 1) &&
    pads.every((p, i) => p <= reach[i % 2]!) &&
    Math.min(X[1]!, weight[0]!) >= 16
  );
}

/**
 * dW[k, c, i, j] = Σ over images and places of dY[k, r, s]·X[c, r + i, s + j]. With r shifted on the side of dY and s on
 * that of X, all (i, j) are one product of [K·kₕ, N·H·Wₒ] and [N·H·Wₒ, C·k_w]: kₕ·K + k_w·C rows in place of im2col's
 * kₕ·k_w·C, and no wasted multiplication. Shifts are convolutions with one-hot kernels, which run on all threads.
 *
 * Large images have a product each, which saves gathering the images of a channel; small ones would pay more for adding
 * up the products than they save.
 */
export function separableWeightGrad(X: Value, dY: Value, weightShape: Shape, attrs: ConvAttrs): Value {
  const [K, C, kh, kw] = weightShape as [number, number, number, number];
  const places = X.shape[2]! * dY.shape[3]!;
  const product = places >= 1024 ? productByImage(X, dY, kh, kw, attrs) : productOfAll(X, dY, kh, kw, attrs);
  return transpose(reshape(product, [K, kh, C, kw]), [0, 2, 1, 3]);
}

function productByImage(X: Value, dY: Value, kh: number, kw: number, { pads, dilations }: ConvAttrs): Value {
  const [N, C, H] = X.shape as [number, number, number, number];
  const [, K, , Wo] = dY.shape as [number, number, number, number];
  const [dh, dw] = dilations as [number, number];
  const [top, left, bottom, right] = pads as [number, number, number, number];
  const reach = dh * (kh - 1);
  const x = conv(
    X,
    shifts(X, C, kw, [1, kw], (j) => j),
    null,
    { pads: [0, left, 0, right], dilations: [1, dw], group: C },
  );
  const g = conv(
    dY,
    shifts(dY, K, kh, [kh, 1], (i) => kh - 1 - i),
    null,
    { pads: [reach - top, 0, reach - bottom, 0], dilations: [dh, 1], group: K },
  );
  const products = matMulTransposed(reshape(g, [N, K * kh, H * Wo]), reshape(x, [N, C * kw, H * Wo]));
  return N === 1 ? products : reduceSum(products, { axes: [0] });
}

function productOfAll(X: Value, dY: Value, kh: number, kw: number, { pads, dilations }: ConvAttrs): Value {
  const [N, C, H, W] = X.shape as [number, number, number, number];
  const [, K, Ho, Wo] = dY.shape as [number, number, number, number];
  const [dh, dw] = dilations as [number, number];
  const [top, left, bottom, right] = pads as [number, number, number, number];
  // [1, C·k_w, N·H, Wₒ]: X moved by each j
  const rows = reshape(transpose(X, [1, 0, 2, 3]), [1, C, N * H, W]);
  const x = conv(
    rows,
    shifts(X, C, kw, [1, kw], (j) => j),
    null,
    { pads: [0, left, 0, right], dilations: [1, dw], group: C },
  );
  // [1, K·kₕ, N, H, Wₒ]: dY moved the other way by each i
  const images = reshape(transpose(dY, [1, 0, 2, 3]), [1, K, N, Ho, Wo]);
  const reach = dh * (kh - 1);
  const g = conv(
    images,
    shifts(dY, K, kh, [1, kh, 1], (i) => kh - 1 - i),
    null,
    {
      pads: [0, reach - top, 0, 0, reach - bottom, 0],
      dilations: [1, dh, 1],
      group: K,
    },
  );
  const length = N * H * Wo;
  return gemm(reshape(g, [K * kh, length]), reshape(x, [C * kw, length]), null, { transB: true });
}

/** [channels·k, 1, …kernel]: output c·k + t of channel c picks tap `at(t)`. */
function shifts(like: Value, channels: number, k: number, kernel: Shape, at: (t: number) => number): Value {
  const data = allocate(like.dtype as "float32", channels * k * k);
  for (let c = 0; c < channels; c++) for (let t = 0; t < k; t++) data[(c * k + t) * k + at(t)] = 1;
  return like.graph.constant({ dtype: like.dtype as "float32", shape: [channels * k, 1, ...kernel], data });
}
