import { Box, LbfgsB } from "@reprise/engine";
import { distanceBetween } from "../distance.ts";
import { type Range, validateOptions } from "../input.ts";
import type { Attack } from "./attack.ts";
import type { Goal } from "./goal.ts";
import { type PenaltyResult, type PenaltySearchOptions, penaltySearch } from "./penalty-search.ts";
import { NonFiniteError, type RowProblem } from "./search.ts";
import { together } from "./together.ts";

export interface LbfgsOptions extends Partial<PenaltySearchOptions> {
  /** Untargeted: only this many wrong labels, the likeliest. */
  readonly candidates?: number;
}

const defaults: PenaltySearchOptions = {
  norm: "squared",
  firstC: 0.1,
  bracketFactor: 10,
  bracketSteps: 10,
  bisections: 8,
  warmStart: true,
  polishSteps: 12,
  // On MNIST 10 pairs find the same distortions in as many evaluations, at nearly twice the time between them.
  pairs: 5,
  firstCurvature: 1,
  // With 200 images of MNIST end as near; for large images it would be ten times the evaluations (docs/notes/attacks.md).
  maxIterations: 30,
  // 2e-5 relative: of the many problems of a search only the label of the minimiser matters. 1e10 takes a quarter more
  // evaluations for distortions 0.02 % less, SciPy's 1e7 searches in the noise of float32.
  reductionFactor: 1e11,
  projectedGradientTolerance: 1e-4,
};

/** The smallest number that is above 0 for a thread on which ONNX Runtime has run: it takes subnormal ones for 0 from then on. */
const smallest = 2 ** -1022;

const ranges: Readonly<Record<string, Range>> = {
  firstC: [smallest, false],
  firstCurvature: [smallest, false],
  bracketFactor: [1 + Number.EPSILON, false],
  bracketSteps: [0, true],
  bisections: [0, true],
  polishSteps: [0, true],
  maxIterations: [1, true],
  candidates: [1, true],
};

/**
 * The paper's attack, box-constrained L-BFGS: for each image x and target l, minimise c·‖r‖² + loss(x + r, l) over x + r
 * in the box, at the largest c whose minimiser is classified as l. Untargeted it is the nearest over the wrong labels:
 * the paper defines D(x, l) for a given l only, and the smallest perturbation to any wrong label is the minimum of those.
 *
 * @see Szegedy et al. 2013, §4.1
 */
export function lbfgs({ candidates = Infinity, ...given }: LbfgsOptions = {}): Attack {
  validateOptions({ ...defaults, ...given, candidates }, ranges);
  const idle = new Solvers();
  return {
    name: "L-BFGS",
    kind: "minimal",
    norm: "l2",
    needs: "gradients",
    mostTopK: 1,
    severalTargets: true,
    batch: 32, // few, so that what the searches under way remember stays in the cache
    *search(problem) {
      const { image, goal, lower, upper, onStep } = problem;
      const options = inUnits(given, upper - lower);
      const goals = targetsOf(problem, candidates).map((label): Goal => {
        const { confidence, topK } = goal;
        return { label, targeted: true, confidence, topK };
      });
      const solvers = goals.map(() => idle.take(image, lower, upper, options));
      const results = yield* together(
        goals.map((target, i) => penaltySearch({ image, goal: target, solver: solvers[i]!, onStep }, options)),
      );
      for (const solver of solvers) idle.put(solver, lower, upper);
      const best = nearest(image, results);
      if (best.outcome === "nonFinite") throw new NonFiniteError("the model's values are not finite");
      const { target, c, trace } = best;
      const iterations = results.reduce((sum, result) => sum + result.iterations, 0);
      return { image: best.image, target, c, trace, iterations };
    },
  };
}

/** The labels that would do, the likeliest first. */
function targetsOf({ goal, logits }: RowProblem, candidates: number): number[] {
  if (goal.targeted) return [...(goal.among ?? [goal.label])];
  return Array.from({ length: logits.length }, (_, k) => k)
    .filter((k) => k !== goal.label)
    .sort((a, b) => logits[b]! - logits[a]! || a - b)
    .slice(0, candidates);
}

/** A reached label before a failed one, then the nearer image, then the smaller label. */
function nearest(clean: Float32Array, results: readonly PenaltyResult[]): PenaltyResult {
  const far = (result: PenaltyResult) =>
    result.outcome === "reached" ? distanceBetween(clean, result.image).l2 : Number.MAX_VALUE;
  return [...results].sort((a, b) => far(a) - far(b) || a.target - b.target)[0]!;
}

/** The defaults are for a box of width 1; in other units the same steps are taken. */
function inUnits(given: Partial<PenaltySearchOptions>, width: number): PenaltySearchOptions {
  return {
    ...defaults,
    firstC: defaults.firstC / width ** (given.norm === "l2" ? 1 : 2),
    firstCurvature: 1 / width ** 2,
    projectedGradientTolerance: defaults.projectedGradientTolerance / width,
    ...given,
  };
}

/** Solvers that are not at work: each holds megabytes for a large image, and serves one search after the other. */
class Solvers {
  readonly #idle = new Map<string, LbfgsB[]>();

  take(image: Float32Array, lower: number, upper: number, options: PenaltySearchOptions): LbfgsB {
    const free = this.#idle.get(`${image.length} ${lower} ${upper}`)?.pop();
    return free ?? new LbfgsB(image, new Box(image.length, lower, upper), options);
  }

  put(solver: LbfgsB, lower: number, upper: number): void {
    const key = `${solver.x.length} ${lower} ${upper}`;
    const free = this.#idle.get(key);
    if (free) free.push(solver);
    else this.#idle.set(key, [solver]);
  }
}
