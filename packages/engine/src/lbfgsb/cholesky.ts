/**
 * Small dense factorisations, k ≤ m, row stride m, lower triangle: the 2k × 2k systems of L-BFGS-B are solved by two
 * k × k Cholesky factorisations.
 */

/** A = CCᵀ in place (lower triangle). @returns false if A is not positive definite */
export function choleskyInPlace(A: Float64Array, k: number, m: number): boolean {
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < i; j++) {
      let sum = A[i * m + j]!;
      for (let c = 0; c < j; c++) sum -= A[i * m + c]! * A[j * m + c]!;
      A[i * m + j] = sum / A[j * m + j]!;
    }
    let pivot = A[i * m + i]!;
    for (let c = 0; c < i; c++) pivot -= A[i * m + c]! ** 2;
    if (!(pivot > 0)) return false;
    A[i * m + i] = Math.sqrt(pivot);
  }
  return true;
}

/** b ← C⁻¹ b for the entries offset … offset + k − 1 of b. */
export function solveLower(C: Float64Array, k: number, m: number, b: Float64Array, offset: number): void {
  for (let i = 0; i < k; i++) {
    let sum = b[offset + i]!;
    for (let j = 0; j < i; j++) sum -= C[i * m + j]! * b[offset + j]!;
    b[offset + i] = sum / C[i * m + i]!;
  }
}

/** b ← C⁻ᵀ b for the entries offset … offset + k − 1 of b. */
export function solveLowerTransposed(C: Float64Array, k: number, m: number, b: Float64Array, offset: number): void {
  for (let i = k - 1; i >= 0; i--) {
    const bi = b[offset + i]! / C[i * m + i]!;
    b[offset + i] = bi;
    for (let j = 0; j < i; j++) b[offset + j] = b[offset + j]! - C[i * m + j]! * bi;
  }
}

/** A ← A + scale·lₑlₑᵀ (lower triangle), lₑ column c of the strict lower triangle of L. */
export function addOuter(A: Float64Array, k: number, m: number, L: Float64Array, c: number, scale: number): void {
  for (let i = c + 1; i < k; i++) {
    const li = scale * L[i * m + c]!;
    for (let j = c + 1; j <= i; j++) A[i * m + j] = A[i * m + j]! + li * L[j * m + c]!;
  }
}
