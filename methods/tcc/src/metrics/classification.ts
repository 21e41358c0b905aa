// Phases told from embeddings (§5.1): by all labelled videos, by a share of them, by one to ten; and whether the nearest
// frames of other videos have the phase of the one that asks.
import { meanInterval, Random } from "@reprise/data";
import { nearestOrder } from "./nearest-order.ts";
import type { Labelled } from "./progression.ts";
import { type SvmOptions, svm } from "./svm.ts";

/** Share of frames of `test` whose phase a support vector classifier tells that saw `train`. */
export function phaseAccuracy(train: readonly Labelled[], test: readonly Labelled[], options: SvmOptions = {}): number {
  const machine = svm(
    train.flatMap(({ rows }) => rows),
    train.flatMap(({ labels }) => Array.from(labels)),
    options,
  );
  const truth = test.flatMap(({ labels }) => Array.from(labels));
  const found = machine.predict(test.flatMap(({ rows }) => rows));
  return truth.filter((label, i) => label === found[i]).length / truth.length;
}

/** The first ⌊share · videos⌋, at least one, as the authors' code takes them. */
export const shareOf = <T>(videos: readonly T[], share: number): T[] =>
  videos.slice(0, Math.max(1, Math.floor(share * videos.length)));

export interface FewShot {
  readonly videos: number;
  readonly accuracy: number;
  /** 95 %, by Student's t over the draws. */
  readonly interval: readonly [low: number, high: number];
}

/** Accuracy with `videos` labelled ones, drawn anew `draws` times. */
export function fewShot(
  train: readonly Labelled[],
  test: readonly Labelled[],
  { videos, draws = 50, seed = 42, ...options }: SvmOptions & { videos: number; draws?: number; seed?: number },
): FewShot {
  const random = new Random(seed);
  const accuracies = Array.from({ length: draws }, () => {
    const chosen = Array.from(random.permutation(train.length).subarray(0, videos), (i) => train[i]!);
    return phaseAccuracy(chosen, test, options);
  });
  const { mean, low, high } = meanInterval(accuracies);
  return { videos, accuracy: mean, interval: [low, high] };
}

/** AP@K: the mean share of the K nearest frames of all other videos that have the phase of the one that asks. */
export function retrieval(videos: readonly Labelled[], K: number): number {
  let sum = 0;
  let count = 0;
  for (const [own, { rows, labels }] of videos.entries()) {
    const others = videos.filter((_, i) => i !== own);
    const candidates = others.flatMap((video) => video.rows);
    const phases = others.flatMap((video) => Array.from(video.labels));
    for (const [t, row] of rows.entries()) {
      const nearest = nearestOrder(row, candidates, K);
      sum += nearest.filter((i) => phases[i] === labels[t]).length / nearest.length;
      count++;
    }
  }
  return sum / count;
}
