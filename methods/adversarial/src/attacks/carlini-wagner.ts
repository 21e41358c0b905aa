import type { Attack } from "./attack.ts";
import { marginOf, reached } from "./goal.ts";
import { intoBox, normOf } from "./norm.ts";
import { marginGain } from "./search.ts";

export interface CarliniWagnerOptions {
  readonly binarySteps?: number;
  readonly steps?: number;
  readonly learningRate?: number;
  readonly firstC?: number;
  /** Leave a problem whose objective has not fallen by 0.01 % in a tenth of its steps. */
  readonly abortEarly?: boolean;
}

/**
 * Carlini and Wagner's attack in L2: minimise ‖x′ − x‖² + c·max(κ − margin, 0) by Adam over w, with
 * x′ = lower + (upper − lower)·(tanh w + 1)/2 always in the box; c by bisection, times ten until it succeeds.
 *
 * @see Carlini, Wagner 2016, §VI.A (arXiv 1608.04644). Nine steps for c, first c 10⁻³, learning rate 0.01 and early
 *   abort are those of the authors' program; 1000 steps instead of its 10 000 (cleverhans' default): 0.1 % further
 *   on MNIST (docs/notes/attacks.md).
 */
export function carliniWagner({
  binarySteps = 9,
  steps = 1000,
  learningRate = 0.01,
  firstC = 1e-3,
  abortEarly = true,
}: CarliniWagnerOptions = {}): Attack {
  return {
    name: "Carlini–Wagner L2",
    kind: "minimal",
    norm: "l2",
    needs: "gradients",
    *search(problem) {
      const { image, goal, logits, lower, upper } = problem;
      const n = image.length;
      const range = upper - lower;
      // Just inside the box, where tanh can still move.
      const start = Float64Array.from(image, (v) => Math.atanh(0.999999 * ((2 * (v - lower)) / range - 1)));
      let { rival } = marginOf(goal, logits);
      let best = image;
      let bestDistance = Infinity;
      let c = firstC;
      let low = 0;
      let high = Infinity;
      for (let round = 0; round < binarySteps; round++) {
        const w = start.slice();
        const adam = adamOf(n, learningRate);
        let succeeded = false;
        let previous = Infinity;
        for (let step = 0; step < steps; step++) {
          const tanh = w.map(Math.tanh);
          const x = intoBox(
            tanh.map((t) => lower + (range * (t + 1)) / 2),
            lower,
            upper,
          );
          const answer = yield* marginGain(problem, x, rival, logits.length);
          rival = answer.rival;
          const distance = normOf("l2", image, x);
          if (reached(goal, answer.logits)) {
            succeeded = true;
            if (distance < bestDistance) [best, bestDistance] = [x, distance];
          } else if (bestDistance === Infinity) best = x;
          const missing = Math.max(0, goal.confidence - answer.gain);
          const objective = distance ** 2 + c * missing;
          if (abortEarly && step % Math.ceil(steps / 10) === 0) {
            if (objective > 0.9999 * previous) break;
            previous = objective;
          }
          const pull = missing > 0 || goal.confidence === answer.gain ? c : 0;
          adam(w, (i) => {
            const dx = 2 * (x[i]! - image[i]!) - pull * answer.gradient[i]!;
            return (dx * range * (1 - tanh[i]! ** 2)) / 2;
          });
        }
        if (succeeded) high = Math.min(high, c);
        else low = Math.max(low, c);
        c = high < Infinity ? (low + high) / 2 : 10 * c;
      }
      return { image: best };
    },
  };
}

/** Adam with β₁ = 0.9, β₂ = 0.999, ε = 1e-8, on a vector of its own. */
function adamOf(n: number, learningRate: number): (w: Float64Array, gradient: (i: number) => number) => void {
  const m = new Float64Array(n);
  const v = new Float64Array(n);
  let t = 0;
  return (w, gradient) => {
    t++;
    const scale = (learningRate * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
    for (let i = 0; i < n; i++) {
      const g = gradient(i);
      m[i] = 0.9 * m[i]! + 0.1 * g;
      v[i] = 0.999 * v[i]! + 0.001 * g * g;
      w[i] = w[i]! - (scale * m[i]!) / (Math.sqrt(v[i]!) + 1e-8);
    }
  };
}
