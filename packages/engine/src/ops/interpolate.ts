// Resampling along axes as matrices: what Resize means, and its gradient.
import type { Value } from "../ir/graph.ts";
import { ShapeError, sizeOf, tensor } from "../ir/type.ts";
import { matMul, reduceSum, reshape } from "./build.ts";

export type ResizeAttrs = {
  mode: string;
  coordinate_transformation_mode: string;
  nearest_mode: string;
  cubic_coeff_a: number;
  /** 1: cubic weights of places outside are dropped and the others made to add up to 1. */
  exclude_outside?: number;
  /** 1: where the axis shrinks, weights reach as far as one element of the result does. */
  antialias?: number;
  scales?: readonly number[];
  sizes?: readonly number[];
};

/**
 * The places in the input, counted in its elements, that the elements of a resized axis look at. `round` is applied to
 * every intermediate result: ONNX Runtime computes places in float32, which decides at a tie which element is nearest.
 */
function coordinates(
  input: number,
  output: number,
  exact: number,
  transformation: string,
  round: (x: number) => number,
): number[] {
  const scale = round(exact);
  return Array.from({ length: output }, (_, i) => {
    if (transformation === "align_corners") return output === 1 ? 0 : round(round(i * (input - 1)) / (output - 1));
    if (transformation === "asymmetric") return round(i / scale);
    if (transformation === "pytorch_half_pixel" && output === 1) return 0;
    // The result's centre stays that of the input also where its size was rounded.
    const share = round(output / round(scale * input));
    const shift = transformation === "half_pixel_symmetric" ? round((input / 2) * round(1 - share)) : 0;
    return round(round(shift + round((i + 0.5) / scale)) - 0.5);
  });
}

/** The size of a resized axis: in float32, as ONNX has it, where 5 · 1.4 is 7. */
export const scaledSize = (dim: number, scale: number): number =>
  Math.floor(Math.fround(Math.fround(scale) * Math.fround(dim)));

const nearest: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** 8,192 to 8,192 elements: half a gigabyte. */
const MAX_MATRIX = 2 ** 26;

/**
 * Weights of the input's elements in each element of a resized axis, [output, input], row-major.
 *
 * @throws ShapeError where that would take gigabytes
 */
export function interpolationMatrix(input: number, output: number, scale: number, attrs: ResizeAttrs): Float64Array {
  if (!(output * input <= MAX_MATRIX))
    throw new ShapeError(`Resize: an axis of ${input} elements to one of ${output} is larger than is computed here`);
  const M = new Float64Array(output * input);
  const inside = (j: number) => Math.min(input - 1, Math.max(0, j));
  const transformation = attrs.coordinate_transformation_mode;
  const round = attrs.mode === "nearest" ? Math.fround : (x: number) => x;
  for (const [i, x] of coordinates(input, output, scale, transformation, round).entries()) {
    const put = (j: number, weight: number) => {
      M[i * input + inside(j)]! += weight;
    };
    if (attrs.mode === "nearest") put(nearest[attrs.nearest_mode]!(x), 1);
    else {
      const kernel = attrs.mode === "linear" ? triangle : (t: number) => cubic(t, attrs.cubic_coeff_a);
      const shrink = attrs.antialias ? Math.min(1, scale) : 1;
      const reach = (attrs.mode === "linear" ? 1 : 2) / shrink;
      const first = Math.floor(x - reach) + 1;
      const all = Array.from({ length: Math.floor(x + reach) - first + 1 }, (_, k) => first + k);
      const taps = all.filter((j) => !attrs.exclude_outside || j === inside(j));
      const weights = taps.map((j) => kernel(Math.abs(x - j) * shrink));
      const total = attrs.exclude_outside || attrs.antialias ? weights.reduce((a, b) => a + b, 0) : 1;
      for (const [k, j] of taps.entries()) put(j, weights[k]! / total);
    }
  }
  return M;
}

const triangle = (t: number): number => Math.max(0, 1 - t);

/** Keys' cubic convolution kernel at distance t ≤ 2. */
const cubic = (t: number, a: number): number =>
  t <= 1 ? ((a + 2) * t - (a + 3)) * t * t + 1 : ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;

/** M·x along an axis: M is [to, from] in row-major order, or its transpose is taken. */
export function alongAxis(x: Value, axis: number, M: Float64Array, { transposed = false } = {}): Value {
  const size = x.shape[axis]!;
  const other = M.length / size;
  const matrix = transposed ? turned(M, size, other) : M;
  const shape = x.shape.map((dim, i) => (i === axis ? other : dim));
  if (axis === x.shape.length - 1) {
    const flat = reshape(x, [sizeOf(x.shape.slice(0, -1)), size]);
    return reshape(matMul(flat, x.graph.constant(tensor(x.dtype, [size, other], turned(matrix, other, size)))), shape);
  }
  const slabs = reshape(x, [sizeOf(x.shape.slice(0, axis)), size, sizeOf(x.shape.slice(axis + 1))]);
  return reshape(matMul(x.graph.constant(tensor(x.dtype, [other, size], matrix)), slabs), shape);
}

/** The transpose of a [rows, columns] matrix. */
function turned(M: Float64Array, rows: number, columns: number): Float64Array {
  const T = new Float64Array(M.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) T[j * rows + i] = M[i * columns + j]!;
  return T;
}

/** Sums of k neighbouring elements along an axis: the transpose of repeating each k times. */
export function sumBlocks(x: Value, axis: number, k: number): Value {
  const n = x.shape[axis]! / k;
  const blocks = reshape(x, [...x.shape.slice(0, axis), n, k, ...x.shape.slice(axis + 1)]);
  return reduceSum(blocks, { axes: [axis + 1] });
}

/** k when row i of the matrix picks element ⌊i/k⌋ for every i. */
export function repetition(M: Float64Array, input: number, output: number): number | null {
  const k = output / input;
  if (!Number.isInteger(k)) return null;
  for (let i = 0; i < output; i++) if (M[i * input + Math.floor(i / k)] !== 1) return null;
  return k;
}
