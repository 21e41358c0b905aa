import type { Attack } from "./attack.ts";
import { marginOf, marginWeights, reached } from "./goal.ts";
import { intoBox } from "./norm.ts";
import { finite, logitsOf, type RowProblem, type Search } from "./search.ts";

export interface DeepFoolOptions {
  readonly steps?: number;
  /** Labels that the boundary is looked for against, those with the highest scores at the start. */
  readonly candidates?: number;
  /** η: each step is (1 + η)·r, to be past the boundary. */
  readonly overshoot?: number;
}

/**
 * DeepFool in L2: the model is linearised, the nearest of the boundaries to the other labels is crossed, until the goal
 * is met. Each rₗ = |f_l| / ‖w_l‖² · w_l, with f_l the margin that is missing and w_l its gradient.
 *
 * Departure: the paper knows no box. Here a pixel at a bound that w points out of is left out of w, so that the others
 * go as far as is needed; and every step is lengthened by η, not their sum at the end.
 * Departure: the paper is untargeted. Targeted, and for top k, the boundary to the one rival in the way is crossed.
 *
 * @see Moosavi-Dezfooli, Fawzi, Frossard 2015, Algorithm 2 (arXiv 1511.04599)
 */
export function deepFool({ steps = 50, candidates = 10, overshoot = 0.02 }: DeepFoolOptions = {}): Attack {
  return {
    name: "DeepFool L2",
    kind: "minimal",
    norm: "l2",
    needs: "gradients",
    *search(problem) {
      const { goal, image, lower, upper } = problem;
      const rivals = goal.targeted || goal.topK > 1 ? undefined : likeliest(problem, candidates);
      let x = image;
      for (let step = 0; step < steps; step++) {
        const logits = yield* logitsOf(x);
        if (reached(goal, logits)) break;
        const r = yield* nearestBoundary(problem, x, logits, rivals ?? [marginOf(goal, logits).rival]);
        if (!r) break;
        const from = x;
        x = intoBox(
          r.map((ri, i) => from[i]! + (1 + overshoot) * ri),
          lower,
          upper,
        );
      }
      return { image: x };
    },
  };
}

function likeliest({ goal, logits }: RowProblem, count: number): number[] {
  return Array.from({ length: logits.length }, (_, k) => k)
    .filter((k) => k !== goal.label)
    .sort((a, b) => logits[b]! - logits[a]! || a - b)
    .slice(0, count);
}

/** The step to the nearest of the linearised boundaries; undefined where every gradient is zero. */
function* nearestBoundary(
  { goal, lower, upper }: RowProblem,
  x: Float32Array,
  logits: Float32Array,
  rivals: readonly number[],
): Search<Float64Array | undefined> {
  const n = x.length;
  const classes = logits.length;
  const count = rivals.length;
  const images = new Float32Array(count * n);
  const weights = new Float32Array(count * classes);
  for (const [j, rival] of rivals.entries()) {
    images.set(x, j * n);
    weights.set(marginWeights(goal, rival, classes), j * classes);
  }
  const { gradient } = yield { want: "scores", images, count, weights };
  finite(gradient);
  let best: Float64Array | undefined;
  let nearest = Infinity;
  const largest = logits.reduce((most, z) => Math.max(most, Math.abs(z)), 0);
  for (const [j, rival] of rivals.entries()) {
    const w = gradient
      .subarray(j * n, (j + 1) * n)
      .map((wi, i) => ((wi > 0 && x[i]! >= upper) || (wi < 0 && x[i]! <= lower) ? 0 : wi));
    const squares = w.reduce((sum, v) => sum + v * v, 0);
    const missing = Math.abs(logits[rival]! - logits[goal.label]!) + goal.confidence;
    if (squares === 0 || missing / Math.sqrt(squares) >= nearest) continue;
    nearest = missing / Math.sqrt(squares);
    // A tie is no success, hence the little more; in units of the scores, which may be of any size.
    best = Float64Array.from(w, (wi) => ((missing + 1e-6 * largest) / squares) * wi);
  }
  return best;
}
