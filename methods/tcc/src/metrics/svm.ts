// A support vector classifier with an RBF kernel, one against one, by sequential minimal optimisation: what libsvm's
// C-SVC, and with it scikit-learn's SVC, computes. Working sets by second-order information (Fan, Chen and Lin 2005).

export interface SvmOptions {
  readonly C?: number;
  /** "scale" is 1/(d·var(X)), "auto" 1/d, as scikit-learn. */
  readonly gamma?: "scale" | "auto" | number;
  /** The largest violation of the optimality conditions that is left. */
  readonly tolerance?: number;
}

export type Rows = readonly ArrayLike<number>[];

export interface Svm {
  readonly classes: readonly number[];
  predict(rows: Rows): Int32Array;
  /** One value for each pair of classes: (0, 1), (0, 2), …, (1, 2), …; above 0 votes for the first. */
  decisions(rows: Rows): Float64Array[];
}

/** @throws RangeError when rows and labels do not match, or there is one class alone */
export function svm(
  rows: Rows,
  labels: ArrayLike<number>,
  { C = 1, gamma: chosen = "scale", tolerance = 1e-3 }: SvmOptions = {},
): Svm {
  if (rows.length !== labels.length || rows.length === 0)
    throw new RangeError(`svm: ${rows.length} rows, ${labels.length} labels`);
  const gamma = typeof chosen === "number" ? chosen : gammaOf(rows, chosen);
  const classes = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  const members = classes.map((label) => Array.from(rows.keys()).filter((i) => labels[i] === label));
  const machines = classes.flatMap((_, a) =>
    classes.slice(a + 1).map((_, k) => {
      const b = a + 1 + k;
      const own = [...members[a]!, ...members[b]!].map((i) => rows[i]!);
      const y = Float64Array.from(own, (_, i) => (i < members[a]!.length ? 1 : -1));
      return { a, b, ...solve(own, y, C, gamma, tolerance) };
    }),
  );
  const decide = (row: ArrayLike<number>): Float64Array =>
    Float64Array.from(machines, ({ support, weights, rho }) =>
      support.reduce((sum, other, i) => sum + weights[i]! * kernel(row, other, gamma), -rho),
    );
  return {
    classes,
    decisions: (asked) => asked.map(decide),
    predict: (asked) =>
      Int32Array.from(asked, (row) => {
        const votes = new Array<number>(classes.length).fill(0);
        const values = decide(row);
        for (const [i, { a, b }] of machines.entries()) votes[values[i]! > 0 ? a : b]!++;
        return classes[votes.indexOf(Math.max(...votes))]!; // the first of equal ones, as libsvm
      }),
  };
}

function gammaOf(rows: Rows, kind: "scale" | "auto"): number {
  const d = rows[0]!.length;
  if (kind === "auto") return 1 / d;
  const all = rows.flatMap((row) => Array.from(row));
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  const variance = all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length;
  return variance === 0 ? 1 : 1 / (d * variance);
}

function kernel(a: ArrayLike<number>, b: ArrayLike<number>, gamma: number): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += (a[d]! - b[d]!) ** 2;
  return Math.exp(-gamma * sum);
}

/** min ½αᵀQα − eᵀα with 0 ≤ α ≤ C and yᵀα = 0, Q = yyᵀ∘K. */
function solve(rows: Rows, y: Float64Array, C: number, gamma: number, tolerance: number) {
  const n = rows.length;
  const cache = new Map<number, Float64Array>();
  const column = (i: number): Float64Array => {
    let found = cache.get(i);
    if (!found) {
      found = Float64Array.from(rows, (row) => kernel(rows[i]!, row, gamma));
      cache.set(i, found);
      if (cache.size > 2000) cache.delete(cache.keys().next().value!);
    }
    return found;
  };
  const alpha = new Float64Array(n);
  const G = new Float64Array(n).fill(-1);
  const mayRise = (t: number) => (y[t]! > 0 ? alpha[t]! < C : alpha[t]! > 0);
  const mayFall = (t: number) => (y[t]! > 0 ? alpha[t]! > 0 : alpha[t]! < C);
  for (let iteration = 0; iteration < Math.max(1e6, 100 * n); iteration++) {
    let i = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let t = 0; t < n; t++) if (mayRise(t) && -y[t]! * G[t]! >= most) [i, most] = [t, -y[t]! * G[t]!];
    if (i < 0) break;
    const Ki = column(i);
    let j = -1;
    let least = Number.POSITIVE_INFINITY;
    let gain = Number.POSITIVE_INFINITY;
    for (let t = 0; t < n; t++) {
      if (!mayFall(t)) continue;
      const value = -y[t]! * G[t]!;
      least = Math.min(least, value);
      const difference = most - value;
      if (difference <= 0) continue;
      const curvature = Math.max(2 - 2 * Ki[t]!, 1e-12);
      const better = -(difference * difference) / curvature;
      if (better <= gain) [j, gain] = [t, better];
    }
    if (j < 0 || most - least < tolerance) break;
    const Kj = column(j);
    const [oldI, oldJ] = [alpha[i]!, alpha[j]!];
    // Along the line yᵀα = 0 by a step that both bounds allow.
    const curvature = Math.max(2 - 2 * Ki[j]!, 1e-12);
    let step = (most + y[j]! * G[j]!) / curvature;
    step = Math.min(step, y[i]! > 0 ? C - oldI : oldI, y[j]! > 0 ? oldJ : C - oldJ);
    alpha[i] = near(oldI + y[i]! * step, C);
    alpha[j] = near(oldJ - y[j]! * step, C);
    const [dI, dJ] = [alpha[i]! - oldI, alpha[j]! - oldJ];
    for (let t = 0; t < n; t++) G[t]! += y[t]! * (y[i]! * Ki[t]! * dI + y[j]! * Kj[t]! * dJ);
  }
  const support = Array.from(rows.keys()).filter((t) => alpha[t]! > 0);
  return {
    support: support.map((t) => rows[t]!),
    weights: Float64Array.from(support, (t) => y[t]! * alpha[t]!),
    rho: rhoOf(alpha, G, y, C),
  };
}

/** A bound is reached exactly, not by a rounding less. */
const near = (value: number, C: number): number => (value < 1e-12 * C ? 0 : value > C * (1 - 1e-12) ? C : value);

/** The mean of yG over free vectors; the middle of what the bounded ones allow where there are none. */
function rhoOf(alpha: Float64Array, G: Float64Array, y: Float64Array, C: number): number {
  let [sum, free, low, high] = [0, 0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let t = 0; t < y.length; t++) {
    const value = y[t]! * G[t]!;
    if (alpha[t]! > 0 && alpha[t]! < C) {
      sum += value;
      free++;
    } else if (alpha[t]! >= C === y[t]! > 0) low = Math.max(low, value);
    else high = Math.min(high, value);
  }
  return free > 0 ? sum / free : (low + high) / 2;
}
