// Which ground truth an anchor or proposal is trained towards, and which of them are trained at all.

export const background = -1;
export const between = -2;

export interface MatcherOptions {
  /** At least this IoU is a match. */
  readonly high: number;
  /** Less than this IoU is background. */
  readonly low: number;
  /** Gives every truth the candidates that overlap it most, however little that is. */
  readonly lowQuality?: boolean;
}

/**
 * The truth of each candidate: its index, `background`, or `between` where the IoU is neither.
 *
 * @param iou  [truths, candidates]
 */
export function matchCandidates(
  iou: Float32Array,
  truths: number,
  { high, low, lowQuality = false }: MatcherOptions,
): Int32Array {
  if (truths === 0) throw new RangeError("matchCandidates: there is no truth to match; all candidates are background.");
  const N = iou.length / truths;
  const best = new Int32Array(N);
  const values = iou.slice(0, N);
  for (let g = 1; g < truths; g++)
    for (let i = 0; i < N; i++)
      if (iou[g * N + i]! > values[i]!) {
        values[i] = iou[g * N + i]!;
        best[i] = g;
      }
  const matches = best.map((g, i) =>
    values[i]! < Math.fround(low) ? background : values[i]! < Math.fround(high) ? between : g,
  );
  if (!lowQuality) return matches;
  for (let g = 0; g < truths; g++) {
    const row = iou.subarray(g * N, (g + 1) * N);
    const most = row.reduce((a, b) => Math.max(a, b), 0);
    for (let i = 0; i < N; i++) if (row[i] === most) matches[i] = best[i]!; // ties too, as torchvision
  }
  return matches;
}

export interface SamplerOptions {
  /** Candidates of an image that are trained. */
  readonly count: number;
  /** At most this share of them positive. */
  readonly positiveShare: number;
  /** An order of n candidates, such as a random permutation; as they come if left out. */
  readonly order?: (n: number) => ArrayLike<number>;
}

/**
 * The candidates that are trained: positives up to their share, filled up with negatives.
 *
 * @param labels  > 0 positive, 0 negative, < 0 left out
 */
export function sampleCandidates(
  labels: ArrayLike<number>,
  { count, positiveShare, order = (n) => Array.from({ length: n }, (_, i) => i) }: SamplerOptions,
): { readonly positive: number[]; readonly negative: number[] } {
  const all = Array.from({ length: labels.length }, (_, i) => i);
  const some = (candidates: readonly number[], most: number) =>
    Array.from(order(candidates.length))
      .slice(0, most)
      .map((i) => candidates[i]!)
      .sort((a, b) => a - b);
  const positive = some(
    all.filter((i) => labels[i]! > 0),
    Math.floor(count * positiveShare),
  );
  const negative = some(
    all.filter((i) => labels[i] === 0),
    count - positive.length,
  );
  return { positive, negative };
}
