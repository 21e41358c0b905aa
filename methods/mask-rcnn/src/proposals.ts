// What the region proposal network proposes: the best anchors of each level, moved by its deltas.
import { clipBoxes, largeBoxes, takeBoxes } from "./box.ts";
import { decodeBoxes } from "./box-coder.ts";
import { nms } from "./nms.ts";

/** What the network says of one level's anchors of one image. */
export interface ProposalLevel {
  /** [A, 4] */
  readonly anchors: Float32Array;
  /** Logits, [A]. */
  readonly objectness: Float32Array;
  /** [A, 4] */
  readonly deltas: Float32Array;
}

export interface ProposalOptions {
  readonly height: number;
  readonly width: number;
  /** Anchors that are kept of each level before suppression. */
  readonly preNms: number;
  /** Proposals of the image. */
  readonly postNms: number;
  readonly nmsThreshold?: number;
  readonly minSize?: number;
}

/** Proposals by falling objectness, [P, 4], and their scores. */
export function proposeRegions(
  levels: readonly ProposalLevel[],
  { height, width, preNms, postNms, nmsThreshold = 0.7, minSize = 1e-3 }: ProposalOptions,
): { readonly boxes: Float32Array; readonly scores: Float32Array } {
  const parts = levels.map(({ anchors, objectness, deltas }, level) => {
    const best = Array.from(objectness, (_, i) => i)
      .sort((a, b) => objectness[b]! - objectness[a]! || a - b)
      .slice(0, preNms);
    const boxes = clipBoxes(decodeBoxes(takeBoxes(deltas, best), takeBoxes(anchors, best)), height, width);
    return { level, boxes, scores: best.map((i) => sigmoid(objectness[i]!)) };
  });
  const boxes = Float32Array.from(parts.flatMap((part) => Array.from(part.boxes)));
  const scores = Float32Array.from(parts.flatMap((part) => part.scores));
  const ofLevel = parts.flatMap((part) => part.scores.map(() => part.level));
  const large = largeBoxes(boxes, minSize);
  const kept = nms(
    takeBoxes(boxes, large),
    Float32Array.from(large, (i) => scores[i]!),
    nmsThreshold,
    large.map((i) => ofLevel[i]!),
  )
    .slice(0, postNms)
    .map((i) => large[i]!);
  return { boxes: takeBoxes(boxes, kept), scores: Float32Array.from(kept, (i) => scores[i]!) };
}

const sigmoid = (x: number) => Math.fround(1 / (1 + Math.exp(-x)));
