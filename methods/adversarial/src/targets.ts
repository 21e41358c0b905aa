import { type Criterion, type CriterionOptions, type Goal, reached, targeted, untargeted } from "./attacks/goal.ts";
import { validateLabels } from "./input.ts";
import { rowRandom } from "./row-random.ts";

/**
 * What an attack aims at.
 *
 * - a number, or one a row: that label
 * - "random": any label but the row's own, by `seed`
 * - "leastLikely": the label with the lowest score on the clean image
 * - "all": the nearest label of all but the row's own and the one it has already, of the paper's attack
 * - "untargeted": any label but the row's own. A row that the model gets wrong to begin with needs no perturbation.
 */
export type Target = number | Int32Array | "random" | "leastLikely" | "all" | "untargeted";

export interface TargetOptions extends CriterionOptions {
  /** Of "random". */
  readonly seed?: number;
  /** Of "all": only this many labels, the likeliest. */
  readonly candidates?: number;
}

/** Scores of the clean images, [N, K]. */
interface Scores {
  readonly logits: Float32Array;
  readonly classes: number;
}

/**
 * The criterion that a target stands for.
 *
 * @param labels  true labels, [N]
 * @throws RangeError for targets that are no labels of the model, or not as many as images
 */
export function criterionFor(
  target: Target,
  labels: ArrayLike<number>,
  { logits, classes }: Scores,
  { seed = 0, candidates = Infinity, ...options }: TargetOptions = {},
): Criterion {
  const rows = labels.length;
  if (target === "untargeted") return untargeted(labels, options);
  if (target === "all") return anyOther(labels, { logits, classes }, candidates, options);
  const scores = (row: number) => logits.subarray(row * classes, (row + 1) * classes);
  const targetOf = (row: number): number => {
    if (target === "random") return randomTarget(seed, row, labels[row]!, classes);
    if (target === "leastLikely") return leastLikely(scores(row));
    return typeof target === "number" ? target : target[row]!;
  };
  if (target instanceof Int32Array && target.length !== rows)
    throw new RangeError(`${target.length} targets for ${rows} images.`);
  const targets = Int32Array.from({ length: rows }, (_, row) => targetOf(row));
  validateLabels("the target", targets, classes);
  return { ...targeted(targets, options), trueLabels: labels };
}

/** Any label but the row's own and the one it has: the likeliest of them first. */
function anyOther(
  labels: ArrayLike<number>,
  { logits, classes }: Scores,
  candidates: number,
  options: CriterionOptions,
): Criterion {
  const goals = Array.from(labels, (label, row): Goal => {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    const goal = targeted([label], options).goalOf(0);
    const among = Array.from({ length: classes }, (_, k) => k)
      .filter((k) => k !== label && !reached({ ...goal, label: k }, scores))
      .sort((a, b) => scores[b]! - scores[a]! || a - b)
      .slice(0, candidates);
    return { ...goal, label: among[0] ?? label, among };
  });
  const { name } = targeted([], options);
  return {
    name: name.replace("targeted", "any other label"),
    severalTargets: true,
    labels: goals.map(({ label }) => label),
    trueLabels: labels,
    goalOf: (row) => goals[row]!,
  };
}

/** Any label but the row's own, by seed and row. */
export function randomTarget(seed: number, row: number, label: number, classes: number): number {
  const draw = Math.floor(rowRandom(seed, row)() * (classes - 1));
  return draw < label ? draw : draw + 1;
}

/** The label with the lowest score, the first of equals. */
function leastLikely(scores: ArrayLike<number>): number {
  let least = 0;
  for (let k = 1; k < scores.length; k++) if (scores[k]! < scores[least]!) least = k;
  return least;
}
