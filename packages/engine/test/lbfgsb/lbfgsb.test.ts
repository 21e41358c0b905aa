import { describe, expect, it } from "vitest";
import { Box } from "../../src/lbfgsb/box.ts";
import { LbfgsB } from "../../src/lbfgsb/lbfgsb.ts";
import { minimize } from "../../src/lbfgsb/minimize.ts";
import reference from "../fixtures/lbfgsb-scipy.json" with { type: "json" };
import { driver1, driver1Fixed, hs1, hs2, hs3, hs4, hs5, hs25, hs38, hs45, hs110, type Problem } from "./problems.ts";
import { plantedQuadratic, uniform } from "./quadratic.ts";

/** A function with a constant gradient. */
const withGradient = (gradient: number[], f: () => number) => (_: Float64Array, g: Float64Array) => {
  g.set(gradient);
  return f();
};

const exact = { reductionFactor: 10, projectedGradientTolerance: 1e-10 };
const hs2Near: Problem = { ...hs2, name: "HS2 from (1.5, 1.5)", x0: [1.5, 1.5] };

describe("LbfgsB against SciPy's Fortran, version 3.0", () => {
  const problems: [Problem, object][] = [
    [driver1(25), { pairs: 5 }],
    [driver1(1000), { reductionFactor: 10 }],
    ...[driver1Fixed(), hs1, hs2, hs2Near, hs3, hs4, hs5, hs25, hs38, hs45, hs110].map((p): [Problem, object] => [
      p,
      exact,
    ]),
  ];
  for (const [problem, options] of problems)
    it(`${problem.name}: the same iterations, evaluations and values`, () => {
      const theirs = reference.runs.find(({ name }) => name === problem.name)!;
      const evaluated: number[] = [];
      const ours = minimize(
        (x, g) => {
          const f = problem.evaluate(x, g);
          evaluated.push(f);
          return f;
        },
        problem.x0,
        problem.box,
        options,
      );
      // HS110 ends in a search among values that differ by one rounding: the function's own noise decides its length.
      const compared = problem.name === "HS110" ? 11 : theirs.evaluations;
      if (problem.name !== "HS110") expect(ours.evaluations).toBe(theirs.evaluations);
      expect(ours.iterations).toBe(theirs.iterations);
      expect(ours.reason).toBe(theirs.task.includes("PROJECTED") ? "projectedGradient" : "reduction");
      // Both in float64; rounding grows along the run, most where f itself falls to nothing.
      for (let i = 0; i < compared; i++)
        expect(Math.abs(evaluated[i]! - theirs.evaluated[i]!)).toBeLessThan(
          1e-6 * Math.abs(theirs.evaluated[i]!) + 1e-10,
        );
      expect(Math.abs(ours.f - theirs.f)).toBeLessThan(1e-10);
      for (const [i, xi] of theirs.x.entries()) expect(Math.abs(ours.x[i]! - xi)).toBeLessThan(1e-6);
    });

  it("driver1: the published trace of f and of the projected gradient, 23 iterations, 28 evaluations", () => {
    const f: string[] = [];
    const norm: string[] = [];
    const { evaluate, x0, box } = driver1(25);
    const result = minimize(evaluate, x0, box, {
      pairs: 5,
      onIterate: (solver) => {
        f.push(solver.f.toPrecision(6));
        norm.push(solver.projectedGradientNorm.toPrecision(6));
      },
    });
    const published = ["3460.00", "2397.69", "143.806", "72.8161", "16.0308", "5.18725", "2.12716", "0.207568"];
    expect(f.slice(0, 8)).toEqual(published);
    expect(norm.slice(0, 8)).toEqual([
      "103.000",
      "65.0700",
      "36.4039",
      "22.9042",
      "6.95409",
      "9.05481",
      "19.6729",
      "2.12849",
    ]);
    expect([result.iterations, result.evaluations, result.reason]).toEqual([23, 28, "reduction"]);
    expect(result.f).toBeCloseTo(1.0834900835e-9, 15);
  });
});

describe("LbfgsB on a convex quadratic with a planted active set", () => {
  for (const n of [50, 784])
    it(`n = ${n}: finds the solution to 1e-7 and the active set exactly`, () => {
      const { evaluate, solution } = plantedQuadratic(n, 1);
      const { x, evaluations } = minimize(evaluate, new Float64Array(n).fill(0.5), new Box(n, 0, 1), exact);
      for (let i = 0; i < n; i++) {
        expect(Math.abs(x[i]! - solution[i]!)).toBeLessThan(1e-7);
        if (solution[i] === 0 || solution[i] === 1) expect(x[i]).toBe(solution[i]);
      }
      expect(evaluations).toBeLessThan(40);
    });
});

describe("LbfgsB, laws", () => {
  it("asks only for points of the box, and f never rises", () => {
    for (const { evaluate, x0, box } of [driver1(25), hs5, hs38, hs45, hs110, hs25]) {
      let last = Infinity;
      minimize(
        (x, g) => {
          for (let i = 0; i < box.n; i++) {
            expect(x[i]).toBeGreaterThanOrEqual(box.lower[i]!);
            expect(x[i]).toBeLessThanOrEqual(box.upper[i]!);
          }
          return evaluate(x, g);
        },
        x0,
        box,
        {
          ...exact,
          onIterate: ({ f }) => {
            expect(f).toBeLessThanOrEqual(last);
            last = f;
          },
        },
      );
    }
  });

  it("holds fixed variables, and minimises over the others", () => {
    const { evaluate, x0, box } = driver1Fixed();
    const { x, f } = minimize(evaluate, x0, box, exact);
    expect([x[3], x[7]]).toEqual([1, 1]);
    expect(f).toBeLessThan(1e-8);
    const all = minimize(driver1(25).evaluate, new Array(25).fill(3), new Box(25, 2, 2));
    expect([all.evaluations, all.reason]).toEqual([1, "projectedGradient"]);
  });

  it("mixes free, one-sided, two-sided and fixed variables", () => {
    const n = 6;
    const box = new Box(n, [-Infinity, 0, -Infinity, 0, 2, -5], [Infinity, Infinity, -1, 1, 2, -4]);
    const goal = [7, -3, 4, 0.25, 0, 0];
    const { x } = minimize(
      (x, g) => {
        let f = 0;
        for (let i = 0; i < n; i++) {
          g[i] = (i + 1) * (x[i]! - goal[i]!);
          f += 0.5 * (i + 1) * (x[i]! - goal[i]!) ** 2;
        }
        return f;
      },
      new Array(n).fill(0),
      box,
      exact,
    );
    const expected = [7, 0, -1, 0.25, 2, -4];
    for (const [i, value] of expected.entries()) expect(x[i]).toBeCloseTo(value, 8);
    for (const i of [1, 2, 4, 5]) expect(x[i]).toBe(expected[i]);
  });

  it("starts at the projection of a start outside the box", () => {
    const inside = minimize(hs5.evaluate, [4, -3], hs5.box, exact);
    const outside = minimize(hs5.evaluate, [40, -1e9], hs5.box, exact);
    expect(outside).toEqual(inside);
  });

  it("stops at once where the gradient is zero", () => {
    const result = minimize(
      withGradient([0, 0], () => 3),
      [1, 2],
      new Box(2, 0, 5),
    );
    expect(result).toMatchObject({ f: 3, iterations: 0, evaluations: 1, reason: "projectedGradient" });
    expect([...result.x]).toEqual([1, 2]);
  });

  it("says so when f or the gradient is NaN or infinite at the start", () => {
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      expect(
        minimize(
          withGradient([1, 1], () => bad),
          [1, 2],
        ).reason,
      ).toBe("nonFinite");
      expect(
        minimize(
          withGradient([1, bad], () => 0),
          [1, 2],
        ).reason,
      ).toBe("nonFinite");
    }
  });

  it("steps back from a region where f is not finite", () => {
    // −log(1 − x) − 3·(−x): finite only for x < 1, minimum at x = 2/3; the first step goes past 1.
    for (const bad of [Number.NaN, Infinity]) {
      const { x, reason } = minimize(
        (x, g) => {
          g[0] = 1 / (1 - x[0]!) - 3;
          return x[0]! < 1 ? -Math.log(1 - x[0]!) - 3 * x[0]! : bad;
        },
        [-0.5],
        new Box(1, -10, 10),
        exact,
      );
      expect(reason).not.toBe("nonFinite");
      expect(x[0]).toBeCloseTo(2 / 3, 8);
    }
  });

  it("returns the last good iterate when every further step is NaN", () => {
    let calls = 0;
    const { x, f, reason } = minimize(
      withGradient([1, 1], () => (calls++ === 0 ? 5 : Number.NaN)),
      [1, 2],
      new Box(2, 0, 9),
    );
    expect([x[0], x[1], f, reason]).toEqual([1, 2, 5, "nonFinite"]);
  });

  it("calls a gradient of the wrong sign abnormal, and keeps the start", () => {
    const result = minimize(
      (x, g) => {
        g[0] = -2 * x[0]!;
        return x[0]! ** 2;
      },
      [1],
      new Box(1, -10, 10),
    );
    expect(result.reason).toBe("abnormal");
    expect(result.x[0]).toBe(1);
  });

  it("permuted variables give the permuted result", () => {
    const { evaluate, solution } = plantedQuadratic(30, 2);
    const order = Array.from({ length: 30 }, (_, i) => (i * 7) % 30);
    const x0 = Float64Array.from({ length: 30 }, uniform(3));
    const plain = minimize(evaluate, x0, new Box(30, 0, 1), exact);
    const there = new Float64Array(30);
    const gThere = new Float64Array(30);
    const permuted = minimize(
      (x, g) => {
        for (const [i, to] of order.entries()) there[to] = x[i]!;
        const f = evaluate(there, gThere);
        for (const [i, to] of order.entries()) g[i] = gThere[to]!;
        return f;
      },
      order.map((to) => x0[to]!),
      new Box(30, 0, 1),
      exact,
    );
    // Sums run in another order, so only to rounding.
    order.forEach((to, i) => {
      expect(permuted.x[i]).toBeCloseTo(plain.x[to]!, 8);
      expect(plain.x[to]).toBeCloseTo(solution[to]!, 7);
    });
    expect(Math.abs(permuted.iterations - plain.iterations)).toBeLessThanOrEqual(2);
  });

  it("rows told in turns, or restarted, end bit for bit where each ends alone", () => {
    const quadratic = { x0: new Array(50).fill(0.5), box: new Box(50, 0, 1), ...plantedQuadratic(50, 1) };
    const problems = [hs5, hs1, hs38, driver1(25), hs110, quadratic];
    const alone = problems.map(({ evaluate, x0, box }) => minimize(evaluate, x0, box, exact));
    const solvers = problems.map(({ x0, box }) => new LbfgsB(x0, box, exact));
    for (let waiting = true; waiting; ) {
      waiting = false;
      solvers.forEach((solver, i) => {
        if (solver.done) return;
        waiting = true;
        const g = new Float64Array(solver.x.length);
        solver.tell(problems[i]!.evaluate(solver.x, g), g);
      });
    }
    solvers.forEach((solver, i) => {
      expect(solver.x).toEqual(alone[i]!.x);
      expect(solver.evaluations).toBe(alone[i]!.evaluations);
      solver.restart(problems[i]!.x0);
      const g = new Float64Array(solver.x.length);
      while (!solver.done) solver.tell(problems[i]!.evaluate(solver.x, g), g);
      expect(solver.x).toEqual(alone[i]!.x);
    });
  });

  it("keeps to its limits, returning the best iterate", () => {
    const { evaluate, x0, box } = driver1(25);
    expect(minimize(evaluate, x0, box, { maxIterations: 3 })).toMatchObject({ iterations: 3, reason: "maxIterations" });
    const cut = minimize(evaluate, x0, box, { maxEvaluations: 7 });
    expect(cut).toMatchObject({ evaluations: 7, reason: "maxEvaluations" });
    expect(evaluate(cut.x, new Float64Array(25))).toBe(cut.f);
    expect(minimize(evaluate, x0, box, { maxEvaluations: 1 })).toMatchObject({ evaluations: 1, iterations: 0 });
  });

  it("one pair of memory suffices, and more than needed do no harm", () => {
    for (const pairs of [1, 2, 40]) {
      const { f } = minimize(driver1(25).evaluate, driver1(25).x0, driver1(25).box, { ...exact, pairs });
      expect(f).toBeLessThan(1e-12);
    }
  });
});

describe("LbfgsB, bad input", () => {
  it("names the variable and its bounds", () => {
    expect(() => new Box(2, [0, 3], [1, 2])).toThrow("variable 1 has bounds [3, 2], expected lower ≤ upper");
    expect(() => new Box(2, Number.NaN)).toThrow("variable 0 has bounds [NaN, Infinity]");
    expect(() => new Box(3, [0, 1])).toThrow("lower has 2 entries, expected 3");
    expect(() => new Box(0)).toThrow("n is 0, expected a whole number of variables ≥ 1");
  });
  it("refuses starts, options and gradients that make no sense", () => {
    expect(() => new LbfgsB([1, Number.NaN])).toThrow("the start is NaN at variable 1");
    expect(() => new LbfgsB([1], new Box(2))).toThrow("the start has 1 entries, the box has 2");
    expect(() => new LbfgsB([1], new Box(1), { pairs: 0 })).toThrow("pairs is 0, expected a whole number ≥ 1");
    expect(() => new LbfgsB([1], new Box(1), { maxIterations: -1 })).toThrow(
      "maxIterations is -1, expected a number ≥ 0",
    );
    expect(() => new LbfgsB([1]).tell(0, [1, 2])).toThrow("the gradient has 2 entries, expected 1");
    const solver = new LbfgsB([1]);
    solver.tell(0, [0]);
    expect(() => solver.tell(0, [0])).toThrow("tell after the minimiser is done");
  });
});
