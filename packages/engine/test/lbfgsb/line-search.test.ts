import { describe, expect, it } from "vitest";
import { LineSearch } from "../../src/lbfgsb/line-search.ts";
import reference from "../fixtures/lbfgsb-scipy.json" with { type: "json" };

type Phi = (step: number) => [value: number, slope: number];

/** Moré and Thuente 1994, (5.1)–(5.3). */
const functions: Record<string, Phi> = {
  phi1: (a) => [-a / (a * a + 2), (a * a - 2) / (a * a + 2) ** 2],
  phi2: (a) => {
    const t = a + 0.004;
    return [t ** 5 - 2 * t ** 4, 5 * t ** 4 - 8 * t ** 3];
  },
  phi3: (a) => {
    const b = 0.01;
    const l = 39;
    const w = (l * Math.PI) / 2;
    const [p, d] = a <= 1 - b ? [1 - a, -1] : a >= 1 + b ? [a - 1, 1] : [(a - 1) ** 2 / (2 * b) + b / 2, (a - 1) / b];
    return [p + ((2 * (1 - b)) / (l * Math.PI)) * Math.sin(w * a), d + (1 - b) * Math.cos(w * a)];
  },
};

function run(phi: Phi, first: number, maxStep = 1e10) {
  const search = new LineSearch();
  const trials: number[] = [];
  search.start(...phi(0), first, maxStep);
  for (;;) {
    trials.push(search.step);
    const [f, slope] = phi(search.step);
    if (!Number.isFinite(f)) search.retreat();
    else if (search.advance(f, slope) === "accept") return { trials, accepted: search.step };
  }
}

describe("LineSearch", () => {
  for (const { function: name, first, trials, accepted } of reference.lineSearches)
    it(`takes MINPACK-2's trial steps on ${name} from ${first}`, () => {
      const ours = run(functions[name]!, first);
      expect(ours.trials.length).toBe(trials.length);
      // float64 on both sides; the cubic steps cancel up to half of the digits
      for (const [i, step] of ours.trials.entries()) expect(step / trials[i]!).toBeCloseTo(1, 8);
      expect(ours.accepted / accepted).toBeCloseTo(1, 8);
    });

  it("takes the largest step where the function falls all the way", () => {
    expect(run((a) => [-a, -1], 1, 7).accepted).toBe(7);
  });

  it("stays below a step where the function is not finite", () => {
    const { trials, accepted } = run(
      (a) => (a < 0.3 ? [-Math.log(1 - a / 0.3) - 20 * a, 1 / (0.3 - a) - 20] : [Number.NaN, 0]),
      1,
    );
    expect(trials.slice(0, 2)).toEqual([1, 0.5]);
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(0.3);
    expect(trials.length).toBeLessThan(12);
  });
});
