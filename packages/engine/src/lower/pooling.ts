// Lowerings of pooling that several targets share.
import type { Attrs, Value } from "../ir/graph.ts";
import { sizeOf, tensor } from "../ir/type.ts";
import { convInputGrad, div, full, gatherElements, reshape, scatterElements } from "../ops/build.ts";
import type { PoolAttrs } from "../ops/conv.ts";
import type { LoweringRule } from "./lower.ts";

/** The flat place of each window's largest element, by the pooling operator's own second output. */
function places(X: Value, attrs: Attrs): Value {
  return X.graph.add("MaxPool", [X], attrs)[1]!;
}

/** dY added up at the places. */
export const maxPoolGradByIndices: LoweringRule = ([X, dY], attrs) => {
  const flat = scatterElements(full(dY!, 0, [sizeOf(X!.shape)]), reshape(places(X!, attrs), [-1]), reshape(dY!, [-1]), {
    reduction: "add",
  });
  return reshape(flat, X!.shape);
};

/** The elements of D at the places. */
export const maxPoolAtByIndices: LoweringRule = ([X, D], attrs) => {
  const at = places(X!, attrs);
  return reshape(gatherElements(reshape(D!, [-1]), reshape(at, [-1])), at.shape);
};

/** dY over the number of elements of its window, spread by the dX of a convolution with ones. */
export const averagePoolGradByConv: LoweringRule = ([dY], attrs) => {
  const {
    kernel_shape: kernel,
    strides,
    pads,
    input_shape: shape,
    count_include_pad,
  } = attrs as unknown as PoolAttrs & {
    input_shape: readonly number[];
    count_include_pad: number;
  };
  const spatial = kernel.length;
  const counts = windowCounts(shape.slice(2), dY!.shape.slice(2), {
    kernel,
    strides,
    pads,
    includePad: count_include_pad === 1,
  });
  const each = div(dY!, dY!.graph.constant(tensor(dY!.dtype, [1, 1, ...dY!.shape.slice(2)], counts)));
  // With rounded-up sizes the last window may reach past the padding: the convolution gets that much more of it.
  const ends = kernel.map((k, i) => {
    const reach = (dY!.shape[i + 2]! - 1) * strides[i]! + k - shape[i + 2]! - pads[i]!;
    return Math.max(pads[i + spatial]!, reach);
  });
  const W = full(dY!, 1, [shape[1]!, 1, ...kernel]);
  return convInputGrad(W, each, shape, { strides, pads: [...pads.slice(0, spatial), ...ends], group: shape[1]! });
};

/** How many elements each window averages. Padding counts only when asked, and never beyond the declared pads. */
export function windowCounts(
  input: readonly number[],
  output: readonly number[],
  {
    kernel,
    strides,
    pads,
    includePad,
  }: { kernel: readonly number[]; strides: readonly number[]; pads: readonly number[]; includePad: boolean },
): number[] {
  const perAxis = output.map((n, axis) =>
    Array.from({ length: n }, (_, o) => {
      const begin = o * strides[axis]! - pads[axis]!;
      const low = includePad ? -pads[axis]! : 0;
      const high = input[axis]! + (includePad ? pads[axis + input.length]! : 0);
      return Math.min(begin + kernel[axis]!, high) - Math.max(begin, low);
    }),
  );
  return perAxis.reduce<number[]>((counts, axis) => counts.flatMap((a) => axis.map((b) => a * b)), [1]);
}
