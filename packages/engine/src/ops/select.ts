// Selection whose result's size depends on the data. A value of the graph has a fixed shape: these have their largest
// possible one, and −1 after what was found. The exporter pads ONNX's own results to that.
import { formatType, isFloat, ShapeError, sizeOf } from "../ir/type.ts";
import { op } from "./op.ts";

/** Y [rank, size of x] int64: the coordinates of what is not 0 in x, in row order, a column each; then columns of −1. */
export const NonZero = op({
  inputs: 1,
  since: 13,
  padded: 1,
  infer([x]) {
    if (x.shape.length === 0) throw new ShapeError(`input is ${formatType(x)}; a scalar has no coordinates`);
    return { dtype: "int64", shape: [x.shape.length, sizeOf(x.shape)] };
  },
  grad: "none",
});

/**
 * Y [most, 3] int64: image, class and box of those that remain when boxes are taken in order of their scores, above
 * the threshold, and drop the ones that overlap them by more than iou_threshold; then rows of −1.
 * Boxes [N, B, 4] as y₁ x₁ y₂ x₂ (or centre x, y, width, height), scores [N, K, B]; at most max_output_boxes_per_class
 * of each image and class, so most = N·K·min(B, that).
 */
export const NonMaxSuppression = op<{
  center_point_box: number;
  max_output_boxes_per_class: number;
  iou_threshold: number;
  score_threshold: number;
}>({
  inputs: 2,
  since: 11,
  padded: 0,
  defaults: { center_point_box: 0, max_output_boxes_per_class: 0, iou_threshold: 0 },
  asInputs: {
    max_output_boxes_per_class: { at: 2, dtype: "int64" },
    iou_threshold: { at: 3, dtype: "float32" },
    score_threshold: { at: 4, dtype: "float32" },
  },
  infer([boxes, scores], { max_output_boxes_per_class: most }) {
    const [N, B, four] = boxes.shape;
    const [images, K, count] = scores.shape;
    const fits = boxes.shape.length === 3 && scores.shape.length === 3 && four === 4 && images === N && count === B;
    if (!fits || !isFloat(boxes.dtype) || boxes.dtype !== scores.dtype) {
      throw new ShapeError(
        `boxes are ${formatType(boxes)}, scores ${formatType(scores)}; they must be float [N, B, 4] and [N, K, B]`,
      );
    }
    return { dtype: "int64", shape: [N! * K! * Math.min(B!, most), 3] };
  },
  grad: "none",
});
