// Every metric of the paper for one set of embeddings.
import { warp } from "./align.ts";
import { type FewShot, fewShot, phaseAccuracy, retrieval, shareOf } from "./metrics/classification.ts";
import { meanAreaError } from "./metrics/enclosed-area.ts";
import { alignmentTau } from "./metrics/kendall.ts";
import { type Labelled, progression } from "./metrics/progression.ts";
import { type Frames, rowsOf } from "./plain.ts";

export interface Evaluation {
  readonly kendallTau: number | null;
  /** Of what needs labels, null where there are none. */
  readonly classification: { readonly share: number; readonly accuracy: number }[] | null;
  readonly fewShot: readonly FewShot[] | null;
  /** Null with a single phase, too: nothing comes to its end. */
  readonly progression: number | null;
  readonly retrieval: { readonly k: number; readonly precision: number }[] | null;
  /** Enclosed-area error of time warping; null also where no two videos pass the same phases in one order. */
  readonly enclosedArea: number | null;
}

export interface EvaluateOptions {
  /** Every such frame counts for τ. */
  readonly stride?: number;
  /** The phase of each frame of each video; the first half of the videos is learnt from, the others are told. */
  readonly labels?: readonly ArrayLike<number>[];
  /** Draws of each number of videos for few-shot. */
  readonly draws?: number;
  /** Leaves out few-shot and progression, which are too slow in the thousands of dimensions of raw frames. */
  readonly brief?: boolean;
}

const unlabelled = { classification: null, fewShot: null, progression: null, retrieval: null, enclosedArea: null };

export function evaluate(
  embeddings: readonly Frames[],
  { stride = 2, labels, draws = 20, brief = false }: EvaluateOptions = {},
): Evaluation {
  const { tau } = alignmentTau(embeddings, { stride });
  if (!labels) return { kendallTau: tau, ...unlabelled };
  const videos: Labelled[] = embeddings.map((video, i) => ({ rows: rowsOf(video), labels: labels[i]! }));
  const half = Math.ceil(videos.length / 2);
  const [train, test] = [videos.slice(0, half), videos.slice(half)];
  const phases = new Set(labels.flatMap((own) => Array.from(own))).size;
  return {
    kendallTau: tau,
    classification: [0.1, 0.5, 1].map((share) => ({ share, accuracy: phaseAccuracy(shareOf(train, share), test) })),
    fewShot: brief
      ? null
      : Array.from({ length: Math.min(10, train.length) }, (_, i) => fewShot(train, test, { videos: i + 1, draws })),
    progression: brief || phases < 2 ? null : progression(train, test, phases).r2,
    retrieval: [5, 10, 15].map((k) => ({ k, precision: retrieval(test, k) })),
    enclosedArea: meanAreaError(labels, (i, j) => warp(embeddings[i]!, embeddings[j]!).path),
  };
}
