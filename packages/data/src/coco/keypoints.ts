// Object keypoint similarity, which takes the place of IoU for keypoints.
import { pairwiseSum } from "./pairwise.ts";

/** COCO's spread of each of its 17 points of a person, as a share of the object's scale. */
export const personSigmas: readonly number[] = [
  0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89,
].map((tenth) => tenth / 10);

/**
 * OKS of one detection and one truth: the mean over the labelled points of exp(−d² / (2 · area · (2σ)²)). Of a truth
 * without labelled points, the distance counts to its box made twice as large.
 *
 * @param detection  x, y, score of each point
 * @param truth      x, y, visibility of each point
 * @param box        of the truth, [x, y, width, height]
 */
export function keypointSimilarity(
  detection: readonly number[],
  truth: readonly number[],
  { box, area, sigmas = personSigmas }: { box: readonly number[]; area: number; sigmas?: readonly number[] },
): number {
  const labelled = sigmas.some((_, p) => truth[3 * p + 2]! > 0);
  const beyond = (value: number, from: number, size: number) =>
    Math.max(0, from - size - value) + Math.max(0, value - (from + size * 2));
  const terms: number[] = [];
  sigmas.forEach((sigma, p) => {
    if (labelled && !(truth[3 * p + 2]! > 0)) return;
    const [x, y] = [detection[3 * p]!, detection[3 * p + 1]!];
    const dx = labelled ? x - truth[3 * p]! : beyond(x, box[0]!, box[2]!);
    const dy = labelled ? y - truth[3 * p + 1]! : beyond(y, box[1]!, box[3]!);
    terms.push(Math.exp(-((dx * dx + dy * dy) / (sigma * 2) ** 2 / (area + Number.EPSILON) / 2)));
  });
  return pairwiseSum(terms, 0, terms.length) / terms.length;
}
