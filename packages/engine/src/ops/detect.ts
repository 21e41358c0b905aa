// Regions of feature maps.
import type { Value } from "../ir/graph.ts";
import { formatShape, isFloat, type Shape, ShapeError } from "../ir/type.ts";
import { matMul, mul, oneHot, reshape, transpose } from "./build.ts";
import { op } from "./op.ts";
import { binWeights, type RoiGrid } from "./roi.ts";

export type RoiAlignAttrs = {
  coordinate_transformation_mode: string;
  mode: string;
  output_height: number;
  output_width: number;
  sampling_ratio: number;
  spatial_scale: number;
};

/** The sampling grid of a RoiAlign node over features [N, C, H, W]. */
export function gridsOf(features: Shape, attrs: RoiAlignAttrs): { readonly y: RoiGrid; readonly x: RoiGrid } {
  const common = {
    samples: attrs.sampling_ratio,
    scale: attrs.spatial_scale,
    aligned: attrs.coordinate_transformation_mode === "half_pixel",
  };
  return {
    y: { ...common, size: features[2]!, bins: attrs.output_height, low: 1, high: 3 },
    x: { ...common, size: features[3]!, bins: attrs.output_width, low: 0, high: 2 },
  };
}

/**
 * Y[r, c] = means over the bins of box r in image batch[r] of samples of X, bilinear: X [N, C, H, W], boxes [R, 4] as
 * x₁ y₁ x₂ y₂, batch [R] int64, Y [R, C, h, w]. Sampling is separable, Y[r, c] = A_y[r]·X[batch r, c]·A_x[r]ᵀ, so
 * dX[n, c] = Σ over the boxes r of image n of A_y[r]ᵀ·dY[r, c]·A_x[r], one matrix product over all boxes.
 * The boxes get none, as in torchvision.
 */
export const RoiAlign = op<RoiAlignAttrs>({
  inputs: 3,
  since: 16,
  floats: ["spatial_scale"],
  defaults: {
    coordinate_transformation_mode: "half_pixel",
    mode: "avg",
    output_height: 1,
    output_width: 1,
    sampling_ratio: 0,
    spatial_scale: 1,
  },
  infer([X, boxes, batch], { output_height, output_width }) {
    if (X.shape.length !== 4 || !isFloat(X.dtype)) {
      throw new ShapeError(`features are ${formatShape(X.shape)}; they must be float [N, C, H, W]`);
    }
    const R = boxes.shape[0];
    if (boxes.shape.length !== 2 || boxes.shape[1] !== 4 || batch.shape.length !== 1 || batch.shape[0] !== R) {
      throw new ShapeError(
        `boxes are ${formatShape(boxes.shape)}, batch indices ${formatShape(batch.shape)}; they must be [R, 4] and [R]`,
      );
    }
    return { dtype: X.dtype, shape: [R!, X.shape[1]!, output_height, output_width] };
  },
  grad({ x: [X, boxes, batch], dy: dY, attrs }) {
    if (attrs.mode !== "avg")
      throw new Error('gradient: RoiAlign in mode "max" is differentiated as built by roiAlign');
    if (attrs.sampling_ratio < 1) {
      throw new Error(
        "gradient: RoiAlign with sampling_ratio 0 takes a number of samples that depends on the boxes; give it, e.g. samplingRatio: 2",
      );
    }
    const [N, C, H, W] = X.shape as [number, number, number, number];
    const [R, , h, w] = dY.shape as [number, number, number, number];
    const { y, x } = gridsOf(X.shape, attrs);
    const right = matMul(dY, reshape(binWeights(boxes, x), [R, 1, w, W])); // [R, C, h, W]
    const rows = reshape(transpose(right, [1, 0, 2, 3]), [1, C, R * h, W]);
    const Ay = reshape(binWeights(boxes, y), [1, R, h, H]);
    const own = N === 1 ? Ay : mul(Ay, ofImage(batch, N, R, X));
    const left = transpose(reshape(own, [N, 1, R * h, H]), [0, 1, 3, 2]);
    return [matMul(left, rows), null, null];
  },
});

/** 1 where box r is of image n, [N, R, 1, 1]. */
const ofImage = (batch: Value, N: number, R: number, like: Value): Value =>
  reshape(transpose(oneHot(batch, N, like.dtype)), [N, R, 1, 1]);
