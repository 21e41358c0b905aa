// Lowerings of pooling that several targets share.
import type { Value } from "../ir/graph.ts";
import { type Shape, sizeOf, tensor } from "../ir/type.ts";
import {
  add,
  cast,
  conv,
  convInputGrad,
  div,
  equal,
  full,
  gatherElements,
  mod,
  mul,
  pad,
  reshape,
  scatterElements,
  slice,
  sub,
} from "../ops/build.ts";
import type { AveragePoolAttrs, AveragePoolGradAttrs, PoolAttrs } from "../ops/conv.ts";
import { padAxis, spread } from "../ops/strided.ts";
import type { LoweringRule } from "./lower.ts";

/** Pads that make sizes rounded down come out as those of `output`: a window may reach past the declared end. */
function padsFor(input: Shape, output: Shape, attrs: Omit<PoolAttrs, "dilations"> & { dilations?: Shape }): number[] {
  const { kernel_shape: kernel, strides, pads, dilations } = attrs;
  const n = kernel.length;
  const ends = kernel.map((k, i) => {
    const reach = (dilations?.[i] ?? 1) * (k - 1) + 1;
    return Math.max(pads[i + n]!, (output[i + 2]! - 1) * strides[i]! + reach - input[i + 2]! - pads[i]!);
  });
  return [...pads.slice(0, n), ...ends];
}

/**
 * Rounded-up sizes by padding further and rounding down: ONNX's shape inference before opset 19 counts windows that
 * begin in the right padding, which its own kernels leave out.
 */
export const flooredMaxPool: LoweringRule<PoolAttrs> = ([X], attrs, { outputs }) => {
  if (!attrs.ceil_mode) return null;
  const pads = padsFor(X!.shape, outputs[0]!.shape, attrs);
  const n = attrs.kernel_shape.length;
  // The kernel takes padding shorter than its window only: what is more stands in the array.
  const more = attrs.kernel_shape.map((k, i) => (pads[i + n]! < k ? 0 : pads[i + n]! - attrs.pads[i + n]!));
  const none = X!.shape.map(() => 0);
  const padded = pad(X!, none, [0, 0, ...more], X!.dtype === "int8" ? -128 : Number.NEGATIVE_INFINITY);
  const rest = pads.map((p, i) => (i < n ? p : p - more[i - n]!));
  const [y, at] = X!.graph.add("MaxPool", [padded], { ...attrs, pads: rest, ceil_mode: 0 });
  return [y!, padded === X ? at! : withoutRoom(at!, padded.shape, X!.shape)];
};

/** Flat places in an array that is longer at the ends of its axes → places in the array itself. */
function withoutRoom(places: Value, from: Shape, to: Shape): Value {
  let rest = places;
  let at: Value | undefined;
  let stride = 1;
  for (let axis = from.length - 1; axis >= 0; axis--) {
    const own = mul(mod(rest, from[axis]!), stride);
    at = at ? add(at, own) : own;
    rest = div(rest, from[axis]!);
    stride *= to[axis]!;
  }
  return at!;
}

/** The same for means. Where padding counts, the padding added here must not: the sum is divided by the true count. */
export const flooredAveragePool: LoweringRule<AveragePoolAttrs> = ([X], a, node) => {
  if (!a.ceil_mode) return null;
  const Y = node.outputs[0]!;
  const pads = padsFor(X!.shape, Y.shape, a);
  const n = a.kernel_shape.length;
  if (pads.some((p, i) => p >= a.kernel_shape[i % n]!)) return averagePoolByConv([X!], a, node);
  const mean = X!.graph.add("AveragePool", [X!], { ...a, pads, ceil_mode: 0 })[0]!;
  if (!a.count_include_pad) return mean;
  const size = sizeOf(a.kernel_shape);
  const counts = windowCounts(X!.shape.slice(2), Y.shape.slice(2), {
    kernel: a.kernel_shape,
    strides: a.strides,
    pads: a.pads,
    includePad: true,
  });
  const share = tensor(
    X!.dtype,
    [1, 1, ...Y.shape.slice(2)],
    counts.map((count) => size / count),
  );
  return mul(mean, X!.graph.constant(share));
};

/** The flat place of each window's largest element, by the pooling operator's own second output. */
function places(X: Value, attrs: PoolAttrs): Value {
  return X.graph.add("MaxPool", [X], attrs)[1]!;
}

/** dY added up at the places. */
export const maxPoolGradByIndices: LoweringRule<PoolAttrs> = ([X, dY], attrs) => {
  const flat = scatterElements(full(dY!, 0, [sizeOf(X!.shape)]), reshape(places(X!, attrs), [-1]), reshape(dY!, [-1]), {
    reduction: "add",
  });
  return reshape(flat, X!.shape);
};

/** The elements of D at the places. */
export const maxPoolAtByIndices: LoweringRule<PoolAttrs> = ([X, D], attrs) => {
  const at = places(X!, attrs);
  return reshape(gatherElements(reshape(D!, [-1]), reshape(at, [-1])), at.shape);
};

/** dY over the number of elements of its window, spread by the dX of a convolution with ones. */
export const averagePoolGradByConv: LoweringRule<AveragePoolGradAttrs> = ([dY], attrs) => {
  const { kernel_shape: kernel, strides, pads, input_shape: shape, count_include_pad } = attrs;
  const counts = windowCounts(shape.slice(2), dY!.shape.slice(2), {
    kernel,
    strides,
    pads,
    includePad: count_include_pad === 1,
  });
  const each = div(dY!, dY!.graph.constant(tensor(dY!.dtype, [1, 1, ...dY!.shape.slice(2)], counts)));
  const W = full(dY!, 1, [shape[1]!, 1, ...kernel]);
  return convInputGrad(W, each, shape, {
    strides,
    pads: padsFor(shape, dY!.shape, { kernel_shape: kernel, strides, pads, ceil_mode: 0 }),
    group: shape[1]!,
  });
};

/** Sums of the windows, by a convolution with ones, over their numbers of elements. */
export const averagePoolByConv: LoweringRule<AveragePoolAttrs> = ([X], attrs, { outputs: [Y] }) => {
  const { kernel_shape: kernel, strides, pads, count_include_pad } = attrs;
  const C = X!.shape[1]!;
  const sum = conv(X!, full(X!, 1, [C, 1, ...kernel]), null, {
    strides,
    pads: padsFor(X!.shape, Y!.shape, attrs),
    group: C,
  });
  const output = Y!.shape.slice(2);
  const counts = windowCounts(X!.shape.slice(2), output, {
    kernel,
    strides,
    pads,
    includePad: count_include_pad === 1,
  });
  return div(sum, X!.graph.constant(tensor(X!.dtype, [1, 1, ...output], counts)));
};

/** How many elements each window averages. Padding counts only when asked, and never beyond the declared pads. */
export function windowCounts(
  input: readonly number[],
  output: readonly number[],
  {
    kernel,
    strides,
    pads,
    dilations,
    includePad,
  }: {
    kernel: readonly number[];
    strides: readonly number[];
    pads: readonly number[];
    dilations?: readonly number[];
    includePad: boolean;
  },
): number[] {
  const perAxis = output.map((n, axis) =>
    Array.from({ length: n }, (_, o) => {
      const begin = o * strides[axis]! - pads[axis]!;
      const low = includePad ? -pads[axis]! : 0;
      const high = input[axis]! + (includePad ? pads[axis + input.length]! : 0);
      const step = dilations?.[axis] ?? 1;
      // Places begin + i·step, i from 0 to k − 1, that are not below `low` and below `high`.
      const first = Math.max(0, Math.ceil((low - begin) / step));
      const end = Math.min(kernel[axis]!, Math.ceil((high - begin) / step));
      return Math.max(0, end - first);
    }),
  );
  return perAxis.reduce<number[]>((counts, axis) => counts.flatMap((a) => axis.map((b) => a * b)), [1]);
}

/** The parts of X that each place of the kernel sees, in the shape of the output; padding is the smallest float. */
function parts(X: Value, output: Shape, attrs: PoolAttrs): { part: Value; place: (x: Value) => Value }[] {
  const { kernel_shape: kernel, strides, dilations } = attrs;
  const pads = padsFor(X.shape, output, attrs);
  const n = kernel.length;
  const padded = pad(X, [0, 0, ...pads.slice(0, n)], [0, 0, ...pads.slice(n)], -3.4e38);
  const offsets = kernel.reduce<number[][]>(
    (all, k) => all.flatMap((head) => Array.from({ length: k }, (_, i) => [...head, i])),
    [[]],
  );
  return offsets.map((offset) => {
    const starts = offset.map((at, i) => at * dilations[i]!);
    const range = starts.map((start, i) => ({
      axis: i + 2,
      start,
      end: start + (output[i + 2]! - 1) * strides[i]! + 1,
      step: strides[i]!,
    }));
    // The inverse: put back where the slice took it from, then cut the padding off.
    const place = (x: Value) => {
      let y = x;
      for (const [i, start] of starts.entries()) {
        y = spread(y, i + 2, strides[i]!);
        y = padAxis(y, i + 2, start, padded.shape[i + 2]! - start - y.shape[i + 2]!);
      }
      return slice(
        y,
        kernel.map((_, i) => ({ axis: i + 2, start: pads[i]!, end: pads[i]! + X.shape[i + 2]! })),
      );
    };
    return { part: slice(padded, range), place };
  });
}

/** For each place of the kernel: 1 where it holds the window's first largest element, 0 elsewhere. */
function firstHits(X: Value, attrs: PoolAttrs): { hit: Value; part: Value; place: (x: Value) => Value }[] {
  const Y = X.graph.add("MaxPool", [X], attrs)[0]!;
  let open: Value | undefined;
  return parts(X, Y.shape, attrs).map(({ part, place }) => {
    const equals = cast(equal(part, Y), X.dtype);
    const hit = open ? mul(equals, open) : equals;
    open = open ? sub(open, hit) : sub(1, hit);
    return { hit, part, place };
  });
}

/** dX of max pooling by comparing, where the operator's second output is not to be had. */
export const maxPoolGradByHits: LoweringRule<PoolAttrs> = ([X, dY], attrs) =>
  firstHits(X!, attrs)
    .map(({ hit, place }) => place(mul(hit, dY!)))
    .reduce((a, b) => add(a, b));

/** The elements of D at the largest places, likewise. */
export const maxPoolAtByHits: LoweringRule<PoolAttrs> = ([X, D], attrs) => {
  const outputs = X!.graph.add("MaxPool", [X!], attrs)[0]!.shape;
  const own = parts(D!, outputs, attrs);
  return firstHits(X!, attrs)
    .map(({ hit }, i) => mul(hit, own[i]!.part))
    .reduce((a, b) => add(a, b));
};
