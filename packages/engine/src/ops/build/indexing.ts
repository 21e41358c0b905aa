// Elements at computed places.
import type { Value } from "../../ir/graph.ts";
import { axisOf, type DType, tensor } from "../../ir/type.ts";
import { cast, equal } from "./elementwise.ts";
import { reshape } from "./layout.ts";
import { first } from "./operand.ts";

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
/** Elements or slices of x at the coordinates in the last axis of the indices; the first `batchDims` axes are shared. */
export const gatherND = (x: Value, indices: Value, { batchDims = 0 } = {}): Value =>
  first(x.graph.add("GatherND", [x, indices], { batch_dims: batchDims }));
/** data with elements or slices replaced by, or increased by, the updates at coordinates. */
export const scatterND = (
  data: Value,
  indices: Value,
  updates: Value,
  { reduction = "none" as "none" | "add" } = {},
): Value => first(data.graph.add("ScatterND", [data, indices, updates], { reduction }));
/** The upper or lower triangle of the last two axes; k moves the diagonal to the right. */
export const trilu = (x: Value, { upper = true, k = 0 } = {}): Value =>
  first(x.graph.add("Trilu", [x], { upper: upper ? 1 : 0, k }));
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
