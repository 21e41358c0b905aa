import { gemm, matMul } from "@reprise/engine";
import type { Row } from "./row.ts";

export const rows: Record<string, Row> = {
  MatMul: {
    cases: { matrices: matMul, "batches broadcast on both sides": matMul, "a row and a column": matMul },
    wrong: [
      ({ f }) => matMul(f(2, 3), f(4, 5)),
      "MatMul: A is [2, 3], B is [4, 5]: inner sizes 3 and 4 differ; transpose one or check the layer's input size",
    ],
  },
  Gemm: {
    cases: {
      plain: (a, b) => gemm(a, b),
      "bias row": (a, b, c) => gemm(a, b, c),
      "scaled, bias column": (a, b, c) => gemm(a, b, c, { alpha: 0.5, beta: 2 }),
      "A transposed": (a, b) => gemm(a, b, null, { alpha: 1.5, transA: true }),
      "B transposed": (a, b, c) => gemm(a, b, c, { transB: true }),
      "both transposed": (a, b) => gemm(a, b, null, { alpha: -1, transA: true, transB: true }),
    },
    wrong: [({ f }) => gemm(f(2, 3), f(3, 4), f(5)), "Gemm: C is [5]; A and B give [2, 4], to which it must broadcast"],
  },
};
