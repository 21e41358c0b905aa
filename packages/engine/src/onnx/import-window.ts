// Operators of ONNX files with a window that moves over space: convolution, pooling, and what undoes them.
import type { Value } from "../ir/graph.ts";
import { type Shape, sizeOf, type Type, tensor } from "../ir/type.ts";
import { windowCounts } from "../lower/pooling.ts";
import {
  abs,
  add,
  constant,
  conv,
  convTranspose,
  div,
  equal,
  full,
  mod,
  mul,
  pad,
  pow,
  reduceSum,
  reshape,
  scatterElements,
  sub,
  where,
} from "../ops/build.ts";
import { type ImportRule, type ImportSite, ints, known, number, string } from "./import-site.ts";

type Window = {
  readonly strides: readonly number[];
  /** All begins, then all ends. */
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly kernel_shape: readonly number[];
};

const reachOf = (kernel: Shape, dilations: Shape): number[] => kernel.map((k, i) => dilations[i]! * (k - 1) + 1);

/** Pads of a total per axis: with SAME_LOWER the larger part of an odd one stands at the begin. */
function shared(totals: readonly number[], lower: boolean): number[] {
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total, i) => total - small[i]!);
  return lower ? [...large, ...small] : [...small, ...large];
}

/**
 * Window attributes with every default filled in; SAME padding resolved for the input at hand. For pooling ONNX Runtime
 * resolves it as if the window were not dilated, and for convolutions with dilations it refuses it.
 */
function windowOf(site: ImportSite, kernel: readonly number[], { pooling = false } = {}): Window {
  const strides = ints(site, "strides") ?? kernel.map(() => 1);
  const dilations = ints(site, "dilations") ?? kernel.map(() => 1);
  let pads = ints(site, "pads") ?? [...kernel, ...kernel].map(() => 0);
  const auto = string(site, "auto_pad", "NOTSET");
  if (auto.startsWith("SAME")) {
    const reach = pooling ? kernel : reachOf(kernel, dilations);
    const sizes = site.inputs[0]!.shape.slice(2);
    const totals = sizes.map((size, i) => {
      const covered = (Math.ceil(size / strides[i]!) - 1) * strides[i]! + reach[i]!;
      return Math.max(0, covered - size);
    });
    pads = shared(totals, auto === "SAME_LOWER");
  }
  return { strides, pads, dilations, kernel_shape: kernel };
}

/** Strides, padding, dilations and groups of a convolution with kernels W [K, C/group, k…]. */
export function convOptions(site: ImportSite, W: Value): Omit<Window, "kernel_shape"> & { readonly group: number } {
  const { kernel_shape: _, ...options } = windowOf(site, W.shape.slice(2));
  return { ...options, group: number(site, "group", 1) };
}

const poolAttrs = (site: ImportSite): Window & { ceil_mode: number } => ({
  ...windowOf(site, ints(site, "kernel_shape") ?? [], { pooling: true }),
  ceil_mode: number(site, "ceil_mode", 0),
});

/** Sums of the windows of x, by a convolution with ones: unlike AveragePool it takes dilations. */
function windowSums(x: Value, window: Window & { ceil_mode: number }): Value {
  const { kernel_shape: kernel, strides, pads, dilations } = window;
  const { operators } = x.graph;
  const [{ shape: pooled }] = operators.MaxPool!.infer([x], window) as readonly [Type, Type];
  const reach = reachOf(kernel, dilations);
  // Windows of a size rounded up reach past the declared end.
  const ends = reach.map((r, i) => (pooled[i + 2]! - 1) * strides[i]! + r - x.shape[i + 2]! - pads[i]!);
  const all = [...pads.slice(0, kernel.length), ...ends.map((end, i) => Math.max(end, pads[i + kernel.length]!))];
  const C = x.shape[1]!;
  return conv(x, full(x, 1, [C, 1, ...kernel]), null, { strides, dilations, pads: all, group: C });
}

/** How many elements each window holds, [1, 1, …]; with the declared padding or without it. */
function windowSizes(x: Value, sums: Value, window: Window, includePad: boolean): Value {
  const output = sums.shape.slice(2);
  const counts = windowCounts(x.shape.slice(2), output, { ...window, kernel: window.kernel_shape, includePad });
  return constant(x, tensor(x.dtype, [1, 1, ...output], counts));
}

/** The p-th root of a sum of powers; where the sum is 0 so is the gradient. */
function root(sum: Value, p: number): Value {
  const none = equal(sum, 0);
  return where(none, 0, pow(where(none, 1, sum), 1 / p));
}
const powered = (x: Value, p: number): Value => (p === 1 ? abs(x) : p === 2 ? mul(x, x) : pow(abs(x), p));

/** Places in row order → places in column order, within each channel. */
function inColumns(places: Value, space: Shape): Value {
  const size = sizeOf(space);
  const inside = mod(places, size);
  let at = sub(places, inside);
  let rowStride = size;
  let columnStride = 1;
  for (const dim of space) {
    rowStride /= dim;
    at = add(at, mul(mod(div(inside, rowStride), dim), columnStride));
    columnStride *= dim;
  }
  return at;
}

export const windowRules: Readonly<Record<string, ImportRule>> = {
  Conv(site) {
    const [x, W, B] = site.inputs as [Value, Value, Value | null | undefined];
    const attrs = { ...convOptions(site, W), kernel_shape: W.shape.slice(2) };
    return site.graph.add("Conv", B ? [x, W, B] : [x, W], attrs, site.name);
  },
  ConvTranspose(site) {
    const [x, W, B] = site.inputs as [Value, Value, Value | null | undefined];
    const kernel = W.shape.slice(2);
    const { strides, pads, dilations } = windowOf(site, kernel);
    const group = number(site, "group", 1);
    const more = ints(site, "output_padding") ?? kernel.map(() => 0);
    const auto = string(site, "auto_pad", "NOTSET");
    const same = auto.startsWith("SAME");
    const reaches = reachOf(kernel, dilations);
    // Some exporters write N and C as well. SAME cuts to stride · size, and adds nothing where that is more.
    const wanted =
      ints(site, "output_shape")?.slice(-kernel.length) ??
      (same
        ? x.shape
            .slice(2)
            .map((size, i) => Math.min(size, size - 1 + (reaches[i]! + more[i]!) / strides[i]!) * strides[i]!)
        : undefined);
    if (!wanted) return convTranspose(x, W, B ?? null, { strides, pads, dilations, group, outputPadding: more });
    const totals = reaches.map((reach, i) => strides[i]! * (x.shape[i + 2]! - 1) + more[i]! + reach - wanted[i]!);
    return convTranspose(x, W, B ?? null, {
      strides,
      dilations,
      group,
      pads: shared(
        totals.map((total) => Math.max(0, total)),
        auto !== "SAME_UPPER",
      ),
      outputPadding: more.map((padding, i) => padding + Math.max(0, -totals[i]!)),
    });
  },
  MaxPool(site) {
    const x = site.inputs[0]!;
    const [y, places] = x.graph.add("MaxPool", [x], { ...poolAttrs(site), storage_order: 0 }, site.name);
    if (number(site, "storage_order", 0) === 0) return [y!, places!];
    return [y!, inColumns(places!, x.shape.slice(2))];
  },
  AveragePool(site) {
    const x = site.inputs[0]!;
    const { dilations, ...attrs } = poolAttrs(site);
    const includePad = number(site, "count_include_pad", 0);
    if (dilations.every((d) => d === 1))
      return x.graph.add("AveragePool", [x], { ...attrs, count_include_pad: includePad }, site.name);
    const window = { ...attrs, dilations };
    const sums = windowSums(x, window);
    return div(sums, windowSizes(x, sums, window, includePad === 1));
  },
  LpPool(site) {
    const p = number(site, "p", 2);
    return root(windowSums(powered(site.inputs[0]!, p), poolAttrs(site)), p);
  },
  GlobalLpPool(site) {
    const x = site.inputs[0]!;
    const p = number(site, "p", 2);
    return root(reduceSum(powered(x, p), { axes: x.shape.slice(2).map((_, i) => i + 2), keepDims: true }), p);
  },
  MaxUnpool(site) {
    const [x, places] = site.inputs as [Value, Value];
    const { kernel_shape: kernel, strides, pads } = windowOf(site, ints(site, "kernel_shape") ?? []);
    const n = kernel.length;
    const [N, C, ...space] = x.shape as [number, number, ...number[]];
    const size = kernel.map((k, i) => (space[i]! - 1) * strides[i]! + k - pads[i]! - pads[i + n]!);
    const length = N * C * sizeOf(size);
    const flat = scatterElements(full(x, 0, [length]), reshape(places, [-1]), reshape(x, [-1]));
    const y = reshape(flat, [N, C, ...size]);
    const wanted = site.inputs[2] ? known(site.inputs[2], "output_shape") : y.shape;
    return pad(
      y,
      wanted.map(() => 0),
      wanted.map((dim, i) => dim - y.shape[i]!),
    );
  },
};
