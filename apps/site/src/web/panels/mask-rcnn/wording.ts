// Results in words.
import { defaultScore } from "../../../run/mask-rcnn/inputs.ts";
import type { SegmentResult } from "../../../run/mask-rcnn/segment.ts";

/** "2 discs, 1 square" of the detections from a score on. */
export function countsText({ names, scores }: Pick<SegmentResult, "names" | "scores">, score: number): string {
  const counts = new Map<string, number>();
  names.forEach((name, d) => {
    if (scores[d]! >= score) counts.set(name, (counts.get(name) ?? 0) + 1);
  });
  return [...counts].map(([name, count]) => `${count} ${name}${count === 1 ? "" : "s"}`).join(", ") || "nothing";
}

const objectsText = (count: number) => (count === 1 ? "1 object" : `${count} objects`);

export function resultSentence(result: SegmentResult): string {
  const { truth, proposalScores, seconds } = result;
  const drawn = truth === null ? "" : `; ${objectsText(truth)} ${truth === 1 ? "was" : "were"} drawn`;
  return `Found: ${countsText(result, defaultScore)}${drawn}. ${proposalScores.length} regions were proposed, ${seconds.toFixed(1)} s.`;
}
