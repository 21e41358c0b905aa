// Controls: what chance does at the same distance. An attack that finds no more than these has found nothing.
import type { Attack } from "./attack.ts";
import { reached } from "./goal.ts";
import { length, type Norm, project } from "./norm.ts";
import { logitsOf, type RowProblem } from "./search.ts";

export interface NoiseAttackOptions {
  /** Draws, until one meets the goal. */
  readonly draws?: number;
}

/** Gaussian noise made ε long in L2, then clipped to the box. */
export function gaussianNoise(options: NoiseAttackOptions = {}): Attack {
  return control("Gaussian noise L2", "l2", options, (problem) => {
    const u = Float64Array.from(problem.image, () => problem.normal());
    const scale = problem.epsilon / length(u);
    return u.map((ui, i) => problem.image[i]! + scale * ui);
  });
}

/** Uniform noise in [−ε, ε] on every value, clipped to the box. */
export function uniformNoise(options: NoiseAttackOptions = {}): Attack {
  return control("uniform noise L∞", "linf", options, ({ image, epsilon, random }) =>
    Float64Array.from(image, (v) => v + epsilon * (2 * random() - 1)),
  );
}

/** A share ε of the values, drawn without repetition, set to the lower or upper end of the box. */
export function saltAndPepper(options: NoiseAttackOptions = {}): Attack {
  return control("salt and pepper L0", "l0", options, ({ image, epsilon, lower, upper, random }) => {
    const out = Float64Array.from(image);
    const order = Array.from({ length: image.length }, (_, i) => i);
    const count = Math.min(image.length, Math.floor(epsilon * image.length));
    for (let i = 0; i < count; i++) {
      const j = i + Math.floor(random() * (order.length - i));
      [order[i], order[j]] = [order[j]!, order[i]!];
      out[order[i]!] = random() < 0.5 ? lower : upper;
    }
    return out;
  });
}

function control(
  name: string,
  norm: Norm,
  { draws = 1 }: NoiseAttackOptions,
  draw: (problem: RowProblem) => Float64Array,
): Attack {
  return {
    name,
    kind: "budget",
    norm,
    needs: "scores",
    *search(problem) {
      let x = problem.image;
      for (let i = 0; i < draws; i++) {
        x = project(problem, draw(problem));
        if (draws > 1 && reached(problem.goal, yield* logitsOf(x))) break;
      }
      return { image: x };
    },
  };
}
