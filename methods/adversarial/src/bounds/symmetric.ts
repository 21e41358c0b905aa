// Symmetric matrices in float64, row-major [n, n]: products, and the largest eigenvalue from both sides.

/** Rows of values, `stride` apart, the first at `offset`. */
export interface RowBlock {
  readonly data: Float64Array;
  readonly offset: number;
  readonly stride: number;
}

/** C += A·Bᵀ, [n, n], of n rows of `length` values each; with `lower` only on and below the diagonal. */
export function addProduct(A: RowBlock, B: RowBlock, length: number, n: number, C: Float64Array, lower = false): void {
  const sums = new Float64Array(4);
  for (let i = 0; i < n; i += 4) {
    const last = lower ? Math.min(n, i + 4) : n;
    for (let j = 0; j < last; j++) {
      fourDots(A.data, A.offset + i * A.stride, A.stride, B.data, B.offset + j * B.stride, length, sums);
      for (let a = 0; a < 4 && i + a < n; a++) C[(i + a) * n + j]! += sums[a]!;
    }
  }
}

/** Products of four rows of A with one of B. Rows past the end of A give NaN, which the caller leaves out. */
function fourDots(
  A: Float64Array,
  a: number,
  stride: number,
  B: Float64Array,
  b: number,
  length: number,
  out: Float64Array,
): void {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const a1 = a + stride;
  const a2 = a1 + stride;
  const a3 = a2 + stride;
  for (let r = 0; r < length; r++) {
    const v = B[b + r]!;
    s0 += A[a + r]! * v;
    s1 += A[a1 + r]! * v;
    s2 += A[a2 + r]! * v;
    s3 += A[a3 + r]! * v;
  }
  out[0] = s0;
  out[1] = s1;
  out[2] = s2;
  out[3] = s3;
}

/**
 * Whether Cholesky's factorisation of μI − G comes to its end: then μI − G + E is positive definite for an E of rounding,
 * ‖E‖ ≤ 2n²·2⁻⁵³·μ, and no eigenvalue of G is above μ + ‖E‖.
 *
 * @param G  only the lower triangle is read
 * @param L  where the factor goes, [n, n]
 * @see Higham 2002, Accuracy and Stability of Numerical Algorithms, theorem 10.3
 */
export function isBelow(G: Float64Array, n: number, mu: number, L: Float64Array): boolean {
  const sums = new Float64Array(4);
  for (let i = 0; i < n; i += 4) {
    const tall = Math.min(4, n - i);
    // Columns left of the block's own triangle: all four rows at once.
    for (let j = 0; j < i; j++) {
      fourDots(L, i * n, n, L, j * n, j, sums);
      const pivot = L[j * n + j]!;
      for (let a = 0; a < tall; a++) L[(i + a) * n + j] = (-G[(i + a) * n + j]! - sums[a]!) / pivot;
    }
    for (let a = i; a < i + tall; a++)
      for (let b = i; b <= a; b++) {
        let sum = (a === b ? mu : 0) - G[a * n + b]!;
        for (let r = 0; r < b; r++) sum -= L[a * n + r]! * L[b * n + r]!;
        if (a !== b) L[a * n + b] = sum / L[b * n + b]!;
        else if (sum > 0) L[a * n + a] = Math.sqrt(sum);
        else return false;
      }
  }
  return true;
}

/**
 * Power iteration on G from `v`, which is written over with the last vector: vᵀGv of the unit vector v, which no largest
 * eigenvalue is below.
 *
 * @param G  only the lower triangle is read
 */
export function rayleigh(G: Float64Array, n: number, v: Float64Array, iterations: number): number {
  let value = 0;
  const next = new Float64Array(n);
  for (let iteration = 0; iteration <= iterations; iteration++) {
    let squares = 0;
    for (let i = 0; i < n; i++) squares += v[i]! ** 2;
    if (!(squares > 0)) return 0;
    const scale = 1 / Math.sqrt(squares);
    for (let i = 0; i < n; i++) v[i] = v[i]! * scale;
    next.fill(0);
    for (let i = 0; i < n; i++) {
      const vi = v[i]!;
      let sum = 0;
      const row = i * n;
      for (let j = 0; j < i; j++) {
        const g = G[row + j]!;
        sum += g * v[j]!;
        next[j] = next[j]! + g * vi;
      }
      next[i] = next[i]! + sum + G[row + i]! * vi;
    }
    const before = value;
    value = 0;
    for (let i = 0; i < n; i++) value += v[i]! * next[i]!;
    if (iteration === iterations || Math.abs(value - before) <= 1e-12 * value) break;
    v.set(next);
  }
  return value;
}
