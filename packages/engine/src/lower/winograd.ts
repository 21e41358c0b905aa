// 3×3 convolutions with a quarter of the multiplications: F(4×4, 3×3) of Lavin and Gray 2016, "Fast Algorithms for
// Convolutional Neural Networks". Tiles of 4×4 results come from 6×6 places of the image; both and the kernels are
// transformed by small constant matrices, and between the transforms stand 36 matrix products, one for each place.
//
// The transforms run as convolutions and one transposed convolution of single channels over all images: moving the
// numbers of tiles by transposes and slices would cost more than the products do.
import type { Value } from "../ir/graph.ts";
import { type Shape, tensor } from "../ir/type.ts";
import { add, conv, convTranspose, matMul, reshape, slice, transpose } from "../ops/build.ts";
import type { ConvAttrs, ConvInputGradAttrs, ConvWeightGradAttrs } from "../ops/conv.ts";
import { matMulTransposed, transposedMatMul } from "./fused-mat-mul.ts";
import type { LoweringRule } from "./lower.ts";

type Matrix = readonly (readonly number[])[];

/** Places of an image to their transform. */
const Bt: Matrix = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];
/** Kernels to their transform. */
const G: Matrix = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];
/** A tile's results to their transform; its transpose goes back. */
const A: Matrix = [
  [1, 0, 0, 0],
  [1, 1, 1, 1],
  [1, -1, 1, -1],
  [1, 2, 4, 8],
  [1, -2, 4, -8],
  [0, 0, 0, 1],
];

const turned = (M: Matrix): Matrix => M[0]!.map((_, j) => M.map((row) => row[j]!));
/** M ⊗ M: what M does along both axes. */
const both = (M: Matrix): Matrix => M.flatMap((a) => M.map((b) => a.flatMap((x) => b.map((y) => x * y))));
const constant = (like: Value, M: Matrix): Value =>
  like.graph.constant(tensor(like.dtype, [M.length, M[0]!.length], M.flat()));

/**
 * Whether the formula holds and pays. The transforms cost as much for every channel, the products for every pair of
 * them; below 30 million multiplications the number of operators counts. Timed in docs/notes/engine-speed.md.
 */
function pays([K, C, ...kernel]: Shape, [N, , H, W]: Shape, attrs: ConvAttrs): boolean {
  const { strides, pads, dilations, group } = attrs;
  return (
    `${kernel} ${strides} ${dilations} ${group}` === "3,3 1,1 1,1 1" &&
    pads.every((p) => p >= 0 && p <= 2) &&
    Math.min(C!, K!) >= 16 &&
    9 * C! * K! * N! * H! * W! >= 3e7
  );
}

/** Convolutions with weights that change; ONNX Runtime prepares constant ones itself, and fuses what follows. */
export const convByTiles: LoweringRule<ConvAttrs> = ([X, W, B], attrs, { outputs: [Y] }) => {
  if (W!.constant || !pays(W!.shape, Y!.shape, attrs)) return null;
  const V = transform(X!, Bt, tiles(Y!.shape), attrs.pads);
  const y = fromTiles(matMul(kernelTransform(W!, G), V), Y!.shape);
  return B ? add(y, reshape(B, [B.shape[0]!, 1, 1])) : y;
};

/** dX: the convolution of dY with the kernels turned by 180° and their channels exchanged. */
export const convInputGradByTiles: LoweringRule<ConvInputGradAttrs> = ([W, dY], attrs) => {
  const { pads, input_shape } = attrs;
  if (!pays(W!.shape, input_shape, attrs)) return null;
  const V = transform(dY!, Bt, tiles(input_shape), [2 - pads[0]!, 2 - pads[1]!]);
  const U = kernelTransform(
    W!,
    G.map((row) => [...row].reverse()),
  ); // [36, K, C]
  return fromTiles(transposedMatMul(U, V), input_shape);
};

/** dW: the transform of the kernels turned round, of the products of both images' transforms. */
export const convWeightGradByTiles: LoweringRule<ConvWeightGradAttrs> = ([X, dY], attrs) => {
  const { pads, weight_shape } = attrs;
  if (!pays(weight_shape, dY!.shape, attrs)) return null;
  const [K, C] = weight_shape as [number, number];
  const size = tiles(dY!.shape);
  const V = transform(X!, Bt, size, pads);
  const dU = matMulTransposed(transform(dY!, A, size, [0, 0]), V); // [36, K, C]
  const dW = matMul(constant(dY!, turned(both(G))), reshape(dU, [36, K * C]));
  return reshape(transpose(dW, [1, 0]), weight_shape);
};

/** [K, C, 3, 3] → [36, K, C]: M · kernel · Mᵀ. */
function kernelTransform(W: Value, M: Matrix): Value {
  const [K, C] = W.shape as [number, number];
  const taps = transpose(reshape(W, [K * C, 9]), [1, 0]);
  return reshape(matMul(constant(W, both(M)), taps), [36, K, C]);
}

/** How many tiles cover an image of results, along each axis. */
const tiles = ([, , H, W]: Shape): [number, number] => [Math.ceil(H! / 4), Math.ceil(W! / 4)];

/**
 * [N, C, H, W] → [36, C, N·tₕ·t_w]: M · tile · Mᵀ for tiles that begin four places apart, the first one (top, left)
 * places before the image; beyond it are zeros. First along the columns, then along the rows.
 */
function transform(X: Value, M: Matrix, [th, tw]: readonly [number, number], [top, left]: Shape): Value {
  const [N, C, H, W] = X.shape as [number, number, number, number];
  const k = M[0]!.length;
  const down = 4 * (th - 1) + k - H - top!;
  const right = 4 * (tw - 1) + k - W - left!;
  const channels = reshape(transpose(X, [1, 0, 2, 3]), [C, 1, N, H, W]);
  const columns = conv(channels, kernels(X, M, [1, k, 1]), null, {
    strides: [1, 4, 1],
    pads: [0, top!, 0, 0, down, 0],
  }); // [C, 6, N, tₕ, W]
  const rows = conv(reshape(columns, [C * 6, 1, N * th, W]), kernels(X, M, [1, k]), null, {
    strides: [1, 4],
    pads: [0, left!, 0, right],
  }); // [C·6, 6, N·tₕ, t_w]
  return transpose(reshape(rows, [C, 36, N * th * tw]), [1, 0, 2]);
}

/** [36, K, N·tₕ·t_w] → [N, K, H, W]: Aᵀ · tile · A for each tile, side by side. */
function fromTiles(tiled: Value, [N, K, H, W]: Shape): Value {
  const [th, tw] = tiles([N!, K!, H!, W!]);
  const channels = reshape(transpose(tiled, [1, 0, 2]), [K!, 36, N! * th, tw]);
  const y = convTranspose(channels, kernels(tiled, both(A), [4, 4]), null, { strides: [4, 4] }); // [K, 1, N·4tₕ, 4t_w]
  const images = transpose(reshape(y, [K!, N!, 4 * th, 4 * tw]), [1, 0, 2, 3]);
  return slice(images, [
    { axis: 2, start: 0, end: H! },
    { axis: 3, start: 0, end: W! },
  ]);
}

/** The rows of M as kernels. */
const kernels = (like: Value, M: Matrix, shape: Shape): Value =>
  like.graph.constant(tensor(like.dtype, [M.length, 1, ...shape], M.flat()));
