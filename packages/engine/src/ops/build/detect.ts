// Regions, resizing, quantisation, and sums over named axes.
import type { Value } from "../../ir/graph.ts";
import { first } from "./operand.ts";

export interface ResizeOptions {
  /** "nearest" repeats, as PyTorch's; "linear" and "cubic" interpolate along each axis. */
  readonly mode?: "nearest" | "linear" | "cubic";
  /** First and last elements of both grids fall on each other; otherwise pixels are areas, as PyTorch's default. */
  readonly alignCorners?: boolean;
}
/** X [N, C, …] with its spatial axes resampled to the given sizes. */
export function resize(
  X: Value,
  size: readonly number[],
  { mode = "nearest", alignCorners = false }: ResizeOptions = {},
): Value {
  const coordinates = mode === "nearest" ? "asymmetric" : alignCorners ? "align_corners" : "half_pixel";
  return first(
    X.graph.add("Resize", [X], {
      mode,
      coordinate_transformation_mode: coordinates,
      nearest_mode: mode === "nearest" ? "floor" : "round_prefer_floor",
      cubic_coeff_a: -0.75,
      sizes: [...X.shape.slice(0, 2), ...size],
    }),
  );
}
/** Sum of products over named axes, e.g. einsum("bij,bjk->bik", A, B). */
export const einsum = (equation: string, ...xs: readonly Value[]): Value =>
  first(xs[0]!.graph.add("Einsum", xs, { equation }));
/** x/scale + zero, rounded and limited to int8 or uint8; scale and zero are [] or one number per slice of the axis. */
export const quantizeLinear = (x: Value, scale: Value, zero: Value, { axis = 1 } = {}): Value =>
  first(x.graph.add("QuantizeLinear", [x, scale, zero], { axis }));
/** (x − zero)·scale. */
export const dequantizeLinear = (x: Value, scale: Value, zero: Value, { axis = 1 } = {}): Value =>
  first(x.graph.add("DequantizeLinear", [x, scale, zero], { axis }));
