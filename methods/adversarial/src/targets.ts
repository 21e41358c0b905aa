import { rowRandom } from "./row-random.ts";

/**
 * What an attack aims at.
 *
 * - a number, or one a row: that label
 * - "random": any label but the row's own, by `seed`
 * - "leastLikely": the label with the lowest score on the clean image
 * - "all": every label but the row's own and the one it has already; the result is the smallest perturbation found
 * - "untargeted": any label but the row's own. The paper defines D(x, l) for a given l only; the smallest perturbation
 *   to any wrong label is the minimum of D(x, l) over the wrong labels, so that is what runs. A row that the model gets
 *   wrong to begin with needs no perturbation.
 */
export type Target = number | Int32Array | "random" | "leastLikely" | "all" | "untargeted";

/**
 * The labels to attack for one row, or none if the clean image already is what is asked for.
 *
 * @param won    the label that the clean image has already, by the lead that is asked for; −1 if it has none
 * @param limit  of "all" and "untargeted", only this many wrong labels, those with the highest scores
 */
export function targetsOf(
  target: Target,
  row: number,
  label: number,
  logits: ArrayLike<number>,
  won: number,
  seed: number,
  limit: number,
): number[] {
  const classes = logits.length;
  if (target === "random") {
    return without(randomTarget(seed, row, label, classes), won);
  }
  if (target === "leastLikely") {
    let least = 0;
    for (let k = 1; k < classes; k++) if (logits[k]! < logits[least]!) least = k;
    return without(least, won);
  }
  if (target === "all" || target === "untargeted") {
    if (target === "untargeted" && won >= 0 && won !== label) return [];
    return Array.from({ length: classes }, (_, k) => k)
      .filter((k) => k !== label && k !== won)
      .sort((a, b) => logits[b]! - logits[a]! || a - b)
      .slice(0, limit);
  }
  return without(typeof target === "number" ? target : target[row]!, won);
}

/** Any label but the row's own, by seed and row. */
export function randomTarget(seed: number, row: number, label: number, classes: number): number {
  const draw = Math.floor(rowRandom(seed, row)() * (classes - 1));
  return draw < label ? draw : draw + 1;
}

function without(target: number, won: number): number[] {
  return target === won ? [] : [target];
}
