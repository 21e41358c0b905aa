import type { Box } from "./box.ts";
import type { PairMemory } from "./memory.ts";

/** Where a variable stands at the Cauchy point. */
export const FREE = 0;
const AT_LOWER = 1;
const AT_UPPER = 2;

/**
 * Generalised Cauchy point: the first local minimiser of the quadratic model along the projected steepest descent path
 * P(x − t g) (Byrd, Lu, Nocedal, Zhu 1995, algorithm CP). Buffers are made once, `find` allocates nothing.
 */
export class CauchyPoint {
  /** The point, [n]. */
  readonly x: Float64Array;
  /** FREE, or at which bound, [n]. */
  readonly where: Uint8Array;
  /** t where the search ended: free variables stand at x − t g. */
  time = 0;
  /** Wᵀ(cauchy − x), [2k]. */
  readonly c: Float64Array;
  /** Wᵀd for d = −g on the free variables and 0 elsewhere, [2k]. */
  readonly p: Float64Array;

  readonly #d: Float64Array;
  /** Breakpoints as a binary heap: time and variable. */
  readonly #times: Float64Array;
  readonly #variables: Int32Array;
  readonly #row: Float64Array;
  readonly #product: Float64Array;

  constructor(n: number, pairs: number) {
    this.x = new Float64Array(n);
    this.where = new Uint8Array(n);
    this.c = new Float64Array(2 * pairs);
    this.p = new Float64Array(2 * pairs);
    this.#d = new Float64Array(n);
    this.#times = new Float64Array(n);
    this.#variables = new Int32Array(n);
    this.#row = new Float64Array(2 * pairs);
    this.#product = new Float64Array(2 * pairs);
  }

  find(x: Float64Array, g: Float64Array, box: Box, memory: PairMemory): void {
    const { where, c, p } = this;
    const d = this.#d;
    const n = x.length;
    const k2 = 2 * memory.count;
    const { theta } = memory;
    const { lower, upper } = box;
    this.x.set(x);
    this.time = 0;
    c.fill(0, 0, k2);
    if (!box.constrained && k2 > 0) {
      // The model's minimum itself is wanted: the subspace step starts from x.
      where.fill(FREE);
      for (let i = 0; i < n; i++) d[i] = -g[i]!;
      memory.transposeTimes(d, p);
      return;
    }

    // Breakpoints: when each variable reaches its bound.
    const times = this.#times;
    const variables = this.#variables;
    let breaks = 0;
    let first = Infinity;
    let moving = 0;
    let unboundedMoves = false;
    let slope = 0; // f′ of the model along the path
    for (let i = 0; i < n; i++) {
      const di = -g[i]!;
      const toLower = x[i]! - lower[i]!;
      const toUpper = upper[i]! - x[i]!;
      where[i] = FREE;
      d[i] = 0;
      if (toLower <= 0 && toUpper <= 0)
        where[i] = AT_LOWER; // fixed: lower = upper
      else if (toLower <= 0 && di <= 0) where[i] = AT_LOWER;
      else if (toUpper <= 0 && di >= 0) where[i] = AT_UPPER;
      else if (di !== 0) {
        d[i] = di;
        moving++;
        slope -= di * di;
        const time = di < 0 ? toLower / -di : toUpper / di;
        if (time < Infinity) {
          if (time < first) first = time;
          times[breaks] = time;
          variables[breaks++] = i;
        } else unboundedMoves = true;
      }
    }
    if (moving === 0) {
      p.fill(0, 0, k2);
      return;
    }
    memory.transposeTimes(d, p);
    const v = this.#product;
    let curvature = -theta * slope;
    const smallest = Number.EPSILON * curvature;
    if (k2 > 0) {
      memory.middleTimes(p, v);
      curvature -= dot(v, p, k2);
    }
    let toMinimum = -slope / curvature;
    if (breaks > 0 && !(toMinimum < first)) {
      heapify(times, variables, breaks);
      const w = this.#row;
      let last = 0;
      let left = breaks;
      while (left > 0) {
        const dt = times[0]! - last;
        if (toMinimum < dt) break;
        last = times[0]!;
        const b = variables[0]!;
        popHeap(times, variables, left--);
        this.time = last;
        const db = d[b]!;
        d[b] = 0;
        moving--;
        where[b] = db > 0 ? AT_UPPER : AT_LOWER;
        const bound = db > 0 ? upper[b]! : lower[b]!;
        const z = bound - x[b]!;
        this.x[b] = bound;
        if (moving === 0) {
          // Every variable has reached its bound: the path ends here.
          for (let j = 0; j < k2; j++) c[j] = c[j]! + dt * p[j]!;
          p.fill(0, 0, k2);
          return;
        }
        slope += dt * curvature + db * db - theta * db * z;
        curvature -= theta * db * db;
        if (k2 > 0) {
          for (let j = 0; j < k2; j++) c[j] = c[j]! + dt * p[j]!;
          memory.row(b, w);
          memory.middleTimes(w, v);
          slope += db * dot(c, v, k2);
          curvature += 2 * db * dot(p, v, k2) - db * db * dot(w, v, k2);
          for (let j = 0; j < k2; j++) p[j] = p[j]! - db * w[j]!;
        }
        curvature = Math.max(smallest, curvature);
        toMinimum = left > 0 || unboundedMoves ? -slope / curvature : 0;
      }
    }
    const dt = Math.max(toMinimum, 0);
    this.time += dt;
    for (let j = 0; j < k2; j++) c[j] = c[j]! + dt * p[j]!;
    const cauchy = this.x;
    for (let i = 0; i < n; i++) {
      if (d[i] !== 0) {
        const xi = x[i]! + this.time * d[i]!;
        // Rounding can carry a variable a hair over a bound that it reaches later than t.
        cauchy[i] = Math.min(upper[i]!, Math.max(lower[i]!, xi));
      }
    }
  }
}

function dot(a: Float64Array, b: Float64Array, k: number): number {
  let sum = 0;
  for (let i = 0; i < k; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Makes the first `count` entries a heap with the earliest time on top. */
function heapify(times: Float64Array, variables: Int32Array, count: number): void {
  for (let i = (count >> 1) - 1; i >= 0; i--) sink(times, variables, count, i);
}

/** Removes the top of a heap of `count`. */
function popHeap(times: Float64Array, variables: Int32Array, count: number): void {
  times[0] = times[count - 1]!;
  variables[0] = variables[count - 1]!;
  sink(times, variables, count - 1, 0);
}

function sink(times: Float64Array, variables: Int32Array, count: number, at: number): void {
  const time = times[at]!;
  const variable = variables[at]!;
  let hole = at;
  for (;;) {
    let child = 2 * hole + 1;
    if (child >= count) break;
    if (child + 1 < count && times[child + 1]! < times[child]!) child++;
    if (times[child]! >= time) break;
    times[hole] = times[child]!;
    variables[hole] = variables[child]!;
    hole = child;
  }
  times[hole] = time;
  variables[hole] = variable;
}
