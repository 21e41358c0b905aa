import type { Attack } from "./attack.ts";
import { reached } from "./goal.ts";
import { intoBox, length, normOf } from "./norm.ts";
import { logitsOf, type RowProblem, type Search } from "./search.ts";

export interface HopSkipJumpOptions {
  readonly steps?: number;
  /** B₀: images that the first gradient estimate takes; √t times as many at step t. */
  readonly firstEvaluations?: number;
  /** Random images tried for a start that meets the goal. */
  readonly startTries?: number;
  /** Images [m, n] to start from; those that meet the goal, nearest first. A targeted attack rarely starts from noise. */
  readonly starts?: Float32Array;
}

/**
 * HopSkipJump in L2: needs the model's decision only. From an image that meets the goal it walks along the boundary:
 * the boundary's normal is estimated from the decisions at random points around, a step is taken along it, and
 * bisection towards the clean image finds the boundary again.
 *
 * @see Chen, Jordan, Wainwright 2019, Algorithms 1 and 2 (arXiv 1904.02144)
 */
export function hopSkipJump(options: HopSkipJumpOptions = {}): Attack {
  const { steps = 64, firstEvaluations = 100 } = options;
  return {
    name: "HopSkipJump L2",
    kind: "minimal",
    norm: "l2",
    needs: "scores",
    *search(problem) {
      const { image, lower, upper } = problem;
      const n = image.length;
      const start = yield* startOf(problem, options);
      if (!start) return { image, reason: noStart(problem, options) };
      const theta = 1 / (n * Math.sqrt(n));
      let x = yield* bisect(problem, start, theta);
      let distance = normOf("l2", image, x);
      for (let step = 1; step <= steps && distance > 0; step++) {
        const delta = step === 1 ? 0.1 * (upper - lower) : Math.sqrt(n) * theta * distance;
        const count = Math.min(10_000, Math.floor(firstEvaluations * Math.sqrt(step)));
        const direction = yield* estimatedNormal(problem, x, delta, count);
        const from = x;
        let next: Float32Array | undefined;
        for (let size = distance / Math.sqrt(step); size > 1e-7 * distance; size /= 2) {
          const tried = intoBox(
            direction.map((d, i) => from[i]! + size * d),
            lower,
            upper,
          );
          if (reached(problem.goal, yield* logitsOf(tried))) {
            next = tried;
            break;
          }
        }
        if (!next) break;
        const back = yield* bisect(problem, next, theta);
        const nearer = normOf("l2", image, back);
        if (nearer < distance) [x, distance] = [back, nearer];
      }
      return { image: x };
    },
  };
}

/** An image that meets the goal: of the given ones the nearest, else a random one. */
function* startOf(
  problem: RowProblem,
  { starts = new Float32Array(0), startTries = 100 }: HopSkipJumpOptions,
): Search<Float32Array | undefined> {
  const { image, lower, upper, random, goal } = problem;
  const n = image.length;
  const given = Array.from({ length: starts.length / n }, (_, i) => starts.slice(i * n, (i + 1) * n)).sort(
    (a, b) => normOf("l2", image, a) - normOf("l2", image, b),
  );
  for (let attempt = 0; attempt < given.length + startTries; attempt++) {
    const tried =
      given[attempt] ??
      intoBox(
        Float64Array.from(image, () => lower + (upper - lower) * random()),
        lower,
        upper,
      );
    if (reached(goal, yield* logitsOf(tried))) return tried;
  }
  return undefined;
}

/** The last point towards the clean image that still meets the goal, to a share θ of the way. */
function* bisect({ image, goal, lower, upper }: RowProblem, from: Float32Array, theta: number): Search<Float32Array> {
  const between = (t: number) =>
    intoBox(
      Float64Array.from(image, (v, i) => v + t * (from[i]! - v)),
      lower,
      upper,
    );
  let low = 0;
  let high = 1;
  let best = from;
  while (high - low > theta && high - low > 1e-9) {
    const middle = (low + high) / 2;
    const tried = between(middle);
    if (reached(goal, yield* logitsOf(tried))) [high, best] = [middle, tried];
    else low = middle;
  }
  return best;
}

/** Σ (φ(x + δu) − mean φ)·u over random unit u, made of length 1; φ is +1 where the goal is met, −1 elsewhere. */
function* estimatedNormal(
  { goal, lower, upper, normal }: RowProblem,
  x: Float32Array,
  delta: number,
  count: number,
): Search<Float64Array> {
  const n = x.length;
  const images = new Float32Array(count * n);
  for (let b = 0; b < count; b++) {
    const u = Float64Array.from(x, () => normal());
    const scale = delta / length(u);
    images.set(
      intoBox(
        u.map((ui, i) => x[i]! + scale * ui),
        lower,
        upper,
      ),
      b * n,
    );
  }
  const logits = yield* logitsOf(images, count);
  const k = logits.length / count;
  const phi = Float64Array.from({ length: count }, (_, b) =>
    reached(goal, logits.subarray(b * k, (b + 1) * k)) ? 1 : -1,
  );
  const mean = phi.reduce((a, b) => a + b, 0) / count;
  const sum = new Float64Array(n);
  for (let b = 0; b < count; b++) {
    const weight = Math.abs(mean) === 1 ? phi[b]! : phi[b]! - mean;
    for (let i = 0; i < n; i++) sum[i] = sum[i]! + weight * (images[b * n + i]! - x[i]!);
  }
  const size = length(sum);
  return size > 0 ? sum.map((v) => v / size) : sum;
}

/** What a search without a start lacks. */
function noStart({ goal }: RowProblem, { starts = new Float32Array(0), startTries = 100 }: HopSkipJumpOptions): string {
  const wanted = goal.targeted ? `is classified as label ${goal.label}` : `has another label than ${goal.label}`;
  const tried =
    starts.length > 0
      ? `none of the given starts and of ${startTries} random images`
      : `none of ${startTries} random images`;
  return `${tried} ${wanted}, and the search walks from such an image.`;
}
