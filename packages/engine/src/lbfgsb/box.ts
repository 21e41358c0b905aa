/**
 * The box l ≤ x ≤ u of a bound-constrained problem. A bound may be a number (for every variable), an array of n, or
 * ±Infinity (no bound on that side). Immutable: one box serves any number of solvers.
 */
export class Box {
  readonly n: number;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** At least one variable has a finite bound. */
  readonly constrained: boolean;
  /** Every variable has two finite bounds. */
  readonly boxed: boolean;

  /** @throws RangeError for a wrong length, a NaN bound or a lower bound above its upper bound */
  constructor(n: number, lower: number | ArrayLike<number> = -Infinity, upper: number | ArrayLike<number> = Infinity) {
    if (!Number.isInteger(n) || n < 1)
      throw new RangeError(`Box: n is ${n}, expected a whole number of variables ≥ 1.`);
    this.n = n;
    this.lower = boundArray("lower", n, lower);
    this.upper = boundArray("upper", n, upper);
    let constrained = false;
    let boxed = true;
    for (let i = 0; i < n; i++) {
      const l = this.lower[i]!;
      const u = this.upper[i]!;
      if (!(l <= u) || l === Infinity || u === -Infinity)
        throw new RangeError(
          `Box: variable ${i} has bounds [${l}, ${u}], expected lower ≤ upper and no NaN. Use ±Infinity for "no bound".`,
        );
      constrained ||= l > -Infinity || u < Infinity;
      boxed &&= l > -Infinity && u < Infinity;
    }
    this.constrained = constrained;
    this.boxed = boxed;
  }

  /** Moves x, in place, to the nearest point of the box. */
  project(x: Float64Array): void {
    const { lower, upper, n } = this;
    for (let i = 0; i < n; i++) {
      const xi = x[i]!;
      if (xi < lower[i]!) x[i] = lower[i]!;
      else if (xi > upper[i]!) x[i] = upper[i]!;
    }
  }

  /** ‖P(x − g) − x‖∞: the largest entry of the projected gradient; zero exactly at a stationary point. */
  projectedGradientNorm(x: Float64Array, g: Float64Array): number {
    const { lower, upper, n } = this;
    let norm = 0;
    for (let i = 0; i < n; i++) {
      const gi = g[i]!;
      const room = gi < 0 ? Math.max(x[i]! - upper[i]!, gi) : Math.min(x[i]! - lower[i]!, gi);
      const size = Math.abs(room);
      if (size > norm) norm = size;
    }
    return norm;
  }
}

function boundArray(name: string, n: number, bound: number | ArrayLike<number>): Float64Array {
  if (typeof bound === "number") return new Float64Array(n).fill(bound);
  if (bound.length !== n)
    throw new RangeError(
      `Box: ${name} has ${bound.length} entries, expected ${n} (one a variable) or a single number.`,
    );
  return Float64Array.from(bound);
}
