// Quantisation written out, for targets without kernels for it.
import type { DType } from "../ir/type.ts";
import { cast, clip, mul } from "../ops/build.ts";
import { along, centred, limits, unlimited } from "../ops/quantize.ts";
import type { LoweringRule } from "./lower.ts";

export const quantizeInFloat: LoweringRule<{ axis: number }> = ([x, scale, zero], { axis }, { outputs }) => {
  const to: DType = outputs[0]!.dtype;
  const [min, max] = limits[to]!;
  return cast(clip(unlimited(x!, scale!, zero, axis), { min, max }), to);
};

export const dequantizeInFloat: LoweringRule<{ axis: number }> = ([x, scale, zero], { axis }) =>
  mul(centred(x!, scale!, zero, axis), along(scale!, x!, axis));
