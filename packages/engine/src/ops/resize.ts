// Resizing of images and other grids.
import type { Value } from "../ir/graph.ts";
import { formatShape, formatType, isFloat, type Shape, ShapeError } from "../ir/type.ts";
import { alongAxis, interpolationMatrix, type ResizeAttrs, repetition, scaledSize, sumBlocks } from "./interpolate.ts";
import { op } from "./op.ts";

const known: Readonly<Record<string, readonly string[]>> = {
  mode: ["nearest", "linear", "cubic"],
  coordinate_transformation_mode: ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"],
  nearest_mode: ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"],
};

/**
 * Y = X resampled to `sizes`, or by `scales` (one per axis), along each axis by itself: Y = M·X with M of interpolate.ts.
 * dX = Mᵀ·dY along each axis.
 */
export const Resize = op<ResizeAttrs>({
  inputs: [1, 2],
  since: 13,
  floats: ["cubic_coeff_a"],
  asInputs: {
    scales: { at: 2, dtype: "float32", list: true },
    sizes: { at: 3, dtype: "int64", list: true },
  },
  defaults: {
    mode: "nearest",
    coordinate_transformation_mode: "half_pixel",
    nearest_mode: "round_prefer_floor",
    cubic_coeff_a: -0.75,
  },
  infer([X], attrs) {
    const { sizes, scales } = attrs;
    const given = sizes ?? scales;
    if (!isFloat(X.dtype)) throw new ShapeError(`input is ${formatType(X)}; it must be float32 or float64: cast it`);
    if (given?.length !== X.shape.length) {
      throw new ShapeError(
        `input ${formatShape(X.shape)} needs a size or a scale for each of its ${X.shape.length} axes; given were ${given?.length ?? 0}`,
      );
    }
    for (const [key, values] of Object.entries(known)) {
      const value = attrs[key as "mode"];
      if (!values.includes(value)) throw new ShapeError(`${key} "${value}" is not one of ${values.join(", ")}`);
    }
    for (const key of ["antialias", "axes", "keep_aspect_ratio_policy", "extrapolation_value"]) {
      const value = (attrs as Readonly<Record<string, unknown>>)[key];
      if (value !== undefined && value !== 0 && value !== "stretch") throw new ShapeError(`${key} is not supported`);
    }
    return { dtype: X.dtype, shape: sizes ?? X.shape.map((dim, i) => scaledSize(dim, scales![i]!)) };
  },
  grad({ x: [X], dy: dY, attrs }) {
    let dX = dY;
    for (const { axis, matrix, input, output } of matrices(X.shape, dY.shape, attrs)) {
      const k = repetition(matrix, input, output);
      dX = k ? sumBlocks(dX, axis, k) : alongAxis(dX, axis, matrix, { transposed: true });
    }
    return [dX];
  },
});

interface AxisMatrix {
  readonly axis: number;
  readonly matrix: Float64Array;
  readonly input: number;
  readonly output: number;
}

function matrices(from: Shape, to: Shape, attrs: ResizeAttrs): AxisMatrix[] {
  return from.flatMap((input, axis) => {
    const output = to[axis]!;
    const scale = attrs.scales?.[axis] ?? output / input;
    if (output === input && scale === 1) return [];
    return { axis, matrix: interpolationMatrix(input, output, scale, attrs), input, output };
  });
}

/** Y of Resize by matrices. */
export const resizeByMatrices = (X: Value, to: Shape, attrs: ResizeAttrs): Value =>
  matrices(X.shape, to, attrs).reduce((x, { axis, matrix }) => alongAxis(x, axis, matrix), X);
