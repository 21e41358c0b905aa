// Selection of elements and boxes.
import type { Value } from "../../ir/graph.ts";
import { cast, greaterOrEqual } from "./elementwise.ts";
import { reshape, slice } from "./layout.ts";
import { first } from "./operand.ts";
import { reduceSum } from "./reduce.ts";

/** How many along an axis were found, []: the padding is −1, which is no place. */
const found = (places: Value, axis: number): Value =>
  reduceSum(cast(greaterOrEqual(reshape(slice(places, [{ axis, start: 0, end: 1 }]), [-1]), 0), "int64"));

/** Coordinates [rank, size of x] of the elements that are not 0, in row order, −1 after the last; and their count []. */
export function nonZero(x: Value): { readonly places: Value; readonly count: Value } {
  const places = first(x.graph.add("NonZero", [x]));
  return { places, count: found(places, 0) };
}

export interface NonMaxSuppressionOptions {
  /** Of each image and class. */
  readonly maxOutput: number;
  /** A box goes when its intersection with a better one, over their union, is larger. */
  readonly iouThreshold?: number;
  /** Boxes with lower scores are not looked at. */
  readonly scoreThreshold?: number;
  /** Boxes are centre x, y, width, height; otherwise y₁ x₁ y₂ x₂ of opposite corners. */
  readonly centerPointBox?: boolean;
}
/**
 * Boxes that remain of those that overlap: boxes [N, B, 4], scores [N, K, B] → selected [most, 3], rows of image, class
 * and box, −1 after the last; and their count []. No gradient.
 */
export function nonMaxSuppression(
  boxes: Value,
  scores: Value,
  { maxOutput, iouThreshold = 0.5, scoreThreshold, centerPointBox = false }: NonMaxSuppressionOptions,
): { readonly selected: Value; readonly count: Value } {
  const selected = first(
    boxes.graph.add("NonMaxSuppression", [boxes, scores], {
      center_point_box: centerPointBox ? 1 : 0,
      max_output_boxes_per_class: maxOutput,
      iou_threshold: iouThreshold,
      score_threshold: scoreThreshold,
    }),
  );
  return { selected, count: found(selected, 1) };
}
