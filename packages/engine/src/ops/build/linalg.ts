// Linear algebra.
import type { Value } from "../../ir/graph.ts";
import { defaults } from "../defaults.ts";
import { first } from "./operand.ts";

/** A·B over the last two axes, the axes before them broadcast. */
export const matMul = (A: Value, B: Value): Value => first(A.graph.add("MatMul", [A, B]));
export interface GemmOptions {
  readonly alpha?: number;
  readonly beta?: number;
  readonly transA?: boolean;
  readonly transB?: boolean;
}
/** α·op(A)·op(B) + β·C for matrices; C is optional and broadcast. */
export function gemm(A: Value, B: Value, C: Value | null = null, options: GemmOptions = {}): Value {
  const { transA = false, transB = false, ...numbers } = options;
  const attrs = { ...defaults.Gemm, ...numbers, transA: transA ? 1 : 0, transB: transB ? 1 : 0 };
  return first(A.graph.add("Gemm", C ? [A, B, C] : [A, B], attrs));
}
