// Phase progression (§5.1): how well a linear function of the embedding tells how far a frame is from each key event.

export interface Labelled {
  /** A row for each frame. */
  readonly rows: readonly ArrayLike<number>[];
  /** The phase of each frame. */
  readonly labels: ArrayLike<number>;
}

/** For each phase but the last: (frame − its last frame)/length, [T][phases − 1]. */
export function progressTargets(labels: ArrayLike<number>, phases: number): Float64Array[] {
  const T = labels.length;
  const all = Array.from(labels);
  const ends = Array.from({ length: phases - 1 }, (_, phase) => {
    const last = all.lastIndexOf(phase);
    if (last >= 0) return last;
    const later = all.findIndex((label) => label > phase);
    return later < 0 ? T - 1 : later; // a phase left out ends where a later one begins
  });
  return all.map((_, t) => Float64Array.from(ends, (end) => (t - end) / T));
}

export interface Progression {
  /** The mean of the columns; null where a target is constant. */
  readonly r2: number | null;
  readonly columns: readonly (number | null)[];
}

/** R² of linear regression with intercept, the least norm where rows are not independent, learnt on `train`. */
export function progression(train: readonly Labelled[], test: readonly Labelled[], phases: number): Progression {
  const x = train.flatMap(({ rows }) => rows);
  const y = train.flatMap(({ labels }) => progressTargets(labels, phases));
  const model = leastSquares(x, y);
  const asked = test.flatMap(({ rows }) => rows);
  const truth = test.flatMap(({ labels }) => progressTargets(labels, phases));
  const found = asked.map(model);
  const columns = Array.from({ length: phases - 1 }, (_, c) => {
    const mean = truth.reduce((sum, row) => sum + row[c]!, 0) / truth.length;
    const total = truth.reduce((sum, row) => sum + (row[c]! - mean) ** 2, 0);
    const left = truth.reduce((sum, row, i) => sum + (row[c]! - found[i]![c]!) ** 2, 0);
    return total === 0 ? null : 1 - left / total;
  });
  const defined = columns.filter((value) => value !== null);
  return { columns, r2: defined.length < columns.length ? null : defined.reduce((a, b) => a + b, 0) / columns.length };
}

/** y ≈ (x − x̄)·W + ȳ with W the least-squares solution of least norm, by the eigenvectors of the smaller Gram matrix. */
function leastSquares(x: readonly ArrayLike<number>[], y: readonly Float64Array[]) {
  const [n, d, k] = [x.length, x[0]!.length, y[0]!.length];
  const meanOf = (rows: readonly ArrayLike<number>[], size: number) =>
    Float64Array.from({ length: size }, (_, j) => rows.reduce((sum, row) => sum + row[j]!, 0) / n);
  const [mx, my] = [meanOf(x, d), meanOf(y, k)];
  const gram = Array.from({ length: d }, () => new Float64Array(d));
  const right = Array.from({ length: d }, () => new Float64Array(k));
  for (const [row, values] of x.map((values, i) => [y[i]!, values] as const))
    for (let a = 0; a < d; a++) {
      const xa = values[a]! - mx[a]!;
      for (let b = 0; b <= a; b++) gram[a]![b]! += xa * (values[b]! - mx[b]!);
      for (let c = 0; c < k; c++) right[a]![c]! += xa * (row[c]! - my[c]!);
    }
  for (let a = 0; a < d; a++) for (let b = 0; b < a; b++) gram[b]![a] = gram[a]![b]!;
  const { values, vectors } = eigen(gram);
  const limit = Math.max(...values) * Number.EPSILON * Math.max(n, d) * 4;
  const W = Array.from({ length: d }, () => new Float64Array(k));
  for (const [e, value] of values.entries()) {
    if (value <= limit) continue;
    for (let c = 0; c < k; c++) {
      let projected = 0;
      for (let a = 0; a < d; a++) projected += vectors[a]![e]! * right[a]![c]!;
      for (let a = 0; a < d; a++) W[a]![c]! += (vectors[a]![e]! * projected) / value;
    }
  }
  return (row: ArrayLike<number>): Float64Array =>
    Float64Array.from({ length: k }, (_, c) => {
      let sum = my[c]!;
      for (let a = 0; a < d; a++) sum += (row[a]! - mx[a]!) * W[a]![c]!;
      return sum;
    });
}

/** Eigenvalues and eigenvectors (columns) of a symmetric matrix, by Jacobi's rotations. */
function eigen(matrix: readonly Float64Array[]): { values: number[]; vectors: Float64Array[] } {
  const d = matrix.length;
  const A = matrix.map((row) => row.slice());
  const V = A.map((_, i) => Float64Array.from({ length: d }, (_, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    let on = 0;
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) {
        if (i === j) on += A[i]![i]! ** 2;
        else off += A[i]![j]! ** 2;
      }
    if (off <= 1e-30 * on) break;
    for (let p = 0; p < d; p++)
      for (let q = p + 1; q < d; q++) {
        const apq = A[p]![q]!;
        if (apq === 0) continue;
        const theta = (A[q]![q]! - A[p]![p]!) / (2 * apq);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let r = 0; r < d; r++) {
          const [rp, rq] = [A[r]![p]!, A[r]![q]!];
          A[r]![p] = c * rp - s * rq;
          A[r]![q] = s * rp + c * rq;
        }
        for (let r = 0; r < d; r++) {
          const [pr, qr] = [A[p]![r]!, A[q]![r]!];
          A[p]![r] = c * pr - s * qr;
          A[q]![r] = s * pr + c * qr;
          const [vp, vq] = [V[r]![p]!, V[r]![q]!];
          V[r]![p] = c * vp - s * vq;
          V[r]![q] = s * vp + c * vq;
        }
      }
  }
  return { values: A.map((row, i) => row[i]!), vectors: V };
}
