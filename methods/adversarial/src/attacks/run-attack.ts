import { type Classifier, imageSize, predictedLabel, type ScoreDifferentiable } from "@reprise/nn";
import { type Distance, distanceBetween } from "../distance.ts";
import { validateImages, validateLabels } from "../input.ts";
import { rowNormal, rowRandom } from "../row-random.ts";
import type { Attack } from "./attack.ts";
import { type Criterion, type Goal, reached } from "./goal.ts";
import { type Norm, normOf, project } from "./norm.ts";
import { runSearches } from "./run-searches.ts";

export interface RunAttackOptions {
  /** Radii in the attack's norm; a budget attack needs them, a minimal one reports at each of them besides. */
  readonly epsilons?: readonly number[];
  readonly lower?: number;
  readonly upper?: number;
  readonly seed?: number;
  /** Most images in one call of the model. */
  readonly batch?: number;
  readonly onEvent?: (event: AttackEvent) => void;
  /** Rows that are known from a run that was stopped, and where those of this one are put. */
  readonly kept?: KeptRows;
  readonly signal?: AbortSignal;
}

/** What the search of one row came to, before it is judged. */
export interface KeptRow {
  /** As the attack left it, [n]; none where the model's values stopped it. */
  readonly image: Float32Array | undefined;
  readonly forwardPasses: number;
  readonly gradients: number;
}

/** Searched rows by ε (null where the attack looks for the smallest perturbation) and row. */
export interface KeptRows {
  get(epsilon: number | null, row: number): KeptRow | undefined;
  put(epsilon: number | null, row: number, kept: KeptRow): void;
}

/** A row of the search at one ε (null for a minimal attack) has ended; so have `done` of `rows` at this ε. */
export interface AttackEvent {
  readonly epsilon: number | null;
  readonly row: number;
  readonly done: number;
  readonly rows: number;
}

/**
 * - "success": the model, run again on the image, meets the criterion
 * - "failed": it does not; the image is the best try
 * - "alreadyAdversarial": the clean image meets the criterion, and is returned
 * - "nonFinite": the model gave NaN or an infinite value; the clean image is returned
 */
export type AttackStatus = "success" | "failed" | "alreadyAdversarial" | "nonFinite";

export interface AttackRow extends Distance {
  readonly row: number;
  readonly status: AttackStatus;
  readonly predictedBefore: number;
  readonly predictedAfter: number;
  /** Images the model has seen for this row, without and with a gradient. */
  readonly forwardPasses: number;
  readonly gradients: number;
}

/** What an attack found at one ε, or, with ε null, the smallest it found at all. */
export interface AttackResult {
  readonly attack: string;
  readonly criterion: string;
  readonly norm: Norm;
  readonly epsilon: number | null;
  /** As the attack left it, [N, n]. */
  readonly perturbed: Float32Array;
  /** In the box and the ball exactly, [N, n]; what everything below is about. */
  readonly clipped: Float32Array;
  readonly success: readonly boolean[];
  readonly rows: readonly AttackRow[];
}

/**
 * Runs an attack on every row and checks every image by running the model again.
 *
 * @param images     [N, ...inputShape], values in the box
 * @param criterion  what counts as success, with N labels or targets
 * @returns for a budget attack a result for each ε; for a minimal one the result without ε, then one for each ε
 * @throws RangeError for images outside the box, labels or ε out of range; TypeError for an attack that needs gradients
 *         on a model without; the signal's reason when aborted
 */
export async function runAttack(
  attack: Attack,
  classifier: Classifier & Partial<ScoreDifferentiable>,
  images: Float32Array,
  criterion: Criterion,
  options: RunAttackOptions = {},
): Promise<AttackResult[]> {
  const { epsilons = [], lower = 0, upper = 1, signal } = options;
  const rows = criterion.labels.length;
  const n = imageSize(classifier);
  const batch = options.batch ?? Math.max(4, Math.min(128, Math.floor(1e6 / n)));
  validate(attack, classifier, images, criterion, { epsilons, lower, upper, batch });
  const model: Model = { classifier, batch, signal };
  const clean = await logitsOfRows(model, images, rows);
  const setting: Setting = {
    attack,
    criterion,
    images,
    clean,
    model,
    lower: Math.fround(lower),
    upper: Math.fround(upper),
    options,
  };
  if (attack.kind === "budget") {
    const results: AttackResult[] = [];
    for (const epsilon of epsilons) {
      const found = await searchRows(setting, epsilon);
      results.push(await verified(setting, found, epsilon));
    }
    return results;
  }
  const found = await searchRows(setting, null);
  const results = [await verified(setting, found, null)];
  for (const epsilon of epsilons) results.push(await verified(setting, found, epsilon));
  return results;
}

interface Model {
  readonly classifier: Classifier & Partial<ScoreDifferentiable>;
  readonly batch: number;
  readonly signal: AbortSignal | undefined;
}

interface Setting {
  readonly attack: Attack;
  readonly criterion: Criterion;
  readonly images: Float32Array;
  readonly clean: Float32Array;
  readonly model: Model;
  readonly lower: number;
  readonly upper: number;
  readonly options: RunAttackOptions;
}

interface Found {
  readonly perturbed: Float32Array;
  readonly forward: number[];
  readonly backward: number[];
  readonly stopped: boolean[];
}

async function searchRows(setting: Setting, epsilon: number | null): Promise<Found> {
  const { attack, criterion, images, clean, model, lower, upper } = setting;
  const { seed = 0, onEvent, kept } = setting.options;
  const { classifier, batch, signal } = model;
  const n = imageSize(classifier);
  const k = classifier.classes;
  const rows = criterion.labels.length;
  const found: Found = {
    perturbed: images.slice(),
    forward: new Array(rows).fill(0),
    backward: new Array(rows).fill(0),
    stopped: new Array(rows).fill(false),
  };
  let done = 0;
  const end = (row: number, ended?: KeptRow): void => {
    if (ended) {
      found.forward[row] = ended.forwardPasses;
      found.backward[row] = ended.gradients;
      if (ended.image) found.perturbed.set(ended.image, row * n);
      else found.stopped[row] = true;
    }
    onEvent?.({ epsilon, row, done: ++done, rows });
  };
  function* searches() {
    for (let row = 0; row < rows; row++) {
      const logits = clean.slice(row * k, (row + 1) * k);
      const goal = criterion.goalOf(row);
      if (reached(goal, logits) || logits.some((z) => !Number.isFinite(z))) {
        end(row);
        continue;
      }
      const known = kept?.get(epsilon, row);
      if (known) {
        end(row, known);
        continue;
      }
      const search = attack.search({
        row,
        image: images.slice(row * n, (row + 1) * n),
        shape: classifier.inputShape,
        logits,
        goal,
        lower,
        upper,
        norm: attack.norm,
        epsilon: epsilon ?? Infinity,
        random: rowRandom(seed, row),
        normal: rowNormal(seed ^ 0x5bd1e995, row),
      });
      yield { row, search };
    }
  }
  await runSearches(classifier, searches(), {
    batch,
    signal,
    onEnd({ row, image, forward, backward }) {
      const ended: KeptRow = {
        image: image instanceof Float32Array ? image : undefined,
        forwardPasses: forward,
        gradients: backward,
      };
      kept?.put(epsilon, row, ended);
      end(row, ended);
    },
  });
  return found;
}

async function verified(setting: Setting, found: Found, epsilon: number | null): Promise<AttackResult> {
  const { attack, criterion, images, clean, model, lower, upper } = setting;
  const n = imageSize(model.classifier);
  const k = model.classifier.classes;
  const rows = criterion.labels.length;
  const clipped = new Float32Array(images.length);
  for (let row = 0; row < rows; row++) {
    const image = images.subarray(row * n, (row + 1) * n);
    const moved = found.perturbed.subarray(row * n, (row + 1) * n);
    clipped.set(project({ norm: attack.norm, image, epsilon: epsilon ?? Infinity, lower, upper }, moved), row * n);
    // No point of the ball is known for an L0 result that is too far: the clean image is in every ball.
    if (epsilon !== null && normOf(attack.norm, image, clipped.subarray(row * n, (row + 1) * n)) > epsilon)
      clipped.set(image, row * n);
  }
  const logits = await logitsOfRows(model, clipped, rows);
  const records = Array.from({ length: rows }, (_, row): AttackRow => {
    const before = clean.subarray(row * k, (row + 1) * k);
    const after = logits.subarray(row * k, (row + 1) * k);
    return {
      row,
      status: statusOf(criterion.goalOf(row), before, after, found.stopped[row]!),
      predictedBefore: predictedLabel(before),
      predictedAfter: predictedLabel(after),
      forwardPasses: found.forward[row]!,
      gradients: found.backward[row]!,
      ...distanceBetween(images.subarray(row * n, (row + 1) * n), clipped.subarray(row * n, (row + 1) * n)),
    };
  });
  return {
    attack: attack.name,
    criterion: criterion.name,
    norm: attack.norm,
    epsilon,
    perturbed: found.perturbed,
    clipped,
    success: records.map(({ status }) => status === "success" || status === "alreadyAdversarial"),
    rows: records,
  };
}

function statusOf(goal: Goal, before: Float32Array, after: Float32Array, stopped: boolean): AttackStatus {
  if (stopped || before.some((z) => !Number.isFinite(z))) return "nonFinite";
  if (reached(goal, before)) return "alreadyAdversarial";
  return reached(goal, after) ? "success" : "failed";
}

async function logitsOfRows({ classifier, batch, signal }: Model, images: Float32Array, rows: number) {
  const n = imageSize(classifier);
  const k = classifier.classes;
  const logits = new Float32Array(rows * k);
  for (let row = 0; row < rows; row += batch) {
    signal?.throwIfAborted();
    const count = Math.min(batch, rows - row);
    logits.set(await classifier.logits(images.subarray(row * n, (row + count) * n), count), row * k);
  }
  return logits;
}

function validate(
  attack: Attack,
  classifier: Classifier & Partial<ScoreDifferentiable>,
  images: Float32Array,
  criterion: Criterion,
  { epsilons, lower, upper, batch }: Required<Pick<RunAttackOptions, "epsilons" | "lower" | "upper" | "batch">>,
): void {
  const { classes } = classifier;
  const rows = criterion.labels.length;
  if (attack.needs === "gradients" && (!classifier.lossAndGradient || !classifier.scoreGradient))
    throw new TypeError(
      `${attack.name}: it needs gradients and the model gives none. Square and HopSkipJump need scores only.`,
    );
  const least = attack.leastClasses ?? 2;
  if (classes < least)
    throw new RangeError(`${attack.name}: the model has ${classes} classes; this attack needs at least ${least}.`);
  if (attack.kind === "budget" && epsilons.length === 0)
    throw new RangeError(`${attack.name}: it keeps to a budget; give epsilons, for example [0.1].`);
  for (const epsilon of epsilons)
    if (!(epsilon >= 0 && epsilon < Infinity))
      throw new RangeError(`${attack.name}: epsilon ${epsilon}, expected a number ≥ 0.`);
  if (!(Number.isInteger(batch) && batch >= 1))
    throw new RangeError(`${attack.name}: batch is ${batch}, expected a whole number ≥ 1.`);
  if (rows > 0 && criterion.goalOf(0).topK >= classes)
    throw new RangeError(
      `${attack.name}: top ${criterion.goalOf(0).topK} of ${classes} classes is no goal; take fewer than ${classes}.`,
    );
  validateImages(classifier, { images, rows, lower, upper });
  validateLabels("the label or target", criterion.labels, classes);
}
