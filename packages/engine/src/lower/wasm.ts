// ONNX Runtime Web on WASM: the kernels are the CPU provider's, so are most formulas. But its multiplications take several
// times as long as native ones, moving numbers does not: formulas with fewer multiplications pay.
import type { Attrs } from "../ir/graph.ts";
import { convInputGradRule, convWeightGradRule, cpu } from "./cpu.ts";
import type { LoweringRule, Target } from "./lower.ts";
import { convByTiles, convInputGradByTiles, convWeightGradByTiles } from "./winograd.ts";

/** The first rule, and where it leaves a node as it is the second. */
const either =
  <A extends Attrs>(rule: LoweringRule<A>, other: LoweringRule<A>): LoweringRule<A> =>
  (x, attrs, node) =>
    rule(x, attrs, node) ?? other(x, attrs, node);

export const wasm: Target = {
  ...cpu,
  name: "wasm",
  rules: {
    ...cpu.rules,
    Conv: convByTiles,
    ConvInputGrad: either(convInputGradByTiles, convInputGradRule),
    ConvWeightGrad: either(convWeightGradByTiles, convWeightGradRule),
  },
};
