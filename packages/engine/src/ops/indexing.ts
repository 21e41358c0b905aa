// Reading and writing elements at computed places. Gradients go to the data, never to the indices.
import type { Value } from "../ir/graph.ts";
import { axisOf, formatShape, formatType, ShapeError, sameShape, sizeOf, type Type, tensor } from "../ir/type.ts";
import {
  concat,
  full,
  gatherElements,
  gatherND,
  reshape,
  scatterElements,
  scatterND,
  transpose,
  trilu,
} from "./build.ts";
import { op } from "./op.ts";

function integers(indices: Type): void {
  if (indices.dtype !== "int64" && indices.dtype !== "int32") {
    throw new ShapeError(`indices are ${formatType(indices)}; they must be int32 or int64`);
  }
}

/** Y = X at indices along an axis, [d…, i…, e…] for X [d…, a, e…] and indices [i…].  dX = dY added up per index. */
export const Gather = op<{ axis: number }>({
  inputs: 2,
  since: 13,
  defaults: { axis: 0 },
  infer([X, indices], { axis }) {
    integers(indices);
    const at = axisOf(axis, X.shape.length);
    return { dtype: X.dtype, shape: [...X.shape.slice(0, at), ...indices.shape, ...X.shape.slice(at + 1)] };
  },
  grad({ x: [X, indices], dy: dY, attrs: { axis } }) {
    // As rows: the gathered axis first, all others in one.
    const before = X.shape.slice(0, axis);
    const after = X.shape.slice(axis + 1);
    const count = sizeOf(indices.shape);
    const columns = sizeOf(before) * sizeOf(after);
    const flat = reshape(dY, [sizeOf(before), count, sizeOf(after)]);
    const rows = reshape(transpose(flat, [1, 0, 2]), [count, columns]);
    const places = expandTo(reshape(indices, [count, 1]), [count, columns]);
    const dRows = scatterElements(full(rows, 0, [X.shape[axis]!, columns]), places, rows, {
      axis: 0,
      reduction: "add",
    });
    const back = transpose(reshape(dRows, [X.shape[axis]!, sizeOf(before), sizeOf(after)]), [1, 0, 2]);
    return [reshape(back, X.shape), null];
  },
});

/** Y[…i…] = X[…indices[…i…]…] along an axis.  dX = dY added up per index. */
export const GatherElements = op<{ axis: number }>({
  inputs: 2,
  since: 13,
  defaults: { axis: 0 },
  infer([X, indices], { axis }) {
    integers(indices);
    fits(X, indices, axisOf(axis, X.shape.length));
    return { dtype: X.dtype, shape: indices.shape };
  },
  grad: ({ x: [X, indices], dy: dY, attrs: { axis } }) => [
    scatterElements(full(dY, 0, X.shape), indices, dY, { axis, reduction: "add" }),
    null,
  ],
});

/**
 * Y = data with updates put ("none") or added ("add") at the indices along an axis.
 * "add": dData = dY, dUpdates = dY at the indices. "none": dData is 0 at the indices; they must not repeat.
 */
export const ScatterElements = op<{ axis: number; reduction: string }>({
  inputs: 3,
  since: 16,
  defaults: { axis: 0, reduction: "none" },
  infer([data, indices, updates], { axis, reduction }) {
    integers(indices);
    fits(data, indices, axisOf(axis, data.shape.length));
    if (!sameShape(indices.shape, updates.shape) || updates.dtype !== data.dtype) {
      throw new ShapeError(
        `updates are ${formatType(updates)}; they must have the indices' shape ${formatShape(indices.shape)} and the data's dtype ${data.dtype}`,
      );
    }
    if (reduction !== "none" && reduction !== "add")
      throw new ShapeError(`reduction "${reduction}" is not "none" or "add"`);
    return data;
  },
  grad({ x: [, indices, updates], dy: dY, need, attrs: { axis, reduction } }) {
    const dData = () => (reduction === "add" ? dY : scatterElements(dY, indices, full(updates, 0), { axis }));
    return [need[0] ? dData() : null, null, need[2] ? gatherElements(dY, indices, { axis }) : null];
  },
});

function fits(data: Type, indices: Type, axis: number): void {
  const ok =
    data.shape.length === indices.shape.length && indices.shape.every((dim, i) => i === axis || dim <= data.shape[i]!);
  if (!ok) {
    throw new ShapeError(
      `indices ${formatShape(indices.shape)} do not fit data ${formatShape(data.shape)}: same rank, and no longer than it on every axis but ${axis}`,
    );
  }
}

/** Indices repeated over columns; gather keeps integers, which Expand in ONNX Runtime does too. */
function expandTo(indices: Value, shape: readonly number[]): Value {
  return indices.graph.add("Expand", [indices], { shape })[0]!;
}

/**
 * Y[i…] = X[indices[i…]], where the last axis of the indices holds the first coordinates of an element or a slice of X;
 * with batch_dims b the first b axes are shared.  dX = dY added up per index.
 */
export const GatherND = op<{ batch_dims: number }>({
  inputs: 2,
  since: 13,
  defaults: { batch_dims: 0 },
  infer([X, indices], { batch_dims: b }) {
    integers(indices);
    const depth = indices.shape.at(-1) ?? 0;
    if (
      depth < 1 ||
      b + depth > X.shape.length ||
      b >= indices.shape.length ||
      !sameShape(X.shape.slice(0, b), indices.shape.slice(0, b))
    ) {
      throw new ShapeError(
        `indices ${formatShape(indices.shape)} do not fit data ${formatShape(X.shape)}: the last axis holds at most ${X.shape.length - b} coordinates, and the first ${b} axes are equal`,
      );
    }
    return { dtype: X.dtype, shape: [...indices.shape.slice(0, -1), ...X.shape.slice(b + depth)] };
  },
  grad({ x: [X, indices], dy: dY, attrs: { batch_dims } }) {
    return [scatterND(full(dY, 0, X.shape), withBatch(indices, batch_dims), dY, { reduction: "add" }), null];
  },
});

/** Indices with the coordinates of their first axes in front, so that no axis is shared. */
function withBatch(indices: Value, batchDims: number): Value {
  if (batchDims === 0) return indices;
  const shape = [...indices.shape.slice(0, -1), 1];
  const coordinates = Array.from({ length: batchDims }, (_, axis) => {
    const size = shape[axis]!;
    const own = shape.map((_, i) => (i === axis ? size : 1));
    const values = Array.from({ length: size }, (_, i) => i);
    return expandTo(indices.graph.constant(tensor(indices.dtype, own, values)), shape);
  });
  return concat([...coordinates, indices], -1);
}

/**
 * Y = data with slices put ("none") or added ("add") at the coordinates in the last axis of the indices.
 * "add": dData = dY, dUpdates = dY at the indices. "none": dData is 0 at the indices; they must not repeat.
 */
export const ScatterND = op<{ reduction: string }>({
  inputs: 3,
  since: 16,
  defaults: { reduction: "none" },
  infer([data, indices, updates], { reduction }) {
    integers(indices);
    const depth = indices.shape.at(-1) ?? 0;
    const wanted = [...indices.shape.slice(0, -1), ...data.shape.slice(depth)];
    if (depth < 1 || depth > data.shape.length || !sameShape(updates.shape, wanted) || updates.dtype !== data.dtype) {
      throw new ShapeError(
        `updates are ${formatType(updates)}; indices ${formatShape(indices.shape)} into data ${formatType(data)} need ${data.dtype} ${formatShape(wanted)}`,
      );
    }
    if (reduction !== "none" && reduction !== "add")
      throw new ShapeError(`reduction "${reduction}" is not "none" or "add"`);
    return data;
  },
  grad({ x: [, indices, updates], dy: dY, need, attrs: { reduction } }) {
    const dData = () => (reduction === "add" ? dY : scatterND(dY, indices, full(updates, 0)));
    return [need[0] ? dData() : null, null, need[2] ? gatherND(dY, indices) : null];
  },
});

/** The upper (or lower) triangle of the last two axes, from diagonal k on (or up to it); zeros elsewhere.  dx = that of dy. */
export const Trilu = op<{ upper: number; k: number }>({
  inputs: 1,
  since: 14,
  asInputs: { k: { at: 1, dtype: "int64" } },
  defaults: { upper: 1, k: 0 },
  infer([x]) {
    if (x.shape.length < 2) throw new ShapeError(`input is ${formatShape(x.shape)}; it must have two axes or more`);
    return x;
  },
  grad: ({ dy, attrs: { upper, k } }) => [trilu(dy, { upper: upper === 1, k })],
});
