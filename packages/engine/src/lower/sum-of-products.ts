// Σ a·b over images and places, as batch normalisation's gradient has it, by products of vectors.
import { sameShape, sizeOf } from "../ir/type.ts";
import { reduceSum, reshape } from "../ops/build.ts";
import type { AttrsOf } from "../ops/table.ts";
import { matMulTransposed } from "./fused-mat-mul.ts";
import type { LoweringRule } from "./lower.ts";

/**
 * A sum of a product over all axes but the channels': the product is not written to memory, and both are read once. With
 * fewer places a call for each channel of each image costs more than that saves.
 */
export const sumOfProducts: LoweringRule<AttrsOf<"ReduceSum">> = ([x], { axes, keepdims }) => {
  const { node, shape } = x!;
  if (node?.op !== "Mul" || keepdims || shape.length < 3) return null;
  const others = shape.map((_, i) => i).filter((i) => i !== 1);
  const [a, b] = node.inputs as [NonNullable<(typeof node.inputs)[0]>, NonNullable<(typeof node.inputs)[0]>];
  const [N, C, ...space] = shape as [number, number, ...number[]];
  const P = sizeOf(space);
  if (`${axes}` !== `${others}` || !sameShape(a.shape, shape) || !sameShape(b.shape, shape) || P < 700) return null;
  const dots = matMulTransposed(reshape(a, [N, C, 1, P]), reshape(b, [N, C, 1, P]));
  return reduceSum(reshape(dots, [N, C]), { axes: [0] });
};
