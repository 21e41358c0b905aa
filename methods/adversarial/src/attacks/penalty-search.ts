import type { LbfgsB } from "@reprise/engine";
import { predictedLabel } from "@reprise/nn";
import { type Goal, reached } from "./goal.ts";
import type { Search, SearchStep } from "./search.ts";

/** How c is searched and each problem solved. The defaults are in `lbfgs.ts`. */
export interface PenaltySearchOptions {
  /** "squared": c‖r‖² + loss, smooth at r = 0. "l2": c‖r‖ + loss, as the paper prints it. */
  readonly norm: "squared" | "l2";
  readonly firstC: number;
  /** c is raised or lowered by this factor until one c reaches the label and one does not. */
  readonly bracketFactor: number;
  /** At most this many steps of the factor in either direction. */
  readonly bracketSteps: number;
  /** Bisections of log c between the two. */
  readonly bisections: number;
  /** Start each problem at the last solution that reached the label, not at the clean image. */
  readonly warmStart: boolean;
  /** Halvings of the segment from the image to the solution, to end next to the decision boundary; 0 for none. */
  readonly polishSteps: number;
  readonly pairs: number;
  /** Of L-BFGS-B's first model: 1 over the square of the box's width, so that units do not matter. */
  readonly firstCurvature: number;
  readonly maxIterations: number;
  readonly reductionFactor: number;
  readonly projectedGradientTolerance: number;
}

/** What the search for one target came to. */
export interface PenaltyResult {
  readonly target: number;
  /** Whether the model gives the target for `image`. */
  readonly outcome: "reached" | "failed" | "nonFinite";
  /** The image found; where the label was never reached, the last one tried. */
  readonly image: Float32Array;
  /** c of the image found; NaN where the label was never reached. */
  readonly c: number;
  readonly trace: readonly SearchStep[];
  readonly iterations: number;
}

export interface PenaltyProblem {
  /** The clean image, [n], in the solver's box. */
  readonly image: Float32Array;
  /** Targeted; its label is the target. */
  readonly goal: Goal;
  /** Used until the search is over. */
  readonly solver: LbfgsB;
  /** Told of every problem that is solved, with the nearest image so far, which is valid until it returns. */
  readonly onStep?: ((target: number, step: SearchStep, best: Float64Array) => void) | undefined;
}

/**
 * The paper's search for one image and one target: minimise c‖r‖ + loss(x + r, target) over x + r in the box, for the
 * largest c whose minimiser is still classified as the target.
 *
 * Departure: §4.1 says "minimum c"; as c multiplies ‖r‖, every c small enough reaches the label, with ever larger r.
 * The distortion is least at the largest c that still does, and that is what is searched.
 *
 * Departure: the result is moved back along its segment to the image as far as the label allows (`polishSteps`), and is
 * rounded to float32 before the model judges it once more.
 *
 * @see Szegedy et al. 2013, §4.1
 */
export function* penaltySearch(
  { image: clean, goal, solver, onStep }: PenaltyProblem,
  options: PenaltySearchOptions,
): Search<PenaltyResult> {
  const target = goal.label;
  const { bracketFactor, bracketSteps, bisections, warmStart } = options;
  const trace: SearchStep[] = [];
  /** The nearest minimiser so far that reaches the label, or the last one tried. */
  const best = Float64Array.from(clean);
  let bestNorm = Infinity;
  let bestC = Number.NaN;
  let allIterations = 0;
  /** Largest c known to reach the label, smallest known not to. */
  let good = 0;
  let bad = Infinity;
  let c = options.firstC;
  solver.restart(clean);
  for (let brackets = 0, halvings = 0; ; ) {
    const reachesLabel = yield* minimised(solver, clean, goal, c, options.norm);
    const { iterations, evaluations } = solver;
    allIterations += iterations;
    if (solver.reason === "nonFinite" && iterations === 0 && good === 0)
      return { target, outcome: "nonFinite", image: clean, c: bestC, trace, iterations: allIterations };
    const norm = distance(solver.x, clean);
    trace.push({ c, reached: reachesLabel, distortion: norm / Math.sqrt(clean.length), iterations, evaluations });
    if (reachesLabel) {
      good = c;
      if (norm < bestNorm) {
        bestNorm = norm;
        bestC = c;
        best.set(solver.x);
      }
    } else {
      bad = c;
      if (good === 0) best.set(solver.x);
    }
    onStep?.(target, trace.at(-1)!, best);
    const bracketed = good > 0 && bad < Infinity;
    if (bracketed ? halvings++ === bisections : brackets++ === bracketSteps) break;
    c = bracketed ? Math.sqrt(good * bad) : reachesLabel ? c * bracketFactor : c / bracketFactor;
    solver.restart(warmStart ? best : clean);
  }
  if (good > 0) yield* polished(best, clean, goal, options.polishSteps);
  // The image as it will be handed out goes to the model once more.
  const image = Float32Array.from(best);
  const { logits } = yield { want: "logits", images: image, count: 1 };
  const outcome = predictedLabel(logits) < 0 ? "nonFinite" : reached(goal, logits) ? "reached" : "failed";
  return { target, outcome, image, c: bestC, trace, iterations: allIterations };
}

/** Solves one problem from where the solver stands; whether the minimiser has the label. */
function* minimised(
  solver: LbfgsB,
  clean: Float32Array,
  goal: Goal,
  c: number,
  norm: PenaltySearchOptions["norm"],
): Search<boolean> {
  const labels = Int32Array.of(goal.label);
  let hasLabel = false;
  let iterate = -1;
  while (!solver.done) {
    const { loss, gradient, logits } = yield { want: "loss", images: solver.x, count: 1, labels };
    solver.tell(objective(solver, clean, c, norm, loss[0]!, gradient), solver.gradient);
    if (solver.iterations === iterate) continue;
    // The point just told is an iterate; its label counts until the next.
    iterate = solver.iterations;
    hasLabel = reached(goal, logits);
  }
  return hasLabel;
}

/** c‖r‖² + loss or c‖r‖ + loss at the solver's point; its gradient into the solver's. */
function objective(
  { x, gradient }: LbfgsB,
  clean: Float32Array,
  c: number,
  kind: PenaltySearchOptions["norm"],
  loss: number,
  lossGradient: Float32Array,
): number {
  const n = x.length;
  if (kind === "squared") {
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const r = x[i]! - clean[i]!;
      squares += r * r;
      gradient[i] = 2 * c * r + lossGradient[i]!;
    }
    return c * squares + loss;
  }
  const norm = distance(x, clean);
  const scale = norm > 0 ? c / norm : 0; // at r = 0 the subgradient 0
  for (let i = 0; i < n; i++) gradient[i] = scale * (x[i]! - clean[i]!) + lossGradient[i]!;
  return c * norm + loss;
}

/** Bisects for the least scale of r that reaches the label, and shortens r to it. */
function* polished(best: Float64Array, clean: Float32Array, goal: Goal, steps: number): Search<void> {
  let reachedScale = 1;
  let missedScale = 0;
  const x = new Float64Array(best.length);
  for (let step = 0; step < steps; step++) {
    const scale = 0.5 * (reachedScale + missedScale);
    for (let i = 0; i < x.length; i++) x[i] = clean[i]! + scale * (best[i]! - clean[i]!);
    const { logits } = yield { want: "logits", images: x, count: 1 };
    if (reached(goal, logits)) reachedScale = scale;
    else missedScale = scale;
  }
  if (reachedScale < 1)
    for (let i = 0; i < best.length; i++) best[i] = clean[i]! + reachedScale * (best[i]! - clean[i]!);
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}
