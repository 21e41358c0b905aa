import { ascend } from "./ascent.ts";
import { type Attack, normNames } from "./attack.ts";

export interface BimOptions {
  readonly norm?: "l2" | "linf";
  readonly steps?: number;
  /** Length of a step as a share of ε. */
  readonly relativeStep?: number;
}

/**
 * The basic iterative method: fast gradient steps from the image, each projected into the ball.
 *
 * @see Kurakin, Goodfellow, Bengio 2016, §2.2 (arXiv 1607.02533); steps and step size are foolbox's defaults
 */
export function bim({ norm = "linf", steps = 10, relativeStep = 0.2 }: BimOptions = {}): Attack {
  return {
    name: `BIM ${normNames[norm]}`,
    kind: "budget",
    norm,
    needs: "gradients",
    *search(problem) {
      return { image: yield* ascend(problem, problem.image, { steps, stepSize: relativeStep * problem.epsilon }) };
    },
  };
}
