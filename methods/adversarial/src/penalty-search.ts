import type { LbfgsB } from "@reprise/engine";
import { leadingLabel, predictedLabel } from "@reprise/nn";

/** How c is searched and each problem solved. The defaults are in `perturb.ts`, where users set them. */
export interface PenaltySearchOptions {
  /** "squared": c‖r‖² + loss, smooth at r = 0. "l2": c‖r‖ + loss, as the paper prints it. */
  readonly norm: "squared" | "l2";
  /** κ: the label is reached where its score leads every other by so many logits. */
  readonly confidence: number;
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

/** One solved problem: a step of the search over c. */
export interface SearchStep {
  readonly c: number;
  /** The minimiser is classified as the target, by the lead asked for. */
  readonly reached: boolean;
  /** ‖r‖₂ / √n of the minimiser. */
  readonly distortion: number;
  readonly iterations: number;
  readonly evaluations: number;
}

/**
 * The paper's search for one image and one target, as a state machine that asks for model evaluations (`wants`, `x`) and
 * is told their results: minimise c‖r‖ + loss(x + r, target) over x + r in the box, for the largest c whose minimiser is
 * still classified as the target.
 *
 * Departure: §4.1 says "minimum c"; as c multiplies ‖r‖, every c small enough reaches the label, with ever larger r.
 * The distortion is least at the largest c that still does, and that is what is searched.
 *
 * Departure: the result is moved back along its segment to the image as far as the label allows (`polishSteps`), and is
 * rounded to float32 before the model judges it once more.
 *
 * @see Szegedy et al. 2013, §4.1
 */
export class PenaltySearch {
  readonly target: number;
  /** What is needed next at `x`: loss, gradient and logits; or logits only; or nothing, the search is over. */
  wants: "gradient" | "logits" | "nothing" = "gradient";
  /** Where, [n]. */
  x: Float64Array;
  /** At the end: whether the model gives the target for `image`. */
  outcome: "running" | "reached" | "failed" | "nonFinite" = "running";
  /** At the end: the image found; where the label was never reached, the last one tried. */
  image: Float32Array | undefined;
  /** At the end: the model's logits of `image`; none where they are not finite. */
  logits: Float32Array | undefined;
  /** c of the image found; NaN where the label was never reached. */
  c = Number.NaN;
  readonly trace: SearchStep[] = [];
  evaluations = 0;
  forwardPasses = 0;
  iterations = 0;

  readonly #clean: ArrayLike<number>;
  readonly #options: PenaltySearchOptions;
  readonly #solver: LbfgsB;
  readonly #best: Float64Array;
  #bestNorm = Infinity;
  #trialC: number;
  /** Largest c known to reach the label, smallest known not to. */
  #good = 0;
  #bad = Infinity;
  #bracketSteps = 0;
  #bisections = 0;
  /** Whether the solver's current iterate has the label, and which iterate that is. */
  #hasLabel = false;
  #iterate = -1;
  /** Polishing: the shortest scale of r known to reach the label, the longest known not to. */
  #reachedScale = 1;
  #missedScale = 0;
  #polishSteps = 0;

  /**
   * @param clean   the image, [n], in the solver's box
   * @param solver  used until the search is over
   */
  constructor(clean: ArrayLike<number>, target: number, solver: LbfgsB, options: PenaltySearchOptions) {
    this.target = target;
    this.#clean = clean;
    this.#options = options;
    this.#solver = solver;
    this.#best = Float64Array.from(clean);
    this.#trialC = options.firstC;
    this.x = solver.x;
    solver.restart(clean);
  }

  /** The nearest minimiser so far that reaches the label, or the last one tried; [n], written over as the search goes on. */
  get best(): Float64Array {
    return this.#best;
  }

  /** Takes the model's loss towards the target, its gradient [n] and its logits [K] at `x`. */
  tellGradient(loss: number, gradient: ArrayLike<number>, logits: ArrayLike<number>): void {
    const solver = this.#solver;
    this.evaluations++;
    solver.tell(this.#objective(loss, gradient), solver.gradient);
    if (solver.iterations !== this.#iterate) {
      // The point just told is an iterate; its label counts until the next.
      this.#iterate = solver.iterations;
      this.#hasLabel = this.#reaches(logits);
    }
    if (solver.done) this.#solved();
  }

  /** Takes the model's logits [K] at `x`. */
  tellLogits(logits: ArrayLike<number>): void {
    this.forwardPasses++;
    const reached = this.#reaches(logits);
    if (this.image) {
      this.wants = "nothing";
      const finite = predictedLabel(logits) >= 0;
      if (finite) this.logits = Float32Array.from(logits);
      this.outcome = !finite ? "nonFinite" : reached ? "reached" : "failed";
      return;
    }
    if (reached) this.#reachedScale = this.#scale();
    else this.#missedScale = this.#scale();
    this.#polishSteps++;
    this.#polish();
  }

  #reaches(logits: ArrayLike<number>): boolean {
    return leadingLabel(logits, this.#options.confidence) === this.target;
  }

  /** c‖r‖² + loss or c‖r‖ + loss at `x`; its gradient into the solver's. */
  #objective(loss: number, lossGradient: ArrayLike<number>): number {
    const { x, gradient } = this.#solver;
    const clean = this.#clean;
    const c = this.#trialC;
    const n = x.length;
    let squares = 0;
    if (this.#options.norm === "squared") {
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

  /** One problem is solved: the next c, or the end of the search. */
  #solved(): void {
    const solver = this.#solver;
    const { iterations, evaluations } = solver;
    const { bracketFactor, bracketSteps, bisections, warmStart } = this.#options;
    this.iterations += iterations;
    if (solver.reason === "nonFinite" && iterations === 0 && this.#good === 0) {
      this.outcome = "nonFinite";
      this.wants = "nothing";
      return;
    }
    const c = this.#trialC;
    const reached = this.#hasLabel;
    const norm = distance(solver.x, this.#clean);
    this.trace.push({ c, reached, distortion: norm / Math.sqrt(solver.x.length), iterations, evaluations });
    if (reached) {
      this.#good = c;
      if (norm < this.#bestNorm) {
        this.#bestNorm = norm;
        this.c = c;
        this.#best.set(solver.x);
      }
    } else {
      this.#bad = c;
      if (this.#good === 0) this.#best.set(solver.x);
    }

    const bracketed = this.#good > 0 && this.#bad < Infinity;
    if (bracketed ? this.#bisections++ === bisections : this.#bracketSteps++ === bracketSteps) {
      if (this.#good > 0) this.#startPolish();
      else this.#verify();
      return;
    }
    this.#trialC = bracketed ? Math.sqrt(this.#good * this.#bad) : reached ? c * bracketFactor : c / bracketFactor;
    this.#iterate = -1;
    solver.restart(warmStart ? this.#best : this.#clean);
  }

  #startPolish(): void {
    this.wants = "logits";
    this.x = new Float64Array(this.#best.length);
    this.#polish();
  }

  /** Bisects for the least scale of r that reaches the label. */
  #polish(): void {
    if (this.#polishSteps === this.#options.polishSteps) {
      if (this.#reachedScale < 1) this.#scaled(this.#reachedScale, this.#best);
      this.#verify();
    } else this.#scaled(this.#scale(), this.x);
  }

  #scale(): number {
    return 0.5 * (this.#reachedScale + this.#missedScale);
  }

  #scaled(scale: number, out: Float64Array): void {
    const clean = this.#clean;
    const best = this.#best;
    for (let i = 0; i < out.length; i++) out[i] = clean[i]! + scale * (best[i]! - clean[i]!);
  }

  /** The image as it will be handed out goes to the model once more. */
  #verify(): void {
    this.wants = "logits";
    this.image = Float32Array.from(this.#best);
    this.x = Float64Array.from(this.image);
  }
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}
