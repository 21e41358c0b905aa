// Rows of a matrix, dense or quantised: reading one, adding one, taking a product with one. Every step is rounded to
// float32, in the reference program's order: the readable kernel's results are its results, to the last bit.
import type { Matrix } from "../kernel/kernel.ts";

/** target += factor · row. */
export function addRow(matrix: Matrix, row: number, target: Float32Array, factor = 1): void {
  const { dim } = matrix;
  if (matrix.kind === "dense") {
    const offset = row * dim;
    for (let d = 0; d < dim; d++) target[d] = target[d]! + Math.fround(factor * matrix.values[offset + d]!);
    return;
  }
  const { quantizer, codes } = matrix;
  const norm = Math.fround(rowNorm(matrix, row) * factor);
  for (let part = 0; part < quantizer.parts; part++) {
    const { offset, length } = centroid(quantizer, part, codes[row * quantizer.parts + part]!);
    for (let d = 0; d < length; d++)
      target[part * quantizer.partDim + d]! += Math.fround(norm * quantizer.centroids[offset + d]!);
  }
}

/** Σ row[d] · vector[d]. */
export function dotRow(matrix: Matrix, row: number, vector: Float32Array): number {
  const { dim } = matrix;
  let sum = 0;
  if (matrix.kind === "dense") {
    const offset = row * dim;
    for (let d = 0; d < dim; d++) sum = Math.fround(sum + Math.fround(matrix.values[offset + d]! * vector[d]!));
    return sum;
  }
  const { quantizer, codes } = matrix;
  for (let part = 0; part < quantizer.parts; part++) {
    const { offset, length } = centroid(quantizer, part, codes[row * quantizer.parts + part]!);
    for (let d = 0; d < length; d++)
      sum = Math.fround(sum + Math.fround(vector[part * quantizer.partDim + d]! * quantizer.centroids[offset + d]!));
  }
  return Math.fround(sum * rowNorm(matrix, row));
}

/** ‖vector‖₂ */
export function length(vector: Float32Array): number {
  let sum = 0;
  for (const x of vector) sum = Math.fround(sum + Math.fround(x * x));
  return Math.fround(Math.sqrt(sum));
}

function rowNorm(matrix: Extract<Matrix, { kind: "quantized" }>, row: number): number {
  return matrix.norms ? matrix.norms.quantizer.centroids[matrix.norms.codes[row]!]! : 1;
}

/** Where a centroid stands: parts are partDim wide but the last, which may be narrower. */
function centroid(
  quantizer: Extract<Matrix, { kind: "quantized" }>["quantizer"],
  part: number,
  code: number,
): { offset: number; length: number } {
  const length = part === quantizer.parts - 1 ? quantizer.lastDim : quantizer.partDim;
  return { offset: part * 256 * quantizer.partDim + code * length, length };
}
