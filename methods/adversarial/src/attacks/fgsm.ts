import { moved, steepest } from "./ascent.ts";
import { type Attack, normNames } from "./attack.ts";
import { project } from "./norm.ts";
import { crossEntropyGain } from "./search.ts";

/**
 * The fast gradient method: one step of length ε, x + ε·sign(∇loss) in L∞, x + ε·∇/‖∇‖ in L2.
 *
 * @see Goodfellow, Shlens, Szegedy 2014, §4 (arXiv 1412.6572)
 */
export function fgsm({ norm = "linf" }: { readonly norm?: "l2" | "linf" } = {}): Attack {
  return {
    name: `FGSM ${normNames[norm]}`,
    kind: "budget",
    norm,
    needs: "gradients",
    *search(problem) {
      const { gradient } = yield* crossEntropyGain(problem, problem.image);
      return { image: project(problem, moved(problem.image, steepest(norm, gradient), problem.epsilon)) };
    },
  };
}
