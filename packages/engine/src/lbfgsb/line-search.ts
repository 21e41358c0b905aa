/**
 * Line search of Moré and Thuente (1994) for a step with sufficient decrease and curvature, written as reverse
 * communication: `start`, then `advance` with each φ(step), φ′(step), until it says `accept`.
 *
 * The step satisfies φ(α) ≤ φ(0) + ftol·α·φ′(0) and |φ′(α)| ≤ gtol·|φ′(0)|, or is the best one found when the interval
 * has shrunk below xtol or the largest step is reached. Constants as in L-BFGS-B 3.0.
 */
export class LineSearch {
  step = 0;

  readonly #ftol = 1e-3;
  readonly #gtol = 0.9;
  readonly #xtol = 0.1;
  #maxStep = 0;
  #bracketed = false;
  /** First stage: on the auxiliary function ψ(α) = φ(α) − φ(0) − ftol·α·φ′(0), until it is negative with φ′ ≥ 0. */
  #auxiliary = true;
  #f0 = 0;
  #slope0 = 0;
  #width = 0;
  #lastWidth = 0;
  #stepMin = 0;
  #stepMax = 0;
  readonly #best: Trial = { step: 0, f: 0, slope: 0 };
  readonly #other: Trial = { step: 0, f: 0, slope: 0 };

  /** f = φ(0), slope = φ′(0) < 0; the first trial is `step`, none will exceed `maxStep`. */
  start(f: number, slope: number, step: number, maxStep: number): void {
    this.step = step;
    this.#maxStep = maxStep;
    this.#bracketed = false;
    this.#auxiliary = true;
    this.#f0 = f;
    this.#slope0 = slope;
    this.#width = maxStep;
    this.#lastWidth = 2 * maxStep;
    this.#stepMin = 0;
    this.#stepMax = step + EXTRAPOLATE_MOST * step;
    set(this.#best, 0, f, slope);
    set(this.#other, 0, f, slope);
  }

  /** φ was not finite at `step`: the search stays below it, and tries half way to the best step so far. */
  retreat(): void {
    this.#maxStep = this.step;
    this.step = this.#best.step + 0.5 * (this.step - this.#best.step);
    this.#stepMax = Math.min(this.#stepMax, this.#maxStep);
  }

  /** Takes φ(step), φ′(step). On "evaluate" `step` holds the next trial, on "accept" the step to take. */
  advance(f: number, slope: number): "evaluate" | "accept" {
    const best = this.#best;
    const other = this.#other;
    const slopeTest = this.#ftol * this.#slope0;
    const fTest = this.#f0 + this.step * slopeTest;
    if (this.#auxiliary && f <= fTest && slope >= 0) this.#auxiliary = false;

    const stuck =
      this.#bracketed &&
      (this.step <= this.#stepMin ||
        this.step >= this.#stepMax ||
        this.#stepMax - this.#stepMin <= this.#xtol * this.#stepMax);
    const atMost = this.step === this.#maxStep && f <= fTest && slope <= slopeTest;
    const atLeast = this.step === 0 && (f > fTest || slope >= slopeTest);
    const wolfe = f <= fTest && Math.abs(slope) <= this.#gtol * -this.#slope0;
    if (stuck || atMost || atLeast || wolfe) return "accept";

    if (this.#auxiliary && f <= best.f && f > fTest) {
      shift(best, -slopeTest);
      shift(other, -slopeTest);
      this.#refine(f - this.step * slopeTest, slope - slopeTest);
      shift(best, slopeTest);
      shift(other, slopeTest);
    } else this.#refine(f, slope);

    if (this.#bracketed) {
      const width = Math.abs(other.step - best.step);
      // The interval must shrink by a third in two steps; else bisect.
      if (width >= 0.66 * this.#lastWidth) this.step = best.step + 0.5 * (other.step - best.step);
      this.#lastWidth = this.#width;
      this.#width = width;
      this.#stepMin = Math.min(best.step, other.step);
      this.#stepMax = Math.max(best.step, other.step);
    } else {
      this.#stepMin = this.step + EXTRAPOLATE_LEAST * (this.step - best.step);
      this.#stepMax = this.step + EXTRAPOLATE_MOST * (this.step - best.step);
    }
    this.step = Math.min(Math.max(this.step, 0), this.#maxStep);
    if (
      this.#bracketed &&
      (this.step <= this.#stepMin ||
        this.step >= this.#stepMax ||
        this.#stepMax - this.#stepMin <= this.#xtol * this.#stepMax)
    )
      this.step = best.step;
    return "evaluate";
  }

  /** Next trial by safeguarded cubic and quadratic interpolation, and the new interval of uncertainty. */
  #refine(f: number, slope: number): void {
    const best = this.#best;
    const other = this.#other;
    const step = this.step;
    const opposite = slope * Math.sign(best.slope) < 0;
    let next: number;
    if (f > best.f) {
      // Higher value: the minimum is bracketed; the cubic step if nearer to the best, else the mean of the two.
      const theta = (3 * (best.f - f)) / (step - best.step) + best.slope + slope;
      const gamma = cubicRoot(theta, best.slope, slope) * (step < best.step ? -1 : 1);
      const r = (gamma - best.slope + theta) / (gamma - best.slope + gamma + slope);
      const cubic = best.step + r * (step - best.step);
      const quadratic =
        best.step + (best.slope / ((best.f - f) / (step - best.step) + best.slope) / 2) * (step - best.step);
      next = Math.abs(cubic - best.step) < Math.abs(quadratic - best.step) ? cubic : cubic + (quadratic - cubic) / 2;
      this.#bracketed = true;
    } else if (opposite) {
      // Lower value, slopes of opposite sign: bracketed; the longer of the cubic and the secant step.
      const theta = (3 * (best.f - f)) / (step - best.step) + best.slope + slope;
      const gamma = cubicRoot(theta, best.slope, slope) * (step > best.step ? -1 : 1);
      const r = (gamma - slope + theta) / (gamma - slope + gamma + best.slope);
      const cubic = step + r * (best.step - step);
      const secant = step + (slope / (slope - best.slope)) * (best.step - step);
      next = Math.abs(cubic - step) > Math.abs(secant - step) ? cubic : secant;
      this.#bracketed = true;
    } else if (Math.abs(slope) < Math.abs(best.slope)) {
      // Lower value, same sign, flatter: the cubic may have no minimum beyond the step.
      const theta = (3 * (best.f - f)) / (step - best.step) + best.slope + slope;
      const gamma = cubicRoot(theta, best.slope, slope) * (step > best.step ? -1 : 1);
      const r = (gamma - slope + theta) / (gamma + (best.slope - slope) + gamma);
      const far = step > best.step ? this.#stepMax : this.#stepMin;
      const cubic = r < 0 && gamma !== 0 ? step + r * (best.step - step) : far;
      const secant = step + (slope / (slope - best.slope)) * (best.step - step);
      const cubicNearer = Math.abs(cubic - step) < Math.abs(secant - step);
      if (this.#bracketed) {
        next = cubicNearer ? cubic : secant;
        const limit = step + 0.66 * (other.step - step);
        next = step > best.step ? Math.min(limit, next) : Math.max(limit, next);
      } else {
        next = Math.abs(cubic - step) > Math.abs(secant - step) ? cubic : secant;
        next = Math.max(this.#stepMin, Math.min(this.#stepMax, next));
      }
    } else if (this.#bracketed) {
      // Lower value, same sign, not flatter: the cubic through the step and the other end.
      const theta = (3 * (f - other.f)) / (other.step - step) + other.slope + slope;
      const gamma = cubicRoot(theta, other.slope, slope) * (step > other.step ? -1 : 1);
      const r = (gamma - slope + theta) / (gamma - slope + gamma + other.slope);
      next = step + r * (other.step - step);
    } else next = step > best.step ? this.#stepMax : this.#stepMin;

    if (f > best.f) set(other, step, f, slope);
    else {
      if (opposite) set(other, best.step, best.f, best.slope);
      set(best, step, f, slope);
    }
    this.step = next;
  }
}

interface Trial {
  step: number;
  f: number;
  slope: number;
}

const EXTRAPOLATE_LEAST = 1.1;
const EXTRAPOLATE_MOST = 4;

function set(trial: Trial, step: number, f: number, slope: number): void {
  trial.step = step;
  trial.f = f;
  trial.slope = slope;
}

/** φ(α) → φ(α) + α·slope. */
function shift(trial: Trial, slope: number): void {
  trial.f += trial.step * slope;
  trial.slope += slope;
}

/** √(θ² − ab), scaled against overflow; 0 where the radicand is negative. */
function cubicRoot(theta: number, a: number, b: number): number {
  const scale = Math.max(Math.abs(theta), Math.abs(a), Math.abs(b));
  if (scale === 0) return 0;
  return scale * Math.sqrt(Math.max(0, (theta / scale) ** 2 - (a / scale) * (b / scale)));
}
