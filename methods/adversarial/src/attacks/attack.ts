import type { Norm } from "./norm.ts";
import type { RowProblem, Search } from "./search.ts";

/**
 * An attack: what it minimises or keeps to, what it needs of the model, and the search of one row.
 *
 * - "minimal" looks for the smallest perturbation in its norm, and takes no ε
 * - "budget" looks for any perturbation of norm ≤ ε
 */
export interface Attack {
  /** With its variant, as in reports: `PGD L∞`. */
  readonly name: string;
  readonly kind: "minimal" | "budget";
  readonly norm: Norm;
  /** "scores" runs on any model that runs; "gradients" needs one whose operators the engine can differentiate. */
  readonly needs: "scores" | "gradients";
  /** Fewest labels the model must have. */
  readonly leastClasses?: number;
  /** The best image found: one that meets the goal, if there is any; it is checked afterwards. */
  search(problem: RowProblem): Search<Float32Array>;
}

/** Norms as they are written. */
export const normNames = { l2: "L2", linf: "L∞", l0: "L0" } as const;
