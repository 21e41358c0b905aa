// Optimizers as graphs: they work on the one flat vector that holds all parameters.
import type { Value } from "./ir/graph.ts";
import { add, div, mul, sqrt, sub, tanh } from "./ops/build.ts";

/** One update: parameters p and gradient g, both [P]; `slots` are the optimizer's own vectors [P]. */
export interface OptimizerStep {
  readonly p: Value;
  readonly g: Value;
  readonly slots: readonly Value[];
  /** Scalar, given at every step: schedules live outside the graph. */
  readonly learningRate: Value;
  /** Scalar float: 1 at the first step. */
  readonly step: Value;
}

export interface Optimizer {
  readonly name: string;
  /** How many vectors of the parameters' length it keeps; all start at zero. */
  readonly slots: number;
  update(step: OptimizerStep): { readonly p: Value; readonly slots: readonly Value[] };
}

export interface SgdOptions {
  /** In [0, 1). */
  readonly momentum?: number;
  /** λ of λ/2·‖p‖² added to the loss. */
  readonly weightDecay?: number;
  readonly nesterov?: boolean;
}

/** g ← g + λp;  v ← μv + g;  p ← p − η·v, or p − η·(g + μv) with Nesterov's momentum; as torch.optim.SGD. */
export function sgd({ momentum = 0, weightDecay = 0, nesterov = false }: SgdOptions = {}): Optimizer {
  return {
    name: "sgd",
    slots: momentum > 0 ? 1 : 0,
    update({ p, g, slots: [v], learningRate }) {
      const d = weightDecay > 0 ? add(g, mul(p, weightDecay)) : g;
      if (!v) return { p: sub(p, mul(learningRate, d)), slots: [] };
      const v2 = add(mul(v, momentum), d);
      return { p: sub(p, mul(learningRate, nesterov ? add(d, mul(v2, momentum)) : v2)), slots: [v2] };
    },
  };
}

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
}

/** m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  p ← p − η·m̂/(√v̂ + ε) with m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ); as torch.optim.Adam. */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamOptions = {}): Optimizer {
  return {
    name: "adam",
    slots: 2,
    update({ p, g, slots, learningRate, step }) {
      const [m, v] = slots as [Value, Value];
      const d = weightDecay > 0 ? add(g, mul(p, weightDecay)) : g;
      const m2 = add(mul(m, beta1), mul(d, 1 - beta1));
      const v2 = add(mul(v, beta2), mul(mul(d, d), 1 - beta2));
      // 1 − βᵗ as 2h/(1 + h) with h = tanh(−t/2·log β): the difference would keep four digits at the first steps, and
      // float64, which would do, is not there on GPUs.
      const correction = (beta: number) => {
        const h = tanh(mul(step, -Math.log(beta) / 2));
        return div(mul(h, 2), add(h, 1));
      };
      const rate = div(learningRate, correction(beta1));
      const scale = sqrt(correction(beta2));
      return { p: sub(p, mul(rate, div(m2, add(div(sqrt(v2), scale), epsilon)))), slots: [m2, v2] };
    },
  };
}
