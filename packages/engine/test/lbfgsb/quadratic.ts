/** Seeded uniform numbers in [0, 1) (mulberry32); enough for test problems. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal numbers by Box and Muller. */
function normal(seed: number): () => number {
  const random = uniform(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * ½ xᵀAx − bᵀx over [0, 1]ⁿ, A = QQᵀ/n + I, whose solution is known: a third of x* at 0, a third at 1, the rest inside,
 * with multipliers of at least 0.1 at the bounds.
 */
export function plantedQuadratic(n: number, seed: number) {
  const random = uniform(seed);
  const gauss = normal(seed + 1);
  const Q = Float64Array.from({ length: n * n }, gauss);
  const solution = Float64Array.from({ length: n }, (_, i) =>
    i % 3 === 0 ? 0 : i % 3 === 1 ? 1 : 0.1 + 0.8 * random(),
  );
  const multiply = (x: Float64Array, out: Float64Array) => {
    const q = new Float64Array(n); // Qᵀx
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) q[j] = q[j]! + Q[i * n + j]! * x[i]!;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += Q[i * n + j]! * q[j]!;
      out[i] = sum / n + x[i]!;
    }
  };
  const b = new Float64Array(n);
  multiply(solution, b);
  for (let i = 0; i < n; i++) {
    const multiplier = 0.1 + random();
    b[i] = b[i]! - (i % 3 === 0 ? multiplier : i % 3 === 1 ? -multiplier : 0);
  }
  const evaluate = (x: Float64Array, g: Float64Array): number => {
    multiply(x, g);
    let f = 0;
    for (let i = 0; i < n; i++) {
      f += x[i]! * (0.5 * g[i]! - b[i]!);
      g[i] = g[i]! - b[i]!;
    }
    return f;
  };
  return { evaluate, solution };
}
