// The two directions along which embeddings vary most, for looking at them in a plane.
import { Random } from "@reprise/data";
import type { Frames } from "@reprise/tcc";

/** Each sequence's rows [T, D] as points in the plane of the two largest principal components of all rows. */
export function principalComponents(sequences: readonly Frames[]): [number, number][][] {
  const D = sequences[0]?.shape[1] ?? 0;
  const count = sequences.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const mean = new Float64Array(D);
  for (const { data } of sequences) for (let i = 0; i < data.length; i++) mean[i % D]! += data[i]! / count;
  const each = (visit: (row: Float64Array) => void) => {
    const row = new Float64Array(D);
    for (const { shape, data } of sequences)
      for (let t = 0; t < shape[0]!; t++) {
        for (let d = 0; d < D; d++) row[d] = data[t * D + d]! - mean[d]!;
        visit(row);
      }
  };
  const covariance = new Float64Array(D * D);
  each((row) => {
    for (let a = 0; a < D; a++) for (let b = 0; b < D; b++) covariance[a * D + b]! += (row[a]! * row[b]!) / count;
  });
  const first = largest(covariance, D, []);
  const second = largest(covariance, D, [first]);
  return sequences.map(({ shape, data }) =>
    Array.from({ length: shape[0]! }, (_, t) => {
      const along = (axis: Float64Array) => axis.reduce((sum, x, d) => sum + x * (data[t * D + d]! - mean[d]!), 0);
      return [along(first), along(second)];
    }),
  );
}

/** The eigenvector of the largest eigenvalue that is orthogonal to those before, by the power method. */
function largest(matrix: Float64Array, D: number, before: readonly Float64Array[]): Float64Array {
  const random = new Random(1);
  let axis = Float64Array.from({ length: D }, () => random.normal());
  for (let round = 0; round < 200; round++) {
    const next = Float64Array.from({ length: D }, (_, a) => {
      let sum = 0;
      for (let b = 0; b < D; b++) sum += matrix[a * D + b]! * axis[b]!;
      return sum;
    });
    for (const other of before) {
      const along = next.reduce((sum, x, d) => sum + x * other[d]!, 0);
      for (let d = 0; d < D; d++) next[d]! -= along * other[d]!;
    }
    const length = Math.hypot(...next);
    if (length < 1e-12) return new Float64Array(D);
    axis = next.map((x) => x / length);
  }
  return axis;
}
