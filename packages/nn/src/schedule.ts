// Learning rates over time. A schedule is a function of the steps done so far, 0 before the first: nothing to save.

/** The learning rate of the step after `step` steps. */
export type Schedule = (step: number) => number;

/** η. */
export const constantRate =
  (learningRate: number): Schedule =>
  () =>
    learningRate;

/** η·factor^⌊step / every⌋. */
export function stepDecay(learningRate: number, { every, factor = 0.1 }: { every: number; factor?: number }): Schedule {
  checkSteps("stepDecay: every", every);
  return (step) => learningRate * factor ** Math.floor(step / every);
}

/** η·factor^k after k of the steps `at`, e.g. a tenth at each. */
export function milestones(
  learningRate: number,
  { at, factor = 0.1 }: { at: readonly number[]; factor?: number },
): Schedule {
  return (step) => learningRate * factor ** at.filter((milestone) => step >= milestone).length;
}

/** last + (η − last)·(1 + cos(π·step / steps)) / 2, then `last`. @see Loshchilov and Hutter 2017, eq. (5), one cycle */
export function cosine(learningRate: number, { steps, last = 0 }: { steps: number; last?: number }): Schedule {
  checkSteps("cosine: steps", steps);
  return (step) => last + (learningRate - last) * 0.5 * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps));
}

/** Rises linearly from `start`·η over the first `steps` steps, then follows `then`, whose η it takes at each step. */
export function warmUp(then: Schedule, { steps, start = 0 }: { steps: number; start?: number }): Schedule {
  checkSteps("warmUp: steps", steps);
  return (step) => then(step) * (step < steps ? start + (1 - start) * (step / steps) : 1);
}

function checkSteps(what: string, steps: number): void {
  if (!Number.isInteger(steps) || steps < 1) throw new RangeError(`${what} is ${steps}; expected an integer from 1 up`);
}
