import { ascend } from "./ascent.ts";
import { type Attack, normNames } from "./attack.ts";
import type { BimOptions } from "./bim.ts";
import { marginOf } from "./goal.ts";
import { length, project } from "./norm.ts";
import { logitsOf, type RowProblem } from "./search.ts";

export interface PgdOptions extends BimOptions {
  /** Random starts tried in turn until one reaches the goal. */
  readonly restarts?: number;
}

/**
 * Projected gradient descent: the basic iterative method from a random point of the ball.
 *
 * @see Madry et al. 2017, §2.1 (arXiv 1706.06083); steps and step size are foolbox's defaults
 */
export function pgd({ norm = "linf", restarts = 1, ...options }: PgdOptions = {}): Attack {
  const { steps = norm === "linf" ? 40 : 50, relativeStep = norm === "linf" ? 0.01 / 0.3 : 0.025 } = options;
  return {
    name: `PGD ${normNames[norm]}`,
    kind: "budget",
    norm,
    needs: "gradients",
    *search(problem) {
      let best = problem.image;
      let most = -Infinity;
      for (let restart = 0; restart < restarts; restart++) {
        const start = randomStart(problem);
        const x = yield* ascend(problem, start, { steps, stepSize: relativeStep * problem.epsilon });
        const { margin } = marginOf(problem.goal, yield* logitsOf(x));
        if (margin > most) [best, most] = [x, margin];
        if (margin > 0 && margin >= problem.goal.confidence) break;
      }
      return { image: best };
    },
  };
}

/** A point drawn evenly from the ball, then projected into the box. */
export function randomStart(problem: RowProblem): Float32Array {
  const { image, norm, epsilon, random, normal } = problem;
  const n = image.length;
  if (norm === "linf")
    return project(
      problem,
      Float64Array.from(image, (xi) => xi + epsilon * (2 * random() - 1)),
    );
  const direction = Float64Array.from(image, () => normal());
  const t = (epsilon * random() ** (1 / n)) / length(direction);
  return project(
    problem,
    direction.map((d, i) => image[i]! + t * d),
  );
}
