// The vocabulary: one function per operator, by which gradient rules, composites, lowerings and users build graphs.
// A number where a value is expected becomes a scalar constant of the other operand's dtype.
import type { Attrs, Value } from "../ir/graph.ts";
import { axisOf, broadcast, type DType, type Shape, sameShape, type Tensor, tensor } from "../ir/type.ts";

export type Operand = Value | number;

const first = (values: readonly Value[]): Value => values[0]!;

function binary(op: string, a: Operand, b: Operand): Value {
  const like = typeof a === "number" ? b : a;
  if (typeof like === "number") throw new TypeError(`${op}: one operand must be a value of a graph`);
  const value = (x: Operand) => (typeof x === "number" ? like.graph.constant(x, like.dtype) : x);
  return first(like.graph.add(op, [value(a), value(b)]));
}
const unary = (op: string, x: Value): Value => first(x.graph.add(op, [x]));

// --- elementwise, with NumPy broadcasting
export const add = (a: Operand, b: Operand): Value => binary("Add", a, b);
export const sub = (a: Operand, b: Operand): Value => binary("Sub", a, b);
export const mul = (a: Operand, b: Operand): Value => binary("Mul", a, b);
export const div = (a: Operand, b: Operand): Value => binary("Div", a, b);
/** aᵇ, elementwise. */
export const pow = (a: Operand, b: Operand): Value => binary("Pow", a, b);
export const min = (a: Operand, b: Operand): Value => binary("Min", a, b);
export const max = (a: Operand, b: Operand): Value => binary("Max", a, b);
/** a > b, as bool. */
export const greater = (a: Operand, b: Operand): Value => binary("Greater", a, b);
/** a < b, as bool. */
export const less = (a: Operand, b: Operand): Value => binary("Less", a, b);
/** a = b, as bool. */
export const equal = (a: Operand, b: Operand): Value => binary("Equal", a, b);
export const and = (a: Value, b: Value): Value => binary("And", a, b);
export const or = (a: Value, b: Value): Value => binary("Or", a, b);
export const not = (x: Value): Value => unary("Not", x);
export const neg = (x: Value): Value => unary("Neg", x);
export const abs = (x: Value): Value => unary("Abs", x);
/** −1, 0 or 1. */
export const sign = (x: Value): Value => unary("Sign", x);
export const exp = (x: Value): Value => unary("Exp", x);
/** Natural logarithm. */
export const log = (x: Value): Value => unary("Log", x);
export const sqrt = (x: Value): Value => unary("Sqrt", x);
export const reciprocal = (x: Value): Value => unary("Reciprocal", x);
export const relu = (x: Value): Value => unary("Relu", x);
export const sigmoid = (x: Value): Value => unary("Sigmoid", x);
export const tanh = (x: Value): Value => unary("Tanh", x);
/** The error function. */
export const erf = (x: Value): Value => unary("Erf", x);
/** log(1 + eˣ). */
export const softplus = (x: Value): Value => unary("Softplus", x);
/** x where x > 0, α·x elsewhere. */
export const leakyRelu = (x: Value, { alpha = 0.01 } = {}): Value => first(x.graph.add("LeakyRelu", [x], { alpha }));
/** x limited to [min, max]. */
export const clip = (x: Value, limits: { readonly min?: number; readonly max?: number }): Value =>
  first(x.graph.add("Clip", [x], limits));
/** a where the condition holds, b elsewhere. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const like = typeof a === "number" ? b : a;
  if (typeof like === "number") throw new TypeError("Where: one branch must be a value of a graph");
  const value = (x: Operand) => (typeof x === "number" ? like.graph.constant(x, like.dtype) : x);
  return first(condition.graph.add("Where", [condition, value(a), value(b)]));
}
/** The same numbers in another dtype; no node when it is that already. */
export const cast = (x: Value, to: DType): Value => (x.dtype === to ? x : first(x.graph.add("Cast", [x], { to })));
/** The value, cut off from the gradient. */
export const stopGradient = (x: Value): Value => unary("StopGradient", x);

// --- reductions; no axes: all of them
export interface ReduceOptions {
  readonly axes?: readonly number[];
  /** Keeps reduced axes with size 1. */
  readonly keepDims?: boolean;
}
function reduce(op: string, x: Value, { axes, keepDims = false }: ReduceOptions = {}): Value {
  const all = x.shape.map((_, i) => i);
  const sorted = axes ? axes.map((axis) => axisOf(axis, x.shape.length)).sort((a, b) => a - b) : all;
  if (sorted.length === 0) return x;
  return first(x.graph.add(op, [x], { axes: sorted, keepdims: keepDims ? 1 : 0 }));
}
export const reduceSum = (x: Value, options?: ReduceOptions): Value => reduce("ReduceSum", x, options);
export const reduceMean = (x: Value, options?: ReduceOptions): Value => reduce("ReduceMean", x, options);
export const reduceMax = (x: Value, options?: ReduceOptions): Value => reduce("ReduceMax", x, options);
export const reduceMin = (x: Value, options?: ReduceOptions): Value => reduce("ReduceMin", x, options);
export const softmax = (x: Value, { axis = -1 } = {}): Value => first(x.graph.add("Softmax", [x], { axis }));
export const logSoftmax = (x: Value, { axis = -1 } = {}): Value => first(x.graph.add("LogSoftmax", [x], { axis }));
/** Index of the largest element, int64; the first one at a tie. */
export const argMax = (x: Value, { axis = -1, keepDims = false } = {}): Value =>
  first(x.graph.add("ArgMax", [x], { axis: axisOf(axis, x.shape.length), keepdims: keepDims ? 1 : 0 }));

/** The gradient of a broadcast: sums x over the axes along which a value of this shape was repeated. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const extra = x.shape.length - shape.length;
  const axes = x.shape.map((_, i) => i).filter((i) => i < extra || (shape[i - extra] === 1 && x.shape[i] !== 1));
  return reshape(reduceSum(x, { axes, keepDims: true }), shape);
}

// --- linear algebra
/** A·B over the last two axes, the axes before them broadcast. */
export const matMul = (A: Value, B: Value): Value => first(A.graph.add("MatMul", [A, B]));
export interface GemmOptions {
  readonly alpha?: number;
  readonly beta?: number;
  readonly transA?: boolean;
  readonly transB?: boolean;
}
/** α·op(A)·op(B) + β·C for matrices; C is optional and broadcast. */
export function gemm(A: Value, B: Value, C: Value | null = null, options: GemmOptions = {}): Value {
  const { alpha = 1, beta = 1, transA = false, transB = false } = options;
  const attrs = { alpha, beta, transA: transA ? 1 : 0, transB: transB ? 1 : 0 };
  return first(A.graph.add("Gemm", C ? [A, B, C] : [A, B], attrs));
}

// --- layout
export const identity = (x: Value): Value => unary("Identity", x);
/** The same elements in another shape; one size may be −1. No node when nothing changes. */
export function reshape(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : first(x.graph.add("Reshape", [x], { shape }));
}
/** Axes in the order perm; reversed when perm is absent. */
export const transpose = (x: Value, perm: readonly number[] = x.shape.map((_, i) => x.shape.length - 1 - i)): Value =>
  perm.every((axis, i) => axis === i) ? x : first(x.graph.add("Transpose", [x], { perm }));
/** The last two axes exchanged. */
export function transposeLast(x: Value): Value {
  const n = x.shape.length;
  return transpose(x, [...Array(n - 2).keys(), n - 1, n - 2]);
}
export const concat = (xs: readonly Value[], axis: number): Value =>
  xs.length === 1 ? xs[0]! : first(xs[0]!.graph.add("Concat", xs, { axis: axisOf(axis, xs[0]!.shape.length) }));
/** Consecutive parts of the given sizes along an axis. */
export const split = (x: Value, sizes: readonly number[], axis = 0): readonly Value[] =>
  sizes.length === 1 ? [x] : x.graph.add("Split", [x], { split: sizes, axis: axisOf(axis, x.shape.length) });
export interface SliceAxis {
  readonly axis: number;
  readonly start?: number;
  /** Exclusive; the end of the axis when absent. */
  readonly end?: number;
  readonly step?: number;
}
/** A strided part of each named axis; step −1 with no bounds reverses it. */
export function slice(x: Value, parts: readonly SliceAxis[]): Value {
  const axes = parts.map(({ axis }) => axisOf(axis, x.shape.length));
  const steps = parts.map(({ step = 1 }) => step);
  const starts = parts.map(({ start }, i) => start ?? (steps[i]! > 0 ? 0 : x.shape[axes[i]!]! - 1));
  // −(size + 1) is before the first element in ONNX's rule for negative indices.
  const ends = parts.map(({ end }, i) => end ?? (steps[i]! > 0 ? x.shape[axes[i]!]! : -x.shape[axes[i]!]! - 1));
  if (axes.every((axis, i) => steps[i] === 1 && starts[i] === 0 && ends[i] === x.shape[axis])) return x;
  return first(x.graph.add("Slice", [x], { starts, ends, axes, steps }));
}
/** Elements before and after each axis, filled with a constant; negative counts are refused, slice instead. */
export const pad = (x: Value, before: readonly number[], after: readonly number[], value = 0): Value =>
  before.every((n) => n === 0) && after.every((n) => n === 0)
    ? x
    : first(x.graph.add("Pad", [x], { pads: [...before, ...after], value, mode: "constant" }));
/** Repeated along axes of size 1 to a shape. */
export const expand = (x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape) ? x : first(x.graph.add("Expand", [x], { shape: broadcast(x.shape, shape) }));
/** [d₀…dₐ₋₁, dₐ…]: the axes before `axis` as one, the others as one. */
export const flatten = (x: Value, { axis = 1 } = {}): Value => first(x.graph.add("Flatten", [x], { axis }));

// --- indexing
/** Rows of x along an axis, at int indices of any shape. */
export const gather = (x: Value, indices: Value, { axis = 0 } = {}): Value =>
  first(x.graph.add("Gather", [x, indices], { axis: axisOf(axis, x.shape.length) }));
/** One element per index along an axis; indices have x's rank. */
export const gatherElements = (x: Value, indices: Value, { axis = 0 } = {}): Value =>
  first(x.graph.add("GatherElements", [x, indices], { axis: axisOf(axis, x.shape.length) }));
export interface ScatterOptions {
  readonly axis?: number;
  /** "add" sums updates onto the data, also where indices repeat. */
  readonly reduction?: "none" | "add";
}
/** data with elements replaced by, or increased by, the updates at the indices along an axis. */
export const scatterElements = (data: Value, indices: Value, updates: Value, options: ScatterOptions = {}): Value => {
  const { axis = 0, reduction = "none" } = options;
  return first(
    data.graph.add("ScatterElements", [data, indices, updates], { axis: axisOf(axis, data.shape.length), reduction }),
  );
};
/** 1 at the class of each label, 0 elsewhere: labels [N] int → [N, K] in a float dtype. */
export function oneHot(labels: Value, classes: number, dtype: DType): Value {
  const graph = labels.graph;
  const range = graph.constant(
    tensor(
      labels.dtype,
      [classes],
      Array.from({ length: classes }, (_, k) => k),
    ),
  );
  return cast(equal(reshape(labels, [...labels.shape, 1]), range), dtype);
}

// --- convolution and pooling; spatial axes 1 to 3, NC…
export interface ConvOptions {
  readonly strides?: readonly number[];
  /** Begin of every spatial axis, then end of every one; a single list of begins is used for both. */
  readonly pads?: readonly number[];
  readonly dilations?: readonly number[];
  readonly group?: number;
}
function convAttrs(spatial: number, { strides, pads, dilations, group = 1 }: ConvOptions) {
  const both = pads?.length === spatial ? [...pads, ...pads] : pads;
  return {
    strides: strides ?? Array(spatial).fill(1),
    pads: both ?? Array(2 * spatial).fill(0),
    dilations: dilations ?? Array(spatial).fill(1),
    group,
  };
}
/** Cross-correlation of X [N, C, …] with W [K, C/group, k…], plus a bias [K]. */
export function conv(X: Value, W: Value, B: Value | null = null, options: ConvOptions = {}): Value {
  const attrs = { ...convAttrs(W.shape.length - 2, options), kernel_shape: W.shape.slice(2) };
  return first(X.graph.add("Conv", B ? [X, W, B] : [X, W], attrs));
}
/** The gradient of conv in its input: the X of shape [N, C, …] that W [K, C/group, k…] and dY [N, K, …] give. */
export const convInputGrad = (W: Value, dY: Value, inputShape: Shape, options: ConvOptions = {}): Value =>
  first(W.graph.add("ConvInputGrad", [W, dY], { ...convAttrs(W.shape.length - 2, options), input_shape: inputShape }));
/** The gradient of conv in its weights: W of shape [K, C/group, k…] from X [N, C, …] and dY [N, K, …]. */
export const convWeightGrad = (X: Value, dY: Value, weightShape: Shape, options: ConvOptions = {}): Value =>
  first(
    X.graph.add("ConvWeightGrad", [X, dY], { ...convAttrs(X.shape.length - 2, options), weight_shape: weightShape }),
  );
/** conv's transpose: X [N, C, …], W [C, K/group, k…] → [N, K, …]. */
export function convTranspose(
  X: Value,
  W: Value,
  B: Value | null = null,
  options: ConvOptions & { readonly outputPadding?: readonly number[] } = {},
): Value {
  const spatial = W.shape.length - 2;
  const attrs = {
    ...convAttrs(spatial, options),
    kernel_shape: W.shape.slice(2),
    output_padding: options.outputPadding ?? Array(spatial).fill(0),
  };
  return first(X.graph.add("ConvTranspose", B ? [X, W, B] : [X, W], attrs));
}
export interface PoolOptions extends Omit<ConvOptions, "group"> {
  readonly kernel: readonly number[];
  /** Sizes rounded up instead of down. */
  readonly ceilMode?: boolean;
}
function poolAttrs({ kernel, ceilMode = false, ...options }: PoolOptions) {
  const { group: _, ...attrs } = convAttrs(kernel.length, { strides: kernel, ...options });
  return { ...attrs, kernel_shape: kernel, ceil_mode: ceilMode ? 1 : 0 };
}
/** The largest element of each window. Strides default to the kernel. */
export const maxPool = (X: Value, options: PoolOptions): Value =>
  first(X.graph.add("MaxPool", [X], { ...poolAttrs(options), storage_order: 0 }));
/** The mean of each window. Strides default to the kernel. */
export function averagePool(X: Value, options: PoolOptions & { readonly countIncludePad?: boolean }): Value {
  const { dilations: _, ...attrs } = poolAttrs(options);
  return first(X.graph.add("AveragePool", [X], { ...attrs, count_include_pad: options.countIncludePad ? 1 : 0 }));
}
/** The gradient of max pooling in its input, with the attributes of its node. */
export const maxPoolGrad = (X: Value, dY: Value, attrs: Attrs): Value =>
  first(X.graph.add("MaxPoolGrad", [X, dY], attrs));
/** D at the place of the largest element of each window of X, with the attributes of the pooling node. */
export const maxPoolAt = (X: Value, D: Value, attrs: Attrs): Value => first(X.graph.add("MaxPoolAt", [X, D], attrs));
/** The gradient of average pooling in its input, with the attributes of its node. */
export const averagePoolGrad = (dY: Value, inputShape: Shape, attrs: Attrs): Value =>
  first(dY.graph.add("AveragePoolGrad", [dY], { ...attrs, input_shape: inputShape }));
/** The mean of each channel, kept as [N, C, 1, …]. */
export const globalAveragePool = (X: Value): Value => unary("GlobalAveragePool", X);

// --- constants of a shape
/** A constant of the given type filled with one number: a scalar expanded, so that it takes no room in the model. */
export const full = (like: Value, value: number, shape: Shape = like.shape, dtype: DType = like.dtype): Value =>
  expand(like.graph.constant(value, dtype), shape);
export const constant = (like: Value, data: Tensor): Value => like.graph.constant(data);
