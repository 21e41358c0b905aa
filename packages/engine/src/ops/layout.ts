// Operators that move elements without computing.

import { axisOf, broadcast, formatShape, ShapeError, sizeOf } from "../ir/type.ts";
import { add, concat, full, reduceSum, reshape, slice, split, transpose } from "./build.ts";
import { op } from "./op.ts";
import { padAxis, place } from "./strided.ts";

/** The same elements in another shape.  dx = dy in x's shape. */
export const Reshape = op<{ shape: readonly number[]; allowzero?: number }>({
  inputs: 1,
  since: 14,
  asInputs: { shape: { at: 1, dtype: "int64", list: true } },
  infer([x], { shape }) {
    const known = shape.filter((dim) => dim !== -1);
    const open = shape.length > known.length;
    const rest = open ? sizeOf(x.shape) / sizeOf(known) : 1;
    const full = shape.map((dim) => (dim === -1 ? rest : dim));
    if (shape.length - known.length > 1 || !Number.isInteger(rest) || sizeOf(full) !== sizeOf(x.shape)) {
      throw new ShapeError(
        `${formatShape(x.shape)} has ${sizeOf(x.shape)} elements and cannot become ${formatShape(shape)}`,
      );
    }
    return { dtype: x.dtype, shape: full };
  },
  grad: ({ x: [x], dy }) => [reshape(dy, x.shape)],
});

/** The axes before `axis` as one, the others as one.  dx = dy in x's shape. */
export const Flatten = op<{ axis: number }>({
  inputs: 1,
  since: 13,
  defaults: { axis: 1 },
  infer([x], { axis }) {
    // One axis past the last is allowed: everything is before it.
    const at = axis === x.shape.length ? axis : axisOf(axis, x.shape.length);
    return { dtype: x.dtype, shape: [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))] };
  },
  grad: ({ x: [x], dy }) => [reshape(dy, x.shape)],
});

/** y = x with axes in the order perm.  dx = dy with the inverse order. */
export const Transpose = op<{ perm: readonly number[] }>({
  inputs: 1,
  since: 13,
  defaults: ([x]) => ({ perm: x!.shape.map((_, i) => x!.shape.length - 1 - i) }),
  infer([x], { perm }) {
    if (perm.length !== x.shape.length || x.shape.some((_, i) => !perm.includes(i))) {
      throw new ShapeError(
        `perm ${formatShape(perm)} is not an order of the ${x.shape.length} axes of ${formatShape(x.shape)}`,
      );
    }
    return { dtype: x.dtype, shape: perm.map((axis) => x.shape[axis]!) };
  },
  grad: ({ dy, attrs: { perm } }) => [
    transpose(
      dy,
      perm.map((_, i) => perm.indexOf(i)),
    ),
  ],
});

/** x repeated along axes of size 1.  dx = dy, summed over them by the sweep. */
export const Expand = op<{ shape: readonly number[] }>({
  inputs: 1,
  since: 13,
  asInputs: { shape: { at: 1, dtype: "int64", list: true } },
  infer: ([x], { shape }) => ({ dtype: x.dtype, shape: broadcast(x.shape, shape) }),
  grad: ({ dy }) => [dy],
});

/** Inputs one after the other along an axis.  dxᵢ = its part of dy. */
export const Concat = op<{ axis: number }>({
  inputs: [1, Number.POSITIVE_INFINITY],
  since: 13,
  infer(xs, { axis }) {
    const at = axisOf(axis, xs[0].shape.length);
    for (const x of xs) {
      if (
        x.dtype !== xs[0].dtype ||
        x.shape.length !== xs[0].shape.length ||
        x.shape.some((dim, i) => i !== at && dim !== xs[0].shape[i])
      ) {
        throw new ShapeError(
          `inputs ${xs.map(({ shape }) => formatShape(shape)).join(", ")} must have one dtype and agree on every axis but ${at}`,
        );
      }
    }
    const sum = xs.reduce((n, x) => n + x.shape[at]!, 0);
    return { dtype: xs[0].dtype, shape: xs[0].shape.map((dim, i) => (i === at ? sum : dim)) };
  },
  grad: ({ x, dy, attrs: { axis } }) =>
    split(
      dy,
      x.map(({ shape }) => shape[axis]!),
      axis,
    ),
});

/** Consecutive parts along an axis.  dx = the parts' gradients one after the other, zeros where a part has none. */
export const Split = op<{ split: readonly number[]; axis: number }>({
  inputs: 1,
  since: 13,
  asInputs: { split: { at: 1, dtype: "int64", list: true } },
  infer([x], { split: sizes, axis }) {
    const at = axisOf(axis, x.shape.length);
    if (sizes.reduce((a, b) => a + b, 0) !== x.shape[at]) {
      throw new ShapeError(`parts ${formatShape(sizes)} do not add up to axis ${at} of ${formatShape(x.shape)}`);
    }
    return sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.map((dim, i) => (i === at ? size : dim)) }));
  },
  grad: ({ y, dys, attrs: { axis } }) => [
    concat(
      y.map((part, i) => dys[i] ?? full(part, 0)),
      axis,
    ),
  ],
});

/** Every step-th element from start to end of each axis; steps may be negative.  dx = dy put back, zeros elsewhere. */
export const Slice = op<{
  starts: readonly number[];
  ends: readonly number[];
  axes: readonly number[];
  steps: readonly number[];
}>({
  inputs: 1,
  since: 13,
  asInputs: {
    starts: { at: 1, dtype: "int64", list: true },
    ends: { at: 2, dtype: "int64", list: true },
    axes: { at: 3, dtype: "int64", list: true },
    steps: { at: 4, dtype: "int64", list: true },
  },
  infer([x], { starts, ends, axes, steps }) {
    const shape = [...x.shape];
    axes.forEach((axis, i) => {
      shape[axisOf(axis, x.shape.length)] = span(
        x.shape[axisOf(axis, x.shape.length)]!,
        starts[i]!,
        ends[i]!,
        steps[i]!,
      ).count;
    });
    return { dtype: x.dtype, shape };
  },
  grad({ x: [x], dy, attrs: { starts, ends, axes, steps } }) {
    let dx = dy;
    axes.forEach((at, i) => {
      const axis = axisOf(at, x.shape.length);
      const size = x.shape[axis]!;
      const { first, count } = span(size, starts[i]!, ends[i]!, steps[i]!);
      if (count === 0) {
        dx = full(
          dx,
          0,
          dx.shape.map((dim, j) => (j === axis ? size : dim)),
        );
        return;
      }
      const step = Math.abs(steps[i]!);
      if (steps[i]! < 0) dx = slice(dx, [{ axis, step: -1 }]);
      const low = steps[i]! < 0 ? first - (count - 1) * step : first;
      dx = place(dx, axis, { size, low, step });
    });
    return [dx];
  },
});

/** First index and number of elements of a slice, by ONNX's rules for negative and outside bounds. */
function span(size: number, start: number, end: number, step: number): { first: number; count: number } {
  if (step === 0) throw new ShapeError("a step of 0 never ends");
  const wrap = (i: number) => (i < 0 ? i + size : i);
  const low = step > 0 ? 0 : -1;
  const high = step > 0 ? size : size - 1;
  const limit = (i: number) => Math.min(high, Math.max(low, wrap(i)));
  const first = step > 0 ? Math.min(size, Math.max(0, wrap(start))) : Math.min(size - 1, Math.max(0, wrap(start)));
  return { first, count: Math.max(0, Math.ceil((limit(end) - first) / step)) };
}

/**
 * x with elements around it: a constant, the mirror image without the edge ("reflect"), or the edge repeated ("edge").
 * dx = the middle of dy; what came from x's own elements is added to them.
 */
export const Pad = op<{ pads: readonly number[]; value: number; mode: string }>({
  inputs: 1,
  since: 13,
  floats: ["value"],
  asInputs: { pads: { at: 1, dtype: "int64", list: true }, value: { at: 2, dtype: "like" } },
  infer([x], { pads, mode }) {
    const rank = x.shape.length;
    if (pads.length !== 2 * rank || pads.some((n) => n < 0)) {
      throw new ShapeError(
        `pads ${formatShape(pads)} do not fit ${formatShape(x.shape)}: two counts ≥ 0 per axis; slice to cut elements off`,
      );
    }
    if (!["constant", "reflect", "edge"].includes(mode)) {
      throw new ShapeError(`mode "${mode}" is not "constant", "reflect" or "edge"`);
    }
    x.shape.forEach((dim, axis) => {
      const most = mode === "reflect" ? dim - 1 : mode === "edge" && dim === 0 ? 0 : Number.POSITIVE_INFINITY;
      if (Math.max(pads[axis]!, pads[axis + rank]!) > most) {
        throw new ShapeError(
          `pads ${pads[axis]} and ${pads[axis + rank]} on axis ${axis} of ${formatShape(x.shape)} are more than "${mode}" can take from it, ${most}`,
        );
      }
    });
    return { dtype: x.dtype, shape: x.shape.map((dim, i) => dim + pads[i]! + pads[i + rank]!) };
  },
  grad({ x: [x], dy, attrs: { pads, mode } }) {
    const rank = x.shape.length;
    let dx = dy;
    for (const [axis, size] of x.shape.entries()) {
      const before = pads[axis]!;
      const after = pads[axis + rank]!;
      if (before === 0 && after === 0) continue;
      const part = (start: number, end: number) => slice(dx, [{ axis, start, end }]);
      let sum = part(before, before + size);
      for (const [count, at, left] of [
        [before, 0, true],
        [after, before + size, false],
      ] as const) {
        if (mode === "constant" || count === 0) continue;
        const outside = part(at, at + count);
        if (mode === "edge") {
          const total = reduceSum(outside, { axes: [axis], keepDims: true });
          sum = add(sum, padAxis(total, axis, left ? 0 : size - 1, left ? size - 1 : 0));
        } else {
          const mirrored = slice(outside, [{ axis, step: -1 }]);
          const rest = size - 1 - count;
          sum = add(sum, padAxis(mirrored, axis, left ? 1 : rest, left ? rest : 1));
        }
      }
      dx = sum;
    }
    return [dx];
  },
});
