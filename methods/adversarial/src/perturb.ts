import { Box, LbfgsB } from "@reprise/engine";
import { type DifferentiableClassifier, imageSize, leadingLabel, predictedLabel, softmax } from "@reprise/nn";
import { type Distance, distanceBetween } from "./distance.ts";
import { type Range, validateImages, validateLabels, validateOptions } from "./input.ts";
import { PenaltySearch, type PenaltySearchOptions, type SearchStep } from "./penalty-search.ts";
import { runSearches } from "./scheduler.ts";
import { type Target, targetsOf } from "./targets.ts";

export interface PerturbOptions extends Partial<PenaltySearchOptions> {
  readonly target?: Target;
  /** Of "all" and "untargeted": only this many wrong labels, the likeliest. */
  readonly candidates?: number;
  /** Of target "random". */
  readonly seed?: number;
  /** The box every pixel stays in. */
  readonly lower?: number;
  readonly upper?: number;
  /** Most rows in one call of the model; few, so that what the searches under way remember stays in the cache. */
  readonly batch?: number;
  /** Calls of the model under way at once; with a model in another thread, 2 keeps both threads busy. */
  readonly callsInFlight?: number;
  readonly onEvent?: (event: PerturbEvent) => void;
  /** The result of a row that is known from a run with the same settings that was stopped; it is not searched again. */
  readonly known?: (row: number) => Perturbation | undefined;
  readonly signal?: AbortSignal;
}

export type PerturbEvent =
  /** One problem of the search over c is solved. `best` is the nearest image so far, valid until the callback returns. */
  | {
      readonly kind: "step";
      readonly row: number;
      readonly target: number;
      readonly step: SearchStep;
      readonly best: Float64Array;
    }
  /** A row is finished; so are `done` of `rows`. */
  | { readonly kind: "row"; readonly result: Perturbation; readonly done: number; readonly rows: number };

/**
 * - "success": the model, run again on the float32 image, gives the target, by the lead asked for
 * - "failed": no c reached the label; the image is the last one tried
 * - "alreadyTarget": the clean image is already classified as asked for, and is returned
 * - "nonFinite": the model gives NaN or infinite values on the image; it is returned as it was
 */
export type PerturbStatus = "success" | "failed" | "alreadyTarget" | "nonFinite";

/** What the attack found for one row. */
export interface Perturbation extends Distance {
  readonly row: number;
  readonly status: PerturbStatus;
  /** The adversarial image, float32, in the box. */
  readonly image: Float32Array;
  readonly label: number;
  /** The label aimed at; of several, the nearest. Where nothing needed to be done, the predicted one. */
  readonly target: number;
  readonly predictedBefore: number;
  readonly predictedAfter: number;
  readonly probabilitiesBefore: Float64Array;
  readonly probabilitiesAfter: Float64Array;
  /** Largest c found that reaches the target; NaN if none. */
  readonly c: number;
  /** The search for the target reported. */
  readonly trace: readonly SearchStep[];
  /** Rows of loss and gradient, rows of logits and solver iterations, over all targets tried. */
  readonly evaluations: number;
  readonly forwardPasses: number;
  readonly iterations: number;
}

const searchDefaults: PenaltySearchOptions = {
  norm: "squared",
  confidence: 0,
  firstC: 0.1,
  bracketFactor: 10,
  bracketSteps: 10,
  bisections: 8,
  warmStart: true,
  polishSteps: 12,
  // On MNIST 10 pairs find the same distortions in as many evaluations, at nearly twice the time between them.
  pairs: 5,
  firstCurvature: 1,
  // With 200 images of MNIST end as near; for large images it would be ten times the evaluations (docs/notes/attacks.md).
  maxIterations: 30,
  // 2e-5 relative: of the many problems of a search only the label of the minimiser matters. 1e10 takes a quarter more
  // evaluations for distortions 0.02 % less, SciPy's 1e7 searches in the noise of float32.
  reductionFactor: 1e11,
  projectedGradientTolerance: 1e-4,
};

/** The smallest number that is above 0 for a thread on which ONNX Runtime has run: it takes subnormal ones for 0 from then on. */
const smallest = 2 ** -1022;

const ranges: Readonly<Record<string, Range>> = {
  confidence: [0, false],
  firstC: [smallest, false],
  firstCurvature: [smallest, false],
  bracketFactor: [1 + Number.EPSILON, false],
  bracketSteps: [0, true],
  bisections: [0, true],
  polishSteps: [0, true],
  maxIterations: [1, true],
  batch: [1, true],
  callsInFlight: [1, true],
  candidates: [1, true],
};

/**
 * Smallest perturbations by box-constrained L-BFGS (Szegedy et al. 2013, §4.1): for each image x and target l,
 * minimise c·‖r‖² + loss(x + r, l) over x + r in the box, at the largest c whose minimiser is classified as l.
 *
 * Every row searches at its own pace; each call of the model carries whichever rows wait for it, so the batch stays full
 * and a row that is finished makes room at once. A row's result depends on the row alone.
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
  const n = imageSize(classifier);
  const {
    target = "random",
    candidates = Infinity,
    seed = 0,
    lower = 0,
    upper = 1,
    batch = Math.max(4, Math.min(32, Math.floor(1e6 / n))),
    callsInFlight = 1,
    onEvent,
    known,
    signal,
    ...given
  } = options;
  // The defaults are for a box of width 1; in other units the same steps are taken.
  const width = upper - lower;
  const search: PenaltySearchOptions = {
    ...searchDefaults,
    firstC: searchDefaults.firstC / width ** (given.norm === "l2" ? 1 : 2),
    firstCurvature: 1 / width ** 2,
    projectedGradientTolerance: searchDefaults.projectedGradientTolerance / width,
    ...given,
  };
  const rows = labels.length;
  const { classes } = classifier;
  validateOptions({ ...search, batch, callsInFlight, candidates }, ranges);
  validateImages(classifier, { images, rows, lower, upper });
  validateLabels("the label", labels, classes);
  if (typeof target === "number") validateLabels("the target", new Array(rows).fill(target), classes);
  if (target instanceof Int32Array) {
    if (target.length !== rows) throw new RangeError(`perturb: ${target.length} targets for ${rows} images.`);
    validateLabels("the target", target, classes);
  }
  if (classes < 2) throw new RangeError(`perturb: the model has ${classes} class; an attack needs at least 2.`);

  const imageOf = (row: number) => images.subarray(row * n, (row + 1) * n);
  const clean = await cleanLogits(classifier, images, rows, batch, signal);
  const results: Perturbation[] = new Array(rows);
  let done = 0;
  const finish = (result: Perturbation): void => {
    results[result.row] = result;
    onEvent?.({ kind: "row", result, done: ++done, rows });
  };

  // The model sees float32: the bounds are rounded as the pixels are.
  const box = new Box(n, Math.fround(lower), Math.fround(upper));
  const idle: LbfgsB[] = [];
  const owner = new Map<PenaltySearch, { state: RowState; solver: LbfgsB; steps: number }>();
  function* searches(): Generator<PenaltySearch> {
    for (let row = 0; row < rows; row++) {
      const result = known?.(row);
      if (result) {
        finish(result);
        continue;
      }
      const logits = clean.subarray(row * classes, (row + 1) * classes);
      const finite = logits.every((z) => Number.isFinite(z));
      const won = leadingLabel(logits, search.confidence);
      const targets = finite ? targetsOf(target, row, labels[row]!, logits, won, seed, candidates) : [];
      const state = new RowState(row, imageOf(row), logits, finite, targets.length);
      if (targets.length === 0) finish(state.result(labels[row]!));
      for (const label of targets) {
        const solver = idle.pop() ?? new LbfgsB(imageOf(row), box, search);
        const next = new PenaltySearch(imageOf(row), label, solver, search);
        owner.set(next, { state, solver, steps: 0 });
        yield next;
      }
    }
  }

  await runSearches(classifier, searches(), {
    batch,
    callsInFlight,
    signal,
    onTold(told) {
      const entry = owner.get(told)!;
      const { state, solver } = entry;
      for (; entry.steps < told.trace.length; entry.steps++)
        onEvent?.({
          kind: "step",
          row: state.row,
          target: told.target,
          step: told.trace[entry.steps]!,
          best: told.best,
        });
      if (told.wants !== "nothing") return;
      owner.delete(told);
      idle.push(solver);
      state.add(told);
      if (state.pending === 0) finish(state.result(labels[state.row]!));
    },
  });
  return results;
}

async function cleanLogits(
  classifier: DifferentiableClassifier,
  images: Float32Array,
  rows: number,
  batch: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const n = imageSize(classifier);
  const { classes } = classifier;
  const logits = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row += batch) {
    signal?.throwIfAborted();
    const count = Math.min(batch, rows - row);
    const chunk = await classifier.logits(images.subarray(row * n, (row + count) * n), count);
    if (chunk.length !== count * classes)
      throw new RangeError(
        `perturb: the classifier returned ${chunk.length} logits for ${count} images of ${classes} classes.`,
      );
    logits.set(chunk, row * classes);
  }
  return logits;
}

/** The searches of one row, one a target: their counts, and the best so far. */
class RowState {
  readonly row: number;
  pending: number;
  readonly #logits: Float32Array;
  readonly #finite: boolean;
  #best: PenaltySearch | undefined;
  #bestDistance = Infinity;
  #evaluations = 0;
  #forwardPasses = 0;
  #iterations = 0;
  readonly #clean: Float32Array;

  constructor(row: number, clean: Float32Array, logits: Float32Array, finite: boolean, targets: number) {
    this.row = row;
    this.#clean = clean;
    this.#logits = logits;
    this.#finite = finite;
    this.pending = targets;
  }

  add(search: PenaltySearch): void {
    this.pending--;
    this.#evaluations += search.evaluations;
    this.#forwardPasses += search.forwardPasses;
    this.#iterations += search.iterations;
    // A reached label before a failed one, then the nearer image, then (searches end in any order) the smaller label.
    const distance = search.outcome === "reached" ? distanceBetween(this.#clean, search.image!).l2 : Number.MAX_VALUE;
    const tie = this.#best !== undefined && distance === this.#bestDistance && search.target < this.#best.target;
    if (this.#best === undefined || distance < this.#bestDistance || tie) {
      this.#best = search;
      this.#bestDistance = distance;
    }
  }

  result(label: number): Perturbation {
    const best = this.#best;
    const before = softmax(this.#logits);
    const predictedBefore = predictedLabel(this.#logits);
    const image = best?.image ?? Float32Array.from(this.#clean);
    const after = best?.logits;
    const outcome = best?.outcome ?? (this.#finite ? "alreadyTarget" : "nonFinite");
    return {
      row: this.row,
      status: outcome === "reached" ? "success" : outcome === "running" ? "failed" : outcome,
      image,
      label,
      target: best?.target ?? predictedBefore,
      predictedBefore,
      predictedAfter: after ? predictedLabel(after) : predictedBefore,
      probabilitiesBefore: before,
      probabilitiesAfter: after ? softmax(after) : before,
      c: best?.c ?? Number.NaN,
      trace: best?.trace ?? [],
      evaluations: this.#evaluations,
      forwardPasses: this.#forwardPasses,
      iterations: this.#iterations,
      ...distanceBetween(this.#clean, image),
    };
  }
}
