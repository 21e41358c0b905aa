import type { Attack } from "./attack.ts";
import { marginOf, reached } from "./goal.ts";
import { project } from "./norm.ts";
import { logitsOf } from "./search.ts";

export interface SquareOptions {
  /** Images shown to the model, at most. */
  readonly queries?: number;
  /** Share of the image in the first square. */
  readonly firstShare?: number;
}

/**
 * The Square attack in L∞, without gradients: from vertical stripes of ±ε, squares at random places are set to ±ε, one
 * sign a channel, and kept where the margin grows. The squares shrink on the published schedule.
 *
 * A model that takes no [C, H, W] is given one plane of one line, where squares are single values.
 *
 * @see Andriushchenko et al. 2019, Algorithms 1 and 2 (arXiv 1912.00049)
 */
export function square({ queries = 5000, firstShare = 0.8 }: SquareOptions = {}): Attack {
  return {
    name: "Square L∞",
    kind: "budget",
    norm: "linf",
    needs: "scores",
    *search(problem) {
      const { image, shape, epsilon, random } = problem;
      const [channels, height, width] =
        shape.length === 3 ? (shape as [number, number, number]) : ([1, 1, image.length] as const);
      const sign = () => (random() < 0.5 ? -1 : 1);
      const stripes = Float64Array.from({ length: channels * width }, sign);
      let x = project(
        problem,
        Float64Array.from(
          image,
          (v, i) => v + epsilon * stripes[Math.floor(i / (height * width)) * width + (i % width)]!,
        ),
      );
      let logits = yield* logitsOf(x);
      let { margin } = marginOf(problem.goal, logits);
      for (let query = 1; query < queries && !reached(problem.goal, logits); query++) {
        const share = firstShare * 2 ** -halvings(query, queries);
        const side = Math.min(height, width, Math.max(1, Math.round(Math.sqrt(share * height * width))));
        const top = Math.floor(random() * (height - side + 1));
        const left = Math.floor(random() * (width - side + 1));
        const changed = Float64Array.from(x);
        for (let c = 0; c < channels; c++) {
          const value = epsilon * sign();
          for (let y = top; y < top + side; y++)
            for (let z = left; z < left + side; z++) {
              const i = (c * height + y) * width + z;
              changed[i] = image[i]! + value;
            }
        }
        const next = project(problem, changed);
        const nextLogits = yield* logitsOf(next);
        const nextMargin = marginOf(problem.goal, nextLogits).margin;
        if (nextMargin > margin) [x, logits, margin] = [next, nextLogits, nextMargin];
      }
      return { image: x };
    },
  };
}

/** The published schedule, made for 10 000 queries and stretched to ours: how often the share has been halved. */
function halvings(query: number, queries: number): number {
  const at = (query / queries) * 10_000;
  return [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000].filter((from) => at > from).length;
}
