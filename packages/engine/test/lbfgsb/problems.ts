import { Box } from "../../src/lbfgsb/box.ts";

/** A bound-constrained problem: value and gradient, bounds, start. HS = Hock and Schittkowski 1981. */
export interface Problem {
  readonly name: string;
  readonly x0: readonly number[];
  readonly box: Box;
  readonly evaluate: (x: Float64Array, gradient: Float64Array) => number;
}

/** The example of the L-BFGS-B distribution: f = 4 [¼(x₁ − 1)² + Σ (xᵢ − xᵢ₋₁²)²]. */
export function driver1(n: number): Problem {
  const odd = (i: number) => i % 2 === 0; // the 1st, 3rd, … variable
  const lower = Array.from({ length: n }, (_, i) => (odd(i) ? 1 : -100));
  return {
    name: `driver1 n=${n}`,
    x0: new Array(n).fill(3),
    box: new Box(n, lower, 100),
    evaluate(x, g) {
      let f = 0.25 * (x[0]! - 1) ** 2;
      for (let i = 1; i < n; i++) f += (x[i]! - x[i - 1]! ** 2) ** 2;
      let t = x[1]! - x[0]! ** 2;
      g[0] = 2 * (x[0]! - 1) - 16 * x[0]! * t;
      for (let i = 1; i < n - 1; i++) {
        const last = t;
        t = x[i + 1]! - x[i]! ** 2;
        g[i] = 8 * last - 16 * x[i]! * t;
      }
      g[n - 1] = 8 * t;
      return 4 * f;
    },
  };
}

/** driver1 with the 4th and the 8th variable fixed at 1. */
export function driver1Fixed(): Problem {
  const { evaluate, x0, box } = driver1(25);
  const fix = (bounds: Float64Array) => bounds.map((bound, i) => (i === 3 || i === 7 ? 1 : bound));
  return { name: "driver1, two fixed", x0, box: new Box(25, fix(box.lower), fix(box.upper)), evaluate };
}

const rosenbrock = (x: Float64Array, g: Float64Array): number => {
  const [a, b] = x as unknown as [number, number];
  g[0] = -400 * a * (b - a * a) - 2 * (1 - a);
  g[1] = 200 * (b - a * a);
  return 100 * (b - a * a) ** 2 + (1 - a) ** 2;
};

export const hs1: Problem = { name: "HS1", x0: [-2, 1], box: new Box(2, [-Infinity, -1.5]), evaluate: rosenbrock };
export const hs2: Problem = { name: "HS2", x0: [-2, 1], box: new Box(2, [-Infinity, 1.5]), evaluate: rosenbrock };

export const hs3: Problem = {
  name: "HS3",
  x0: [10, 1],
  box: new Box(2, [-Infinity, 0]),
  evaluate(x, g) {
    const [a, b] = x as unknown as [number, number];
    g[0] = -2e-5 * (b - a);
    g[1] = 1 + 2e-5 * (b - a);
    return b + 1e-5 * (b - a) ** 2;
  },
};

export const hs4: Problem = {
  name: "HS4",
  x0: [1.125, 0.125],
  box: new Box(2, [1, 0]),
  evaluate(x, g) {
    g[0] = (x[0]! + 1) ** 2;
    g[1] = 1;
    return (x[0]! + 1) ** 3 / 3 + x[1]!;
  },
};

export const hs5: Problem = {
  name: "HS5",
  x0: [0, 0],
  box: new Box(2, [-1.5, -3], [4, 3]),
  evaluate(x, g) {
    const [a, b] = x as unknown as [number, number];
    g[0] = Math.cos(a + b) + 2 * (a - b) - 1.5;
    g[1] = Math.cos(a + b) - 2 * (a - b) + 2.5;
    return Math.sin(a + b) + (a - b) ** 2 - 1.5 * a + 2.5 * b + 1;
  },
};

/** Flat at its start: the method stops there after one iteration, as the Fortran does. */
export const hs25: Problem = {
  name: "HS25",
  x0: [100, 12.5, 3],
  box: new Box(3, [0.1, 0, 0], [100, 25.6, 5]),
  evaluate(x, g) {
    const [a, b, c] = x as unknown as [number, number, number];
    let f = 0;
    g.fill(0);
    for (let i = 1; i <= 99; i++) {
      const u = 25 + (-50 * Math.log(0.01 * i)) ** (2 / 3);
      const base = u - b;
      const power = base ** c;
      const e = Math.exp(-power / a);
      const residual = -0.01 * i + e;
      f += residual ** 2;
      g[0] = g[0]! + 2 * residual * e * (power / (a * a));
      g[1] = g[1]! + 2 * residual * e * ((c * base ** (c - 1)) / a);
      g[2] = g[2]! + 2 * residual * e * (-(power * Math.log(base)) / a);
    }
    return f;
  },
};

/** Colville's function. */
export const hs38: Problem = {
  name: "HS38",
  x0: [-3, -1, -3, -1],
  box: new Box(4, -10, 10),
  evaluate(x, g) {
    const [a, b, c, d] = x as unknown as [number, number, number, number];
    g[0] = -400 * a * (b - a * a) - 2 * (1 - a);
    g[1] = 200 * (b - a * a) + 20.2 * (b - 1) + 19.8 * (d - 1);
    g[2] = -360 * c * (d - c * c) - 2 * (1 - c);
    g[3] = 180 * (d - c * c) + 20.2 * (d - 1) + 19.8 * (b - 1);
    return (
      100 * (b - a * a) ** 2 +
      (1 - a) ** 2 +
      90 * (d - c * c) ** 2 +
      (1 - c) ** 2 +
      10.1 * ((b - 1) ** 2 + (d - 1) ** 2) +
      19.8 * (b - 1) * (d - 1)
    );
  },
};

export const hs45: Problem = {
  name: "HS45",
  x0: [2, 2, 2, 2, 2],
  box: new Box(5, 0, [1, 2, 3, 4, 5]),
  evaluate(x, g) {
    const product = x.reduce((a, b) => a * b, 1);
    for (let i = 0; i < 5; i++) g[i] = -x.reduce((a, b, j) => (i === j ? a : a * b), 1) / 120;
    return 2 - product / 120;
  },
};

export const hs110: Problem = {
  name: "HS110",
  x0: new Array(10).fill(9),
  box: new Box(10, 2.001, 9.999),
  evaluate(x, g) {
    let f = 0;
    const root = x.reduce((a, b) => a * b, 1) ** 0.2;
    for (let i = 0; i < 10; i++) {
      const low = Math.log(x[i]! - 2);
      const high = Math.log(10 - x[i]!);
      f += low ** 2 + high ** 2;
      g[i] = (2 * low) / (x[i]! - 2) - (2 * high) / (10 - x[i]!) - (0.2 * root) / x[i]!;
    }
    return f - root;
  },
};
