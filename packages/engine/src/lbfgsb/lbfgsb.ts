import { Box } from "./box.ts";
import { CauchyPoint } from "./cauchy.ts";
import { LineSearch } from "./line-search.ts";
import { PairMemory } from "./memory.ts";
import { SubspaceStep } from "./subspace.ts";

/** Why the minimiser stopped. */
export type StopReason =
  /** ‖P(x − g) − x‖∞ ≤ projectedGradientTolerance. */
  | "projectedGradient"
  /** (f_old − f) / max(|f_old|, |f|, 1) ≤ reductionFactor · 2⁻⁵². */
  | "reduction"
  | "maxIterations"
  | "maxEvaluations"
  /** No step along the steepest descent direction lowers f: gradient wrong, or at the limit of rounding. */
  | "abnormal"
  /** f or its gradient is NaN or infinite at the start, or at every step the line search tried. */
  | "nonFinite";

export interface LbfgsBOptions {
  /** Pairs of steps and gradient differences kept. */
  readonly pairs?: number;
  /**
   * θ of the first model θ‖d‖²/2: of what size second derivatives are, in units of f over x². 1 as in SciPy; where x is
   * measured in other units, take the inverse square of the unit, and the same steps are taken.
   */
  readonly firstCurvature?: number;
  /** Stop when an iteration lowers f by at most this many units of rounding; 1e12 low, 1e7 moderate, 10 high accuracy. */
  readonly reductionFactor?: number;
  /** Stop when the largest entry of the projected gradient is at most this. */
  readonly projectedGradientTolerance?: number;
  readonly maxIterations?: number;
  /** Stops within a line search too; the answer is then the last iterate. */
  readonly maxEvaluations?: number;
  readonly maxLineSearchSteps?: number;
}

/**
 * L-BFGS-B 3.0 as reverse communication: a state machine that asks for f and ∇f instead of calling them, so that any
 * number of problems can share one batched evaluation.
 *
 *     const solver = new LbfgsB(x0, new Box(n, 0, 1));
 *     while (!solver.done) solver.tell(f(solver.x), gradient(solver.x));
 *     solver.x, solver.f, solver.reason
 *
 * Every x it asks for lies in the box exactly; f never rises from one iterate to the next. All arithmetic is float64 and
 * an iteration is O(pairs · n) and allocates nothing.
 *
 * @see Byrd, Lu, Nocedal, Zhu 1995 (SIAM J. Sci. Comput. 16); Morales, Nocedal 2011 (ACM TOMS 38)
 */
export class LbfgsB {
  readonly box: Box;
  /** Where f and ∇f are wanted; once done, the solution. [n] */
  readonly x: Float64Array;
  /** f and ∇f as last told; once done, at the solution. */
  f = Number.NaN;
  readonly gradient: Float64Array;
  done = false;
  reason: StopReason | undefined;
  iterations = 0;
  evaluations = 0;
  projectedGradientNorm = Number.NaN;
  /** Length of the last step taken, in units of its direction. */
  stepLength = Number.NaN;

  readonly #options: Required<LbfgsBOptions>;
  readonly #memory: PairMemory;
  readonly #cauchy: CauchyPoint;
  readonly #subspace: SubspaceStep;
  readonly #search = new LineSearch();
  /** Last iterate, its gradient, and the search direction z − x. */
  readonly #xOld: Float64Array;
  readonly #gOld: Float64Array;
  readonly #d: Float64Array;
  #fOld = Number.NaN;
  #slope = 0;
  #slopeOld = 0;
  #searching = false;
  #steps = 0;
  #sawFinite = false;

  /**
   * @param x0  start, [n]; projected into the box
   * @param box  its bounds; none if left out
   * @throws RangeError for a NaN in x0, a length other than the box's or an option out of range
   */
  constructor(x0: ArrayLike<number>, box: Box = new Box(x0.length), options: LbfgsBOptions = {}) {
    const {
      pairs = 10,
      firstCurvature = 1,
      reductionFactor = 1e7,
      projectedGradientTolerance = 1e-5,
      maxIterations = 15000,
      maxEvaluations = 15000,
      maxLineSearchSteps = 20,
    } = options;
    this.#options = {
      pairs,
      firstCurvature,
      reductionFactor,
      projectedGradientTolerance,
      maxIterations,
      maxEvaluations,
      maxLineSearchSteps,
    };
    if (!Number.isInteger(pairs) || pairs < 1)
      throw new RangeError(`LbfgsB: pairs is ${pairs}, expected a whole number ≥ 1.`);
    for (const [name, value] of Object.entries(this.#options))
      if (!(value >= 0)) throw new RangeError(`LbfgsB: ${name} is ${value}, expected a number ≥ 0.`);
    if (!(firstCurvature > 0)) throw new RangeError(`LbfgsB: firstCurvature is ${firstCurvature}, expected above 0.`);
    const { n } = box;
    this.box = box;
    this.x = new Float64Array(n);
    this.gradient = new Float64Array(n);
    this.#memory = new PairMemory(n, pairs, firstCurvature);
    this.#cauchy = new CauchyPoint(n, pairs);
    this.#subspace = new SubspaceStep(n, pairs);
    this.#xOld = new Float64Array(n);
    this.#gOld = new Float64Array(n);
    this.#d = new Float64Array(n);
    this.restart(x0);
  }

  /** The last point accepted, while `x` may be one that is only tried; once done they are the same. [n] */
  get iterate(): Float64Array {
    return this.#searching ? this.#xOld : this.x;
  }

  /** Begins again at x0, as a new solver would, in the same buffers. */
  restart(x0: ArrayLike<number>): void {
    if (x0.length !== this.box.n)
      throw new RangeError(`LbfgsB: the start has ${x0.length} entries, the box has ${this.box.n} variables.`);
    for (let i = 0; i < x0.length; i++)
      if (Number.isNaN(x0[i])) throw new RangeError(`LbfgsB: the start is NaN at variable ${i}.`);
    this.x.set(x0);
    this.box.project(this.x);
    this.#memory.clear();
    this.f = Number.NaN;
    this.done = false;
    this.reason = undefined;
    this.iterations = 0;
    this.evaluations = 0;
    this.projectedGradientNorm = Number.NaN;
    this.stepLength = Number.NaN;
    this.#searching = false;
  }

  /**
   * Takes f and ∇f at `x`, and moves `x` to the next point or sets `done`. ∇f may be written into `gradient` and that be
   * passed, which saves a copy.
   */
  tell(f: number, gradient: ArrayLike<number>): void {
    if (this.done) throw new Error("LbfgsB: tell after the minimiser is done. Read x, or call restart.");
    if (gradient.length !== this.box.n)
      throw new RangeError(`LbfgsB: the gradient has ${gradient.length} entries, expected ${this.box.n}.`);
    this.evaluations++;
    if (gradient !== this.gradient) this.gradient.set(gradient);
    this.f = f;
    if (this.#searching) this.#tellSearch();
    else this.#tellStart();
  }

  #tellStart(): void {
    const { projectedGradientTolerance, maxIterations, maxEvaluations } = this.#options;
    if (!allFinite(this.f, this.gradient)) {
      this.#stop("nonFinite");
      return;
    }
    this.projectedGradientNorm = this.box.projectedGradientNorm(this.x, this.gradient);
    if (this.projectedGradientNorm <= projectedGradientTolerance) this.#stop("projectedGradient");
    else if (this.evaluations >= maxEvaluations) this.#stop("maxEvaluations");
    else if (maxIterations === 0) this.#stop("maxIterations");
    else this.#iterate();
  }

  /** From an accepted iterate: quadratic model, direction, first trial step. */
  #iterate(): void {
    const memory = this.#memory;
    const d = this.#d;
    const { n } = this.box;
    for (;;) {
      this.#cauchy.find(this.x, this.gradient, this.box, memory);
      if (!this.#subspace.find(this.x, this.gradient, this.box, memory, this.#cauchy)) {
        memory.clear();
        continue;
      }
      const { z } = this.#subspace;
      let slope = 0;
      let squares = 0;
      for (let i = 0; i < n; i++) {
        const di = z[i]! - this.x[i]!;
        d[i] = di;
        slope += di * this.gradient[i]!;
        squares += di * di;
      }
      if (slope < 0) {
        this.#slope = slope;
        this.#startSearch(Math.sqrt(squares));
        return;
      }
      if (memory.count === 0) {
        this.#stop("abnormal");
        return;
      }
      memory.clear(); // an ascent direction: the model is useless
    }
  }

  #startSearch(length: number): void {
    const { box } = this;
    const first = this.iterations === 0;
    const maxStep = box.constrained ? (first ? 1 : this.#longestStep()) : 1e10;
    const step = first && !box.boxed ? Math.min(1 / length, maxStep) : 1;
    this.#xOld.set(this.x);
    this.#gOld.set(this.gradient);
    this.#fOld = this.f;
    this.#slopeOld = this.#slope;
    this.#steps = 0;
    this.#sawFinite = false;
    this.#searching = true;
    this.#search.start(this.f, this.#slope, step, maxStep);
    this.#moveTo(step);
  }

  /** Longest α with x + αd in the box; at least 1, since d leads to a point of the box. */
  #longestStep(): number {
    const { lower, upper, n } = this.box;
    const d = this.#d;
    let longest = 1e10;
    for (let i = 0; i < n; i++) {
      const di = d[i]!;
      if (di === 0) continue;
      const limit = ((di < 0 ? lower[i]! : upper[i]!) - this.x[i]!) / di;
      if (limit < longest) longest = limit;
    }
    return Math.max(1, longest);
  }

  #moveTo(step: number): void {
    const { x } = this;
    if (step === 1) {
      x.set(this.#subspace.z);
      return;
    }
    const { lower, upper, n } = this.box;
    const xOld = this.#xOld;
    const d = this.#d;
    for (let i = 0; i < n; i++) {
      const xi = xOld[i]! + step * d[i]!;
      x[i] = Math.min(upper[i]!, Math.max(lower[i]!, xi));
    }
  }

  #tellSearch(): void {
    const search = this.#search;
    this.#steps++;
    const { n } = this.box;
    const d = this.#d;
    const { gradient } = this;
    let slope = 0;
    for (let i = 0; i < n; i++) slope += gradient[i]! * d[i]!;
    // Any entry that is NaN or infinite makes the slope so: 0·NaN and 0·∞ are NaN.
    if (Number.isFinite(this.f) && Number.isFinite(slope)) {
      this.#sawFinite = true;
      this.#slope = slope;
      if (search.advance(this.f, slope) === "accept") {
        this.#accept();
        return;
      }
    } else search.retreat();

    if (this.evaluations >= this.#options.maxEvaluations) {
      this.#restore();
      this.#stop("maxEvaluations");
    } else if (this.#steps >= this.#options.maxLineSearchSteps) {
      this.#restore();
      if (this.#memory.count === 0) this.#stop(this.#sawFinite ? "abnormal" : "nonFinite");
      else {
        this.#memory.clear();
        this.#iterate();
      }
    } else this.#moveTo(search.step);
  }

  #accept(): void {
    const { step } = this.#search;
    const { reductionFactor, projectedGradientTolerance, maxIterations, maxEvaluations } = this.#options;
    this.iterations++;
    this.stepLength = step;
    this.#searching = false;
    this.projectedGradientNorm = this.box.projectedGradientNorm(this.x, this.gradient);
    const scale = Math.max(Math.abs(this.#fOld), Math.abs(this.f), 1);
    if (this.projectedGradientNorm <= projectedGradientTolerance) this.#stop("projectedGradient");
    else if (this.#fOld - this.f <= reductionFactor * Number.EPSILON * scale) this.#stop("reduction");
    else if (this.iterations >= maxIterations) this.#stop("maxIterations");
    else if (this.evaluations >= maxEvaluations) this.#stop("maxEvaluations");
    else {
      // A pair with too little curvature would spoil the definiteness of B.
      const curvature = (this.#slope - this.#slopeOld) * step; // sᵀy
      if (curvature > Number.EPSILON * -this.#slopeOld * step)
        if (!this.#memory.push(this.#d, step, this.gradient, this.#gOld)) this.#memory.clear();
      this.#iterate();
    }
  }

  /** Back to the last iterate. */
  #restore(): void {
    this.x.set(this.#xOld);
    this.gradient.set(this.#gOld);
    this.f = this.#fOld;
    this.#searching = false;
  }

  #stop(reason: StopReason): void {
    this.done = true;
    this.reason = reason;
    this.#searching = false;
  }
}

function allFinite(f: number, gradient: Float64Array): boolean {
  let sum = f;
  for (let i = 0; i < gradient.length; i++) sum += 0 * gradient[i]!; // 0·NaN and 0·∞ are NaN
  return Number.isFinite(sum);
}
