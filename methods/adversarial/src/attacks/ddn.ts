import { moved, steepest } from "./ascent.ts";
import type { Attack } from "./attack.ts";
import { reached } from "./goal.ts";
import { intoBox, length, normOf } from "./norm.ts";
import { crossEntropyGain } from "./search.ts";

export interface DdnOptions {
  readonly steps?: number;
  /** γ: the radius grows or shrinks by this share each step. */
  readonly gamma?: number;
  /** First radius, in units of the box. */
  readonly firstRadius?: number;
}

/**
 * Decoupled direction and norm, L2: steps up the cross-entropy, then r is put on a sphere whose radius shrinks by γ when
 * the image met the goal and grows by γ when it did not. Step sizes fall from 1 to 0.01 along half a cosine.
 *
 * @see Rony et al. 2018, Algorithm 1 (arXiv 1811.09600), without its quantisation
 */
export function ddn({ steps = 100, gamma = 0.05, firstRadius = 1 }: DdnOptions = {}): Attack {
  return {
    name: "DDN L2",
    kind: "minimal",
    norm: "l2",
    needs: "gradients",
    *search(problem) {
      const { image, goal, lower, upper } = problem;
      let x = image;
      let best: Float32Array | undefined;
      let bestDistance = Infinity;
      let radius = firstRadius * (upper - lower);
      for (let step = 0; step < steps; step++) {
        const { gradient, logits } = yield* crossEntropyGain(problem, x);
        const met = reached(goal, logits);
        const distance = normOf("l2", image, x);
        if (met && distance < bestDistance) [best, bestDistance] = [x, distance];
        const alpha = (upper - lower) * (0.01 + (0.99 * (1 + Math.cos((Math.PI * step) / steps))) / 2);
        const y = moved(x, steepest("l2", gradient), alpha);
        radius *= met ? 1 - gamma : 1 + gamma;
        const r = y.map((yi, i) => yi - image[i]!);
        const size = length(r);
        x = intoBox(size > 0 ? moved(image, r, radius / size) : y, lower, upper);
      }
      return { image: best ?? x };
    },
  };
}
