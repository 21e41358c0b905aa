// What the gradient attacks with a budget share: the steepest direction of a norm, and projected steps along it.
import { reached } from "./goal.ts";
import { length, type Norm, project } from "./norm.ts";
import { crossEntropyGain, type RowProblem, type Search } from "./search.ts";

/** The direction of norm 1 along which a function of this gradient grows fastest; zeros for a zero gradient. */
export function steepest(norm: Norm, gradient: ArrayLike<number>): Float64Array {
  if (norm === "linf") return Float64Array.from(gradient, Math.sign);
  const size = length(gradient);
  return Float64Array.from(gradient, (g) => (size > 0 ? g / size : 0));
}

/** x + t·d. */
export function moved(x: ArrayLike<number>, direction: ArrayLike<number>, t: number): Float64Array {
  return Float64Array.from(x, (xi, i) => xi + t * direction[i]!);
}

export interface AscentOptions {
  readonly steps: number;
  /** Length of a step in the attack's norm. */
  readonly stepSize: number;
}

/** Steps up the cross-entropy, each projected into the ball and box; ends at the first image that meets the goal. */
export function* ascend(
  problem: RowProblem,
  start: Float32Array,
  { steps, stepSize }: AscentOptions,
): Search<Float32Array> {
  let x = start;
  for (let step = 0; step < steps; step++) {
    const { gradient, logits } = yield* crossEntropyGain(problem, x);
    if (reached(problem.goal, logits)) return x;
    x = project(problem, moved(x, steepest(problem.norm, gradient), stepSize));
  }
  return x;
}
