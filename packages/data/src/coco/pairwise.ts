// Sums in NumPy's order. COCO's numbers are means that NumPy takes; added one after the other the last digits differ.
// NumPy 1 adds blocks of its buffer's 8192 values, of which NumPy 2.4 knows nothing any more: their last digits can
// differ too. The order here is that of NumPy 1.

const bufferSize = 8192;

/** The sum of `values[from … from + n − 1]`: eight partial sums up to 128 values, halves beyond. */
export function pairwiseSum(values: ArrayLike<number>, from: number, n: number): number {
  if (n > 128) {
    const half = (n >> 1) - ((n >> 1) % 8);
    return pairwiseSum(values, from, half) + pairwiseSum(values, from + half, n - half);
  }
  if (n < 8) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[from + i]!;
    return sum;
  }
  const r = Array.from({ length: 8 }, (_, lane) => values[from + lane]!);
  let i = 8;
  for (; i < n - (n % 8); i += 8) for (let lane = 0; lane < 8; lane++) r[lane]! += values[from + i + lane]!;
  let sum = r[0]! + r[1]! + (r[2]! + r[3]!) + (r[4]! + r[5]! + (r[6]! + r[7]!));
  for (; i < n; i++) sum += values[from + i]!;
  return sum;
}

/** The mean of the values above −1: COCO marks what has no ground truth by −1. The mean of no values is −1. */
export function meanOfKnown(values: ArrayLike<number>): number {
  const known = new Float64Array(values.length);
  let n = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > -1) known[n++] = values[i]!;
  let sum = 0;
  for (let from = 0; from < n; from += bufferSize) sum += pairwiseSum(known, from, Math.min(bufferSize, n - from));
  return n ? sum / n : -1;
}
