import { type Classifier, imageSize, predictedLabel, type ScoreDifferentiable, softmax } from "@reprise/nn";
import { type Distance, distanceBetween } from "../distance.ts";
import { validateImages, validateLabels } from "../input.ts";
import { rowNormal, rowRandom } from "../row-random.ts";
import type { Attack, Found } from "./attack.ts";
import { type Criterion, type Goal, reached } from "./goal.ts";
import { type Norm, normOf, project } from "./norm.ts";
import { runSearches } from "./run-searches.ts";
import type { SearchStep } from "./search.ts";
import { NonFiniteError } from "./search.ts";

export interface RunAttackOptions {
  /** Radii in the attack's norm; a budget attack needs them, a minimal one reports at each of them besides. */
  readonly epsilons?: readonly number[];
  readonly lower?: number;
  readonly upper?: number;
  readonly seed?: number;
  /** Most images in one call of the model. */
  readonly batch?: number;
  /** Calls of the model under way at once; with a model in another thread, 2 keeps both threads busy. */
  readonly callsInFlight?: number;
  readonly onProgress?: (event: AttackEvent) => void;
  /** Rows that are known from a run that was stopped, and where those of this one are put. */
  readonly kept?: KeptRows;
  readonly signal?: AbortSignal;
}

/** What the search of one row came to, before it is checked. */
export interface KeptRow extends Omit<Found, "image"> {
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

/** At one ε (null for a minimal attack) so many rows are `done` of `total`. */
export type AttackEvent = { readonly epsilon: number | null; readonly done: number; readonly total: number } & (
  | {
      /** A row has ended. */
      readonly kind: "row";
      readonly row: number;
      /** As the attack left it, not yet checked; the clean one where nothing was searched. */
      readonly image: Float32Array;
    }
  | {
      /** The paper's attack has solved one problem. */
      readonly kind: "step";
      readonly row: number;
      readonly target: number;
      readonly step: SearchStep;
      /** The nearest image so far, valid until the callback returns. */
      readonly best: Float64Array;
    }
);

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
  /** The image's own label, where the criterion says it. */
  readonly label: number | null;
  /** The label aimed at; of several, the one that was reached or tried last. Untargeted, null where the attack names none. */
  readonly target: number | null;
  readonly predictedBefore: number;
  readonly predictedAfter: number;
  readonly probabilitiesBefore: Float64Array;
  readonly probabilitiesAfter: Float64Array;
  /** Images the model has seen for this row, without and with a gradient. */
  readonly forwardPasses: number;
  readonly gradients: number;
  /** Of the paper's attack: the largest c found that reaches the target, NaN if none; its search; the solver's iterations. */
  readonly c?: number;
  readonly trace?: readonly SearchStep[];
  readonly iterations?: number;
  /** Why a search did not begin. */
  readonly reason?: string;
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
  const batch = options.batch ?? Math.max(4, Math.min(attack.batch ?? 128, Math.floor(1e6 / n)));
  const callsInFlight = options.callsInFlight ?? 1;
  validate(attack, classifier, images, criterion, { epsilons, lower, upper, batch, callsInFlight });
  const model: Model = { classifier, batch, callsInFlight, signal };
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
  readonly callsInFlight: number;
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

/** What the searches left: by row, none where nothing was searched. */
interface Searched {
  /** [N, n]. */
  readonly perturbed: Float32Array;
  readonly rows: readonly (KeptRow | undefined)[];
}

async function searchRows(setting: Setting, epsilon: number | null): Promise<Searched> {
  const { attack, criterion, images, clean, model, lower, upper } = setting;
  const { seed = 0, onProgress, kept } = setting.options;
  const { classifier, batch, callsInFlight, signal } = model;
  const n = imageSize(classifier);
  const k = classifier.classes;
  const total = criterion.labels.length;
  const perturbed = images.slice();
  const rows = new Array<KeptRow | undefined>(total).fill(undefined);
  let done = 0;
  const end = (row: number, ended?: KeptRow): void => {
    rows[row] = ended;
    if (ended?.image) perturbed.set(ended.image, row * n);
    const image = perturbed.subarray(row * n, (row + 1) * n);
    onProgress?.({ kind: "row", epsilon, row, image, done: ++done, total });
  };
  function* searches() {
    for (let row = 0; row < total; row++) {
      const logits = clean.slice(row * k, (row + 1) * k);
      const goal = criterion.goalOf(row);
      if (reached(goal, logits) || !usable(logits)) {
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
        ...(onProgress
          ? {
              onStep: (target: number, step: SearchStep, best: Float64Array) =>
                onProgress({ kind: "step", epsilon, row, target, step, best, done, total }),
            }
          : {}),
      });
      yield { row, search };
    }
  }
  await runSearches(classifier, searches(), {
    batch,
    callsInFlight,
    signal,
    onEnd({ row, found, forward, backward }) {
      const counts = { forwardPasses: forward, gradients: backward };
      const ended: KeptRow =
        found instanceof NonFiniteError ? { image: undefined, ...counts } : { ...found, ...counts };
      kept?.put(epsilon, row, ended);
      end(row, ended);
    },
  });
  return { perturbed, rows };
}

/** Scores that can be compared: −∞ is a label that is ruled out. */
const usable = (logits: Float32Array): boolean => logits.every((z) => z < Infinity);

async function verified(setting: Setting, found: Searched, epsilon: number | null): Promise<AttackResult> {
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
    const afterwards = logits.subarray(row * k, (row + 1) * k);
    const kept = found.rows[row];
    const stopped = kept !== undefined && kept.image === undefined;
    const { c, trace, iterations, reason } = kept ?? ({} as Partial<KeptRow>);
    const more = { c, trace, iterations, reason };
    const goal = criterion.goalOf(row);
    const status = statusOf(goal, before, afterwards, stopped);
    const unchanged = images.subarray(row * n, (row + 1) * n);
    if (status === "nonFinite") clipped.set(unchanged, row * n);
    const after = status === "nonFinite" ? before : afterwards;
    const predictedBefore = predictedLabel(before);
    return {
      row,
      status,
      label: criterion.trueLabels?.[row] ?? (goal.targeted ? null : goal.label),
      target: kept?.target ?? targetOf(goal, status, predictedBefore),
      predictedBefore,
      predictedAfter: predictedLabel(after),
      probabilitiesBefore: softmax(before),
      probabilitiesAfter: softmax(after),
      forwardPasses: kept?.forwardPasses ?? 0,
      gradients: kept?.gradients ?? 0,
      ...present(more),
      ...distanceBetween(unchanged, clipped.subarray(row * n, (row + 1) * n)),
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

/** Without what is undefined. */
const present = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: NonNullable<T[Key]>;
  };

/** Where nothing was searched: what the criterion names, or, of several labels, the one that the image has. */
function targetOf({ targeted, label, among }: Goal, status: AttackStatus, predicted: number): number | null {
  if (status === "alreadyAdversarial") return targeted && !among ? label : predicted;
  return targeted ? label : null;
}

function statusOf(goal: Goal, before: Float32Array, after: Float32Array, stopped: boolean): AttackStatus {
  if (stopped || !usable(before) || after.some(Number.isNaN)) return "nonFinite";
  if (reached(goal, before)) return "alreadyAdversarial";
  return reached(goal, after) ? "success" : "failed";
}

/** Scores of all images, [rows, K]. */
export async function logitsOfRows(
  { classifier, batch, signal }: Omit<Model, "callsInFlight">,
  images: Float32Array,
  rows: number,
) {
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

type Checked = Required<Pick<RunAttackOptions, "epsilons" | "lower" | "upper" | "batch" | "callsInFlight">>;

function validate(
  attack: Attack,
  classifier: Classifier & Partial<ScoreDifferentiable>,
  images: Float32Array,
  criterion: Criterion,
  { epsilons, lower, upper, batch, callsInFlight }: Checked,
): void {
  const { classes } = classifier;
  const rows = criterion.labels.length;
  if (attack.needs === "gradients" && !classifier.lossAndGradient && !classifier.scoreGradient)
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
  for (const [option, value] of Object.entries({ batch, callsInFlight }))
    if (!(Number.isInteger(value) && value >= 1))
      throw new RangeError(`${attack.name}: ${option} is ${value}, expected a whole number ≥ 1.`);
  const { topK } = rows > 0 ? criterion.goalOf(0) : { topK: 1 };
  if (topK >= classes)
    throw new RangeError(
      `${attack.name}: top ${topK} of ${classes} classes is not a goal; take fewer than ${classes}.`,
    );
  if (topK > (attack.mostTopK ?? Infinity))
    throw new RangeError(`${attack.name}: top ${topK} is not what it looks for; take top ${attack.mostTopK}.`);
  if (criterion.severalTargets && !attack.severalTargets)
    throw new RangeError(`${attack.name}: it takes one target an image, or none; ${criterion.name} has several.`);
  validateImages(classifier, { images, rows, lower, upper });
  validateLabels("the label or target", criterion.labels, classes);
}
