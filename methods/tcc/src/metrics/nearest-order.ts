/** The K candidates nearest to a row, nearest first, the first of equal ones before the others. */
export function nearestOrder(row: ArrayLike<number>, candidates: readonly ArrayLike<number>[], K: number): number[] {
  const distances = Float64Array.from(candidates, (other) => {
    let sum = 0;
    for (let d = 0; d < row.length; d++) sum += (row[d]! - other[d]!) ** 2;
    return sum;
  });
  return Array.from(distances.keys())
    .sort((a, b) => distances[a]! - distances[b]! || a - b)
    .slice(0, K);
}
