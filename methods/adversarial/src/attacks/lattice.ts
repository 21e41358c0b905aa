// Results that survive being saved: an image file holds whole levels, and rounding to them often undoes an attack.
import { type Attack, normNames } from "./attack.ts";
import { type Goal, marginOf, reached } from "./goal.ts";
import { type Norm, normOf } from "./norm.ts";
import { logitsOf, marginGain, type RowProblem, type Search } from "./search.ts";

/**
 * The attack, its results brought onto the lattice of 8-bit images (or another number of levels over the box) without
 * losing the goal: rounded to the nearest levels; where that fails, moved level by level up the margin's gradient, the
 * pixels first that bring most for what they add to ‖r‖², as few as it takes; then moved back where the goal allows.
 * An attack without gradients moves along its own perturbation instead. A ball of k levels needs an ε a hair above
 * k/255: whether k steps of float32 pixels fit into k/255 itself is a matter of rounding.
 */
export function quantised(attack: Attack, levels = 256): Attack {
  if (!(Number.isInteger(levels) && levels >= 2))
    throw new RangeError(`quantised: ${levels} levels, expected a whole number ≥ 2.`);
  return {
    ...attack,
    name: `${attack.name}, ${levels} levels`,
    *search(problem) {
      const found = yield* attack.search(problem);
      // Of several labels that would do, the one that was found.
      const { confidence, topK } = problem.goal;
      const { target } = found;
      const goal: Goal = target === undefined ? problem.goal : { label: target, targeted: true, confidence, topK };
      const image = yield* ontoLattice({ ...problem, goal }, found.image, levels, attack.needs === "gradients");
      return { ...found, image };
    },
  };
}

/** An attack that finds what is given, [N, n]: to bring the results of another search onto the lattice, or check them. */
export function given(images: Float32Array, norm: Norm = "l2"): Attack {
  return {
    name: `given ${normNames[norm]}`,
    kind: "minimal",
    norm,
    needs: "gradients",
    // biome-ignore lint/correctness/useYield: nothing to ask
    *search({ row, image }) {
      return { image: images.slice(row * image.length, (row + 1) * image.length) };
    },
  };
}

function* ontoLattice(
  problem: RowProblem,
  found: Float32Array,
  levels: number,
  gradients: boolean,
): Search<Float32Array> {
  const { image, goal, lower, upper, logits } = problem;
  const n = image.length;
  const top = levels - 1;
  const unit = (upper - lower) / top;
  const pixelOf = (level: number) => Math.fround(lower + ((upper - lower) * level) / top);
  const pixelsOf = (level: Int32Array) => Float32Array.from(level, pixelOf);
  const levelOf = (value: number) => Math.min(top, Math.max(0, Math.round(((value - lower) / (upper - lower)) * top)));
  const meets = function* (level: Int32Array): Search<boolean> {
    const x = pixelsOf(level);
    return normOf(problem.norm, image, x) <= problem.epsilon && reached(goal, yield* logitsOf(x));
  };
  /** Ascending direction of the margin at a point. */
  const slope = function* (level: Int32Array): Search<ArrayLike<number>> {
    const x = pixelsOf(level);
    if (!gradients) return x.map((v, i) => v - image[i]! || found[i]! - image[i]!);
    const { rival } = marginOf(goal, logits);
    return (yield* marginGain(problem, x, rival, logits.length)).gradient;
  };
  /** What a step of one level adds to ‖r‖², in units of the lattice squared. */
  const costOf = (level: number, i: number, step: number) => {
    const r = (pixelOf(level) - image[i]!) / unit;
    return (r + step) ** 2 - r * r;
  };

  /** The levels nearest to image + t·r, t as large as the ball allows; in L∞ each pixel for itself. */
  const inBall = (): Int32Array => {
    for (let t = 1; t > 0; t -= 0.02) {
      const level = Int32Array.from(found, (v, i) => {
        let l = levelOf(image[i]! + t * (v - image[i]!));
        if (problem.norm === "linf")
          while (Math.abs(pixelOf(l) - image[i]!) > problem.epsilon && l !== levelOf(image[i]!))
            l -= Math.sign(pixelOf(l) - image[i]!);
        return l;
      });
      if (normOf(problem.norm, image, pixelsOf(level)) <= problem.epsilon) return level;
    }
    return Int32Array.from(image, levelOf);
  };

  let level: Int32Array = inBall();
  let met = yield* meets(level);
  for (let round = 0; round < 12 && !met; round++) {
    const g = yield* slope(level);
    const from = level;
    const steps = Int8Array.from(g, (gi, i) => {
      const step = Math.sign(gi);
      const next = from[i]! + step;
      const near = problem.norm !== "linf" || Math.abs(pixelOf(next) - image[i]!) <= problem.epsilon;
      return next >= 0 && next <= top && near ? step : 0;
    });
    const worth = Float64Array.from(g, (gi, i) => {
      const cost = costOf(from[i]!, i, steps[i]!);
      return cost <= 0 ? Infinity : Math.abs(gi) / cost;
    });
    const order = indices(n, (i) => steps[i] !== 0).sort((a, b) => worth[b]! - worth[a]! || a - b);
    const { count, meets: enough } = yield* fewest(order.length, (k) => meets(stepped(from, steps, order, k)));
    if (order.length === 0) break;
    level = stepped(from, steps, order, count);
    met = enough;
  }
  if (!met) return pixelsOf(problem.epsilon < Infinity ? inBall() : level);
  for (let round = 0; round < 4; round++) {
    const g = yield* slope(level);
    const from = level;
    // Back towards the image, those first that cost the margin least for what they save.
    const steps = Int8Array.from(from, (l, i) => {
      const step = Math.sign(levelOf(image[i]!) - l);
      return costOf(l, i, step) < 0 ? step : 0;
    });
    const price = Float64Array.from(g, (gi, i) => (-gi * steps[i]!) / -costOf(from[i]!, i, steps[i]!));
    const order = indices(n, (i) => steps[i] !== 0).sort((a, b) => price[a]! - price[b]! || a - b);
    const { count } = yield* fewest(order.length, function* (k) {
      return !(yield* meets(stepped(from, steps, order, k)));
    });
    // `count` is the first number of steps that is too many.
    if (count <= 1) break;
    const back = stepped(from, steps, order, count - 1);
    if (!(yield* meets(back))) break;
    level = back;
  }
  return pixelsOf(level);
}

function stepped(level: Int32Array, steps: Int8Array, order: readonly number[], count: number): Int32Array {
  const out = level.slice();
  for (const i of order.slice(0, count)) out[i] = out[i]! + steps[i]!;
  return out;
}

function indices(n: number, keep: (i: number) => boolean): number[] {
  return Array.from({ length: n }, (_, i) => i).filter(keep);
}

/** The fewest of 1 … most for which the question is answered yes, by doubling and bisection; `most` if it never is. */
function* fewest(most: number, ask: (count: number) => Search<boolean>): Search<{ count: number; meets: boolean }> {
  let low = 0;
  let high = Math.min(1, most);
  while (!(yield* ask(high))) {
    low = high;
    if (high === most) return { count: most, meets: false };
    high = Math.min(most, 2 * high);
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (yield* ask(middle)) high = middle;
    else low = middle;
  }
  return { count: high, meets: true };
}
