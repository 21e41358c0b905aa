import { type DifferentiableClassifier, imageSize } from "@reprise/nn";
import { type LbfgsOptions, lbfgs } from "./attacks/lbfgs.ts";
import { type AttackRow, logitsOfRows, type RunAttackOptions, runAttack } from "./attacks/run-attack.ts";
import type { SearchStep } from "./attacks/search.ts";
import { validateImages, validateLabels } from "./input.ts";
import { criterionFor, type Target } from "./targets.ts";

export interface PerturbOptions extends LbfgsOptions, Omit<RunAttackOptions, "epsilons"> {
  /** "random" where left out. */
  readonly target?: Target;
  /** κ: the label is reached where its score leads every other by so many logits. */
  readonly confidence?: number;
}

/** What the paper's attack found for one row. */
export interface Perturbation extends AttackRow {
  /** The adversarial image, float32, in the box. */
  readonly image: Float32Array;
  readonly label: number;
  readonly target: number;
  readonly c: number;
  readonly trace: readonly SearchStep[];
  readonly iterations: number;
}

/**
 * Smallest perturbations by the paper's attack, `lbfgs`: what `runAttack` does with it, in one call.
 *
 * @param images  [N, ...inputShape], values in the box
 * @param labels  true labels, [N]
 * @returns one result a row, in order
 * @throws RangeError for images outside the box, labels or targets out of range, lengths that do not fit; the signal's
 *         reason when aborted
 */
export async function perturb(
  classifier: DifferentiableClassifier,
  images: Float32Array,
  labels: ArrayLike<number>,
  options: PerturbOptions = {},
): Promise<Perturbation[]> {
  const { target = "random", confidence = 0, batch, callsInFlight, onProgress, kept, signal, ...more } = options;
  const { seed = 0, lower = 0, upper = 1, ...search } = more;
  const { classes } = classifier;
  const attack = lbfgs(search);
  if (classes < 2) throw new RangeError(`perturb: the model has ${classes} class; an attack needs at least 2.`);
  const given = { lower, upper, seed, batch, callsInFlight, onProgress, kept, signal };
  validateImages(classifier, { images, rows: labels.length, lower, upper });
  validateLabels("the label", labels, classes);
  const scored = target === "leastLikely" || target === "all";
  const n = imageSize(classifier);
  const model = { classifier, batch: batch ?? Math.max(4, Math.min(32, Math.floor(1e6 / n))), signal };
  const logits = scored ? await logitsOfRows(model, images, labels.length) : new Float32Array(0);
  const { candidates = Infinity } = search;
  const criterion = criterionFor(target, labels, { logits, classes }, { seed, confidence, candidates });
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const [result] = await runAttack(attack, classifier, images, criterion, present);
  const { rows, clipped } = result!;
  return rows.map((row, i) => ({
    ...row,
    c: row.c ?? Number.NaN,
    trace: row.trace ?? [],
    iterations: row.iterations ?? 0,
    label: labels[i]!,
    target: row.target ?? row.predictedBefore,
    image: clipped.slice(i * n, (i + 1) * n),
  }));
}
