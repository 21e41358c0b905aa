// A·Bᵀ and Aᵀ·B without a transposed copy: an operator of ONNX Runtime's own domain, in its native and WASM builds.
import type { Value } from "../ir/graph.ts";
import type { Type } from "../ir/type.ts";
import { matMul, transposeLast } from "../ops/build.ts";
import { MatMul } from "../ops/linalg.ts";
import { op } from "../ops/op.ts";
import type { LoweringRule } from "./lower.ts";

const key = "com.microsoft.FusedMatMul";

const turned = ({ dtype, shape }: Type): Type => ({
  dtype,
  shape: [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!],
});

/** The entry, for a target's operators. */
export const fusedMatMul = {
  [key]: op({
    inputs: 2,
    since: 1,
    domain: "com.microsoft",
    infer: ([A, B], attrs) => MatMul.infer([attrs.transA ? turned(A) : A, attrs.transB ? turned(B) : B, B], attrs),
    grad: "none",
  }),
};

/** A·Bᵀ, A […, M, K], B […, N, K]. */
export const matMulTransposed = (A: Value, B: Value): Value => A.graph.add(key, [A, B], { transB: 1 })[0]!;

/** Aᵀ·B, A […, K, M], B […, K, N]. */
export const transposedMatMul = (A: Value, B: Value): Value => A.graph.add(key, [A, B], { transA: 1 })[0]!;

/** The rule of targets that do not have the operator. */
export const splitMatMul: Readonly<Record<string, LoweringRule>> = {
  [key]: ([A, B], { transA, transB }) => matMul(transA ? transposeLast(A!) : A!, transB ? transposeLast(B!) : B!),
};
