import type { Box } from "./box.ts";
import { LbfgsB, type LbfgsBOptions, type StopReason } from "./lbfgsb.ts";

export interface Minimum {
  readonly x: Float64Array;
  readonly f: number;
  readonly gradient: Float64Array;
  readonly iterations: number;
  readonly evaluations: number;
  readonly reason: StopReason;
}

/**
 * Minimises a function in a box by L-BFGS-B.
 *
 * @param evaluate  writes ∇f(x) into its second argument and returns f(x)
 * @param options   besides the solver's, `onIterate` is called at the start and after every iteration
 */
export function minimize(
  evaluate: (x: Float64Array, gradient: Float64Array) => number,
  x0: ArrayLike<number>,
  box?: Box,
  options: LbfgsBOptions & { readonly onIterate?: (solver: LbfgsB) => void } = {},
): Minimum {
  const { onIterate, ...rest } = options;
  const solver = new LbfgsB(x0, box, rest);
  const gradient = new Float64Array(x0.length);
  let reported = -1;
  while (!solver.done) {
    const f = evaluate(solver.x, gradient);
    solver.tell(f, gradient);
    if (onIterate && solver.iterations > reported) {
      reported = solver.iterations;
      onIterate(solver);
    }
  }
  return {
    x: solver.x,
    f: solver.f,
    gradient: solver.gradient,
    iterations: solver.iterations,
    evaluations: solver.evaluations,
    reason: solver.reason!,
  };
}
