import type { Dense } from "./analytic-classifier.ts";

/**
 * The exact smallest perturbation of a linear classifier: minimise ½‖r‖² subject to zₜ(x + r) ≥ zₖ(x + r) for every
 * k ≠ t, and x + r in [0, 1]ⁿ: a convex quadratic programme, solved through its dual in the K − 1 multipliers λ ≥ 0.
 *
 * With aₖ = w_t − w_k and the constraints aₖᵀ(x + r) + βₖ ≥ 0, the inner minimiser is x + r = P(x + Aᵀλ); the dual is
 * concave and its gradient is minus the constraints' values. Solved by coordinate ascent, each coordinate's piecewise
 * linear derivative driven to zero by bisection.
 *
 * @returns r, ‖r‖₂ and the duality gap ½‖r‖² − dual(λ), both of points that are feasible
 */
export function exactPerturbation({ weight, bias, inputs, outputs }: Dense, x: ArrayLike<number>, target: number) {
  const others = Array.from({ length: outputs }, (_, k) => k).filter((k) => k !== target);
  const A = others.map((k) =>
    Float64Array.from({ length: inputs }, (_, i) => weight[target * inputs + i]! - weight[k * inputs + i]!),
  );
  const beta = others.map((k) => bias[target]! - bias[k]!);
  const lambda = new Float64Array(others.length);
  const moved = Float64Array.from(x); // x + Aᵀλ, before projection
  const clip = (v: number) => Math.min(1, Math.max(0, v));
  /** aₖᵀP(x + Aᵀλ + step·aₖ) + βₖ: not decreasing in step. */
  const slack = (k: number, step: number) => {
    const a = A[k]!;
    let sum = beta[k]!;
    for (let i = 0; i < inputs; i++) sum += a[i]! * clip(moved[i]! + step * a[i]!);
    return sum;
  };
  for (let sweep = 0; sweep < 2000; sweep++) {
    let change = 0;
    for (let k = 0; k < others.length; k++) {
      // λₖ ≥ 0 with slack 0, or λₖ = 0 with slack ≥ 0.
      let low = -lambda[k]!;
      let step = low;
      if (slack(k, low) < 0) {
        let high = Math.max(1e-3, low + 1e-3);
        while (slack(k, high) < 0) {
          if (high > 1e6) throw new Error("exactPerturbation: no point of the box has the target's label");
          high += 2 * (high - low);
        }
        for (let i = 0; i < 60; i++) {
          const middle = 0.5 * (low + high);
          if (slack(k, middle) < 0) low = middle;
          else high = middle;
        }
        step = high;
      }
      if (step !== 0) {
        lambda[k] = Math.max(0, lambda[k]! + step);
        for (let i = 0; i < inputs; i++) moved[i] = moved[i]! + step * A[k]![i]!;
        change = Math.max(change, Math.abs(step));
      }
    }
    if (change < 1e-12) break;
  }
  const r = Float64Array.from(moved, (v, i) => clip(v) - x[i]!);
  const half = 0.5 * r.reduce((sum, ri) => sum + ri * ri, 0);
  // Lagrangian at its inner minimiser: a lower bound on every feasible ½‖r‖².
  let dual = half;
  let worst = Infinity;
  for (let k = 0; k < others.length; k++) {
    const value = slack(k, 0);
    worst = Math.min(worst, value);
    dual -= lambda[k]! * value;
  }
  return { r, norm: Math.sqrt(2 * half), gap: half - dual, worstSlack: worst };
}
