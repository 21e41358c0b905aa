// ONNX Runtime Web on WASM: the kernels are the CPU provider's, so are most formulas. But its multiplications take several
// times as long as native ones, moving numbers does not: formulas with fewer multiplications pay.
import { cpu } from "./cpu.ts";
import type { LoweringRule, Target } from "./lower.ts";
import { convByTiles, convInputGradByTiles, convWeightGradByTiles } from "./winograd.ts";

/** The first rule, and where it leaves a node as it is the CPU's. */
const orCpu =
  (op: string, rule: LoweringRule): LoweringRule =>
  (x, attrs, node) =>
    rule(x, attrs, node) ?? cpu.rules[op]!(x, attrs, node);

export const wasm: Target = {
  ...cpu,
  name: "wasm",
  rules: {
    ...cpu.rules,
    Conv: convByTiles,
    ConvInputGrad: orCpu("ConvInputGrad", convInputGradByTiles),
    ConvWeightGrad: orCpu("ConvWeightGrad", convWeightGradByTiles),
  },
};
