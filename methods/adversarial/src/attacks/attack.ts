import type { Norm } from "./norm.ts";
import type { RowProblem, Search, SearchStep } from "./search.ts";

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
  /** Most that a criterion's top k may be; no limit where left out. */
  readonly mostTopK?: number;
  /** Takes goals that several labels meet. */
  readonly severalTargets?: boolean;
  /** Images in one call of the model that suit it, where the user does not say. */
  readonly batch?: number;
  search(problem: RowProblem): Search<Found>;
}

/** What the search of one row came to, before it is checked. */
export interface Found {
  /** The best image found, [n]: one that meets the goal, if there is any. */
  readonly image: Float32Array;
  /** Of several labels that would do, the one that was reached, or tried last. */
  readonly target?: number;
  /** Of the paper's attack: the largest c that reaches the target. */
  readonly c?: number;
  /** Problems solved on the way. */
  readonly trace?: readonly SearchStep[];
  /** Steps of the solver. */
  readonly iterations?: number;
  /** Why the search could not begin, in a sentence. */
  readonly reason?: string;
}

/** Norms as they are written. */
export const normNames = { l2: "L2", linf: "L∞", l0: "L0" } as const;
