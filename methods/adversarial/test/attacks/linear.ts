// A linear model of two pixels' worth of labels, and the exact budgets at which a linear model gives way.
import type { Dense } from "../analytic-classifier.ts";

/**
 * The smallest ε at which some x′ with ‖x′ − x‖ ≤ ε in [0, 1]ⁿ gives another label than `label` the higher score.
 * Untargeted it takes one rival k only, so it is the least over k of a problem with one linear constraint, which the
 * point that spends all of ε along w_k − w_label solves: in L∞ each pixel moves by min(ε, its room), in L2 r is
 * P(x + t·a) − x for the t that just reaches.
 */
export function exactBudget(layer: Dense, x: ArrayLike<number>, label: number, norm: "l2" | "linf"): number {
  const { weight, bias, inputs, outputs } = layer;
  let least = Infinity;
  for (let k = 0; k < outputs; k++) {
    if (k === label) continue;
    const a = Float64Array.from({ length: inputs }, (_, i) => weight[k * inputs + i]! - weight[label * inputs + i]!);
    const at = (t: number) =>
      a.map((ai, i) => Math.min(1, Math.max(0, x[i]! + t * (norm === "linf" ? Math.sign(ai) : ai))));
    const lead = (t: number) => at(t).reduce((sum, v, i) => sum + a[i]! * v, bias[k]! - bias[label]!);
    let high = 1e-3;
    while (lead(high) < 0 && high < 1e6) high *= 2;
    if (lead(high) < 0) continue;
    let low = 0;
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (lead(middle) < 0) low = middle;
      else high = middle;
    }
    const size = norm === "linf" ? high : Math.hypot(...at(high).map((v, i) => v - x[i]!));
    least = Math.min(least, size);
  }
  return least;
}
