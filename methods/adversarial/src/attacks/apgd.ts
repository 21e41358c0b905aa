import { moved, steepest } from "./ascent.ts";
import { type Attack, normNames } from "./attack.ts";
import { type Goal, reached } from "./goal.ts";
import { project } from "./norm.ts";
import { randomStart } from "./pgd.ts";
import {
  type Climb,
  crossEntropyGain,
  finite,
  logitsOf,
  NonFiniteError,
  type RowProblem,
  type Search,
} from "./search.ts";

export interface ApgdOptions {
  readonly norm?: "l2" | "linf";
  /** "ce" cross-entropy, "dlr" difference of logits ratio, which does not vanish where the model is sure. */
  readonly loss?: "ce" | "dlr";
  readonly steps?: number;
}

/**
 * Auto-PGD: projected steps with momentum, whose size halves, going back to the best point, at checkpoints where too few
 * of the last steps went up (ρ = 0.75) or nothing changed since the last halving.
 *
 * @see Croce, Hein 2020, Algorithm 1 and §4 (arXiv 2003.01690)
 */
export function apgd({ norm = "linf", loss = "ce", steps = 100 }: ApgdOptions = {}): Attack {
  const gain = loss === "ce" ? crossEntropyGain : dlrGain;
  const checkpoints = checkpointsOf(steps);
  return {
    name: `APGD-${loss.toUpperCase()} ${normNames[norm]}`,
    kind: "budget",
    norm,
    needs: "gradients",
    leastClasses: loss === "dlr" ? 4 : 2,
    *search(problem) {
      const alpha = 0.75;
      const rho = 0.75;
      let eta = 2 * problem.epsilon;
      let previous = randomStart(problem);
      let at = yield* gain(problem, previous);
      if (reached(problem.goal, at.logits)) return { image: previous };
      let best = previous;
      let top = at;
      let x = project(problem, moved(previous, steepest(norm, at.gradient), eta));
      let rises = 0;
      let halvedLast = false;
      let topAtCheckpoint: number = -Infinity;
      let lastGain = at.gain;
      for (let step = 1; step < steps; step++) {
        at = yield* gain(problem, x);
        if (reached(problem.goal, at.logits)) return { image: x };
        if (at.gain > lastGain) rises++;
        lastGain = at.gain;
        if (at.gain > top.gain) [best, top] = [x, at];
        const checkpoint = checkpoints.indexOf(step);
        if (checkpoint > 0) {
          const few: boolean = rises < rho * (step - checkpoints[checkpoint - 1]!);
          const stuck: boolean = !halvedLast && topAtCheckpoint === top.gain;
          halvedLast = few || stuck;
          topAtCheckpoint = top.gain;
          rises = 0;
          if (halvedLast) {
            eta /= 2;
            [x, at, previous, lastGain] = [best, top, best, top.gain];
          }
        }
        const z = project(problem, moved(x, steepest(norm, at.gradient), eta));
        const current = x;
        const last = previous;
        x = project(
          problem,
          Float64Array.from(
            z,
            (zi, i) => current[i]! + alpha * (zi - current[i]!) + (1 - alpha) * (current[i]! - last[i]!),
          ),
        );
        previous = current;
      }
      return { image: best };
    },
  };
}

/** p₀ = 0, p₁ = 0.22, pⱼ₊₁ = pⱼ + max(pⱼ − pⱼ₋₁ − 0.03, 0.06), as numbers of steps. */
function checkpointsOf(steps: number): number[] {
  const p = [0, 0.22];
  while (p.at(-1)! < 1) p.push(p.at(-1)! + Math.max(p.at(-1)! - p.at(-2)! - 0.03, 0.06));
  return [...new Set(p.map((share) => Math.ceil(share * steps)))];
}

/** The difference of logits ratio and its gradient; the scores come first, since they are in the gradient's weights. */
function* dlrGain({ goal }: RowProblem, x: Float32Array): Search<Climb> {
  const logits = yield* logitsOf(x);
  if (logits.some((z) => !Number.isFinite(z))) throw new NonFiniteError("the model's scores are not finite");
  const { gain, weights } = dlr(goal, logits);
  const { gradient } = yield { want: "scores", images: x, count: 1, weights };
  return { gain, gradient: finite(gradient).slice(), logits };
}

/**
 * Untargeted (z_rival − z_y) / (z₍₁₎ − z₍₃₎), targeted (z_t − z₍rival₎) / (z₍₁₎ − (z₍₃₎ + z₍₄₎)/2); the derivative of the
 * quotient in each score.
 */
export function dlr({ label, targeted }: Goal, logits: ArrayLike<number>): { gain: number; weights: Float32Array } {
  const order = Array.from({ length: logits.length }, (_, k) => k).sort((a, b) => logits[b]! - logits[a]! || a - b);
  const rival = order[0] === label ? order[1]! : order[0]!;
  const sign = targeted ? -1 : 1;
  const difference = sign * (logits[rival]! - logits[label]!);
  const [first, , third, fourth] = order as [number, number, number, number];
  const below = targeted ? (logits[third]! + logits[fourth]!) / 2 : logits[third]!;
  const spread = logits[first]! - below + 1e-12;
  const weights = new Float64Array(logits.length);
  weights[rival]! += sign / spread;
  weights[label]! -= sign / spread;
  const ratio = difference / spread ** 2;
  weights[first]! -= ratio;
  if (targeted) {
    weights[third]! += ratio / 2;
    weights[fourth]! += ratio / 2;
  } else weights[third]! += ratio;
  return { gain: difference / spread, weights: Float32Array.from(weights) };
}
