import { moved, steepest } from "./ascent.ts";
import { type Attack, normNames } from "./attack.ts";
import { reached } from "./goal.ts";
import { project } from "./norm.ts";
import { crossEntropyGain } from "./search.ts";

export interface MiFgsmOptions {
  readonly norm?: "l2" | "linf";
  readonly steps?: number;
  /** μ. */
  readonly momentum?: number;
}

/**
 * Momentum iterative fast gradient: g ← μ·g + ∇/‖∇‖₁, steps of ε/T along sign(g), or g/‖g‖₂ in L2.
 *
 * @see Dong et al. 2017, Algorithm 1 (arXiv 1710.06081); T = 10 and μ = 1 are its settings
 */
export function miFgsm({ norm = "linf", steps = 10, momentum = 1 }: MiFgsmOptions = {}): Attack {
  return {
    name: `MI-FGSM ${normNames[norm]}`,
    kind: "budget",
    norm,
    needs: "gradients",
    *search(problem) {
      let x = problem.image;
      let g = new Float64Array(x.length);
      for (let step = 0; step < steps; step++) {
        const { gradient, logits } = yield* crossEntropyGain(problem, x);
        if (reached(problem.goal, logits)) return { image: x };
        const size = gradient.reduce((sum, v) => sum + Math.abs(v), 0);
        g = g.map((gi, i) => momentum * gi + (size > 0 ? gradient[i]! / size : 0));
        x = project(problem, moved(x, steepest(norm, g), problem.epsilon / steps));
      }
      return { image: x };
    },
  };
}
