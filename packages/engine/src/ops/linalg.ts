// Products of matrices.
import { broadcast, broadcastsTo, formatShape, formatType, ShapeError } from "../ir/type.ts";
import { gemm, matMul, mul, transposeLast } from "./build.ts";
import { defaults } from "./defaults.ts";
import { op } from "./op.ts";

/** Y = A·B, A [..., M, K], B [..., K, N], Y [..., M, N].  dA = dY·Bᵀ, dB = Aᵀ·dY. */
export const MatMul = op({
  inputs: 2,
  since: 13,
  infer([A, B]) {
    if (A.dtype !== B.dtype) throw new ShapeError(`A is ${formatType(A)}, B is ${formatType(B)}; dtypes must be equal`);
    if (A.shape.length < 2 || B.shape.length < 2) {
      throw new ShapeError(
        `A is ${formatShape(A.shape)}, B is ${formatShape(B.shape)}; both need at least two axes: reshape a vector to a row or a column`,
      );
    }
    const [M, K] = A.shape.slice(-2) as [number, number];
    const [K2, N] = B.shape.slice(-2) as [number, number];
    if (K !== K2) {
      throw new ShapeError(
        `A is ${formatShape(A.shape)}, B is ${formatShape(B.shape)}: inner sizes ${K} and ${K2} differ; transpose one or check the layer's input size`,
      );
    }
    return { dtype: A.dtype, shape: [...broadcast(A.shape.slice(0, -2), B.shape.slice(0, -2)), M, N] };
  },
  grad: ({ x: [A, B], dy: dY, need }) => [
    need[0] ? matMul(dY, transposeLast(B)) : null,
    need[1] ? matMul(transposeLast(A), dY) : null,
  ],
});

/**
 * Y = α·A′·B′ + β·C with A′ = A or Aᵀ [M, K], B′ = B or Bᵀ [K, N], C broadcast to [M, N].
 * dA′ = α·dY·B′ᵀ, dB′ = α·A′ᵀ·dY, each transposed back; dC = β·dY.
 */
export const Gemm = op<{ alpha: number; beta: number; transA: number; transB: number }>({
  inputs: [2, 3],
  since: 13,
  floats: ["alpha", "beta"],
  defaults: { ...defaults.Gemm, transA: 0, transB: 0 },
  infer([A, B, C], { transA, transB }) {
    if (A.shape.length !== 2 || B.shape.length !== 2) {
      throw new ShapeError(`A is ${formatShape(A.shape)}, B is ${formatShape(B.shape)}; both must be matrices`);
    }
    if (A.dtype !== B.dtype) throw new ShapeError(`A is ${formatType(A)}, B is ${formatType(B)}; dtypes must be equal`);
    const [M, K] = transA ? [A.shape[1]!, A.shape[0]!] : [A.shape[0]!, A.shape[1]!];
    const [K2, N] = transB ? [B.shape[1]!, B.shape[0]!] : [B.shape[0]!, B.shape[1]!];
    if (K !== K2) {
      throw new ShapeError(
        `A${transA ? "ᵀ" : ""} is [${M}, ${K}], B${transB ? "ᵀ" : ""} is [${K2}, ${N}]: inner sizes ${K} and ${K2} differ; check the layer's input size`,
      );
    }
    const shape = [M, N];
    if (C && !broadcastsTo(C.shape, shape)) {
      throw new ShapeError(
        `C is ${formatShape(C.shape)}; A and B give ${formatShape(shape)}, to which it must broadcast`,
      );
    }
    return { dtype: A.dtype, shape };
  },
  grad({ x: [A, B], dy: dY, need, attrs }) {
    const { alpha, beta } = attrs;
    const transA = attrs.transA === 1;
    const transB = attrs.transB === 1;
    const dA = () =>
      transA
        ? gemm(B, dY, null, { alpha, transA: transB, transB: true })
        : gemm(dY, B, null, { alpha, transB: !transB });
    const dB = () =>
      transB
        ? gemm(dY, A, null, { alpha, transA: true, transB: transA })
        : gemm(A, dY, null, { alpha, transA: !transA });
    return [need[0] ? dA() : null, need[1] ? dB() : null, need[2] ? (beta === 1 ? dY : mul(dY, beta)) : null];
  },
});
