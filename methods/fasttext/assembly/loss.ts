// Scores, loss and step of the four losses; the equations are in src/reference/loss.ts.
import { dot, dotRow, dots, stepRows } from "./rows";
import { Job, Matrix, Tables, Thread } from "./tables";

// @ts-ignore: decorator
@inline export const HS = 1;
// @ts-ignore: decorator
@inline export const NS = 2;
// @ts-ignore: decorator
@inline export const SOFTMAX = 3;
// @ts-ignore: decorator
@inline export const OVA = 4;

/** x ← 48271·x mod 2³¹ − 1. */
// @ts-ignore: decorator
@inline export function nextRandom(state: u32): u32 {
  const product = <u64>state * 48271;
  const folded = <u32>((product & 0x7fffffff) + (product >> 31));
  return folded >= 0x7fffffff ? folded - 0x7fffffff : folded;
}

/** Whole number from 0 to n − 1, from the thread's generator. */
export function below(t: Thread, n: u32): u32 {
  const scaling = <u32>0x7ffffffd / n;
  while (true) {
    t.random = nextRandom(t.random);
    const draw = (<u32>t.random - 1) / scaling;
    if (draw < n) return draw;
  }
}

// e^x for x ≤ 0: 2^n·e^r, |r| ≤ ln 2 / 2, e^r by a polynomial of degree 6 (Cephes' coefficients), 2 ulp.
// @ts-ignore: decorator
@inline function exp4(x: v128): v128 {
  x = f32x4.max(x, f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504088896341)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let y = f32x4.splat(1.9875691500e-4);
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.3981999507e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(8.3334519073e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(4.1665795894e-2));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.6666665459e-1));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(5.0000001201e-1));
  y = f32x4.add(f32x4.add(f32x4.mul(y, f32x4.mul(r, r)), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(y, power);
}

/** Products of all output rows with the hidden vector. */
export function products(m: Matrix, hidden: usize, scores: usize): void {
  if (m.values != 0) dots(m.values, m.dim, m.rows, hidden, scores);
  else for (let i = 0; i < m.rows; i++) store<f32>(scores + ((<usize>i) << 2), dotRow(m, i, hidden));
}

/** Softmax of `count` scores in place; the array has room for a multiple of four. Returns NaN when a score was NaN. */
export function softmax(scores: usize, count: i32): f32 {
  const end = scores + ((<usize>count) << 2);
  let max: f32 = -Infinity;
  for (let at = scores; at < end; at += 4) max = load<f32>(at) > max ? load<f32>(at) : max;
  for (let at = end; at & 15; at += 4) store<f32>(at, -Infinity);
  const m = f32x4.splat(max);
  let sums = f32x4.splat(0);
  for (let at = scores; at < end; at += 16) {
    // NaN stays NaN through the difference; lanes behind the end are e^(−∞), as good as 0.
    const x = f32x4.sub(v128.load(at), m);
    const e = v128.bitselect(exp4(x), x, f32x4.eq(x, x));
    v128.store(at, e);
    sums = f32x4.add(sums, e);
  }
  const sum =
    f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
  const scale = f32x4.splat(<f32>1 / sum);
  for (let at = scores; at < end; at += 16) v128.store(at, f32x4.mul(v128.load(at), scale));
  return sum;
}

// @ts-ignore: decorator
@inline export function sigmoid(t: Tables, x: f32): f32 {
  if (!(x >= -8)) return 0; // NaN too
  if (x > 8) return 1;
  return load<f32>(t.sigmoid + ((<usize>(<i32>(((x + 8) * 512) / 8 / 2))) << 2));
}

// @ts-ignore: decorator
@inline function negativeLog(job: Job, p: f32): f64 {
  if (job.tabledLoss) return p > 1 ? 0 : -(<f64>load<f32>(job.tables.logs + ((<usize>(<i32>(p * 512))) << 2)));
  return -Math.log(max(<f64>p, 1e-10));
}

/** Loss of a yes-or-no question at the product x: −ln σ(x) or −ln(1 − σ(x)), from a table of both. */
// @ts-ignore: decorator
@inline function binaryLoss(job: Job, x: f32, p: f32, positive: bool): f64 {
  if (job.tabledLoss || x < -8 || x > 8) return negativeLog(job, positive ? p : <f32>1 - p);
  return <f64>load<f32>(job.tables.sigmoidLogs + ((<usize>((<i32>(x * 32 + 256)) + (positive ? 0 : 513))) << 2));
}

function binary(job: Job, t: Thread, row: i32, positive: bool, rate: f32): f64 {
  const tables = job.tables;
  const m = tables.output;
  const at = m.values + (<usize>row) * ((<usize>m.dim) << 2);
  const product = dot(at, t.hidden, m.dim);
  if (product != product) return NaN;
  const p = sigmoid(tables, product);
  store<f32>(t.scores, rate * (<f32>(positive ? 1 : 0) - p));
  stepRows(at, m.dim, 1, t.hidden, t.grad, t.scores);
  return binaryLoss(job, product, p, positive);
}

/** Loss of the labels at the hidden vector and one step of it; NaN when a score was NaN. */
export function forward(job: Job, t: Thread, labels: usize, labelCount: i32, target: i32, rate: f32): f64 {
  const tables = job.tables;
  const m = tables.output;
  const label = load<i32>(labels + ((<usize>target) << 2));
  const count = m.rows;
  if (tables.loss == SOFTMAX) {
    products(m, t.hidden, t.scores);
    const sum = softmax(t.scores, count);
    if (sum != sum) return NaN;
    const loss = negativeLog(job, load<f32>(t.scores + ((<usize>label) << 2)));
    for (let i = 0; i < count; i += 4) {
      const at = t.scores + ((<usize>i) << 2);
      v128.store(at, f32x4.mul(f32x4.splat(-rate), v128.load(at)));
    }
    const own = t.scores + ((<usize>label) << 2);
    store<f32>(own, load<f32>(own) + rate);
    stepRows(m.values, m.dim, count, t.hidden, t.grad, t.scores);
    return loss;
  }
  if (tables.loss == OVA) {
    products(m, t.hidden, t.scores);
    let loss: f64 = 0;
    let sum: f32 = 0;
    for (let i = 0; i < count; i++) sum += load<f32>(t.scores + ((<usize>i) << 2));
    if (sum != sum) return NaN;
    for (let i = 0; i < count; i++) {
      const at = t.scores + ((<usize>i) << 2);
      const x = load<f32>(at);
      const p = sigmoid(tables, x);
      let positive = false;
      for (let j = 0; j < labelCount; j++) if (load<i32>(labels + ((<usize>j) << 2)) == i) positive = true;
      loss += binaryLoss(job, x, p, positive);
      store<f32>(at, rate * (<f32>(positive ? 1 : 0) - p));
    }
    stepRows(m.values, m.dim, count, t.hidden, t.grad, t.scores);
    return loss;
  }
  if (tables.loss == HS) {
    let loss: f64 = 0;
    const end = load<i32>(tables.pathStarts + ((<usize>label) << 2), 4);
    for (let i = load<i32>(tables.pathStarts + ((<usize>label) << 2)); i < end; i++) {
      const step = (<usize>i) << 2;
      loss += binary(job, t, load<i32>(tables.pathNodes + step), load<i32>(tables.pathCodes + step) == 1, rate);
    }
    return loss;
  }
  let loss = binary(job, t, label, true, rate);
  for (let n = 0; n < job.neg; n++) {
    let drawn = label;
    while (drawn == label) drawn = load<i32>(job.negatives + ((<usize>below(t, job.negativesLength)) << 2));
    loss += binary(job, t, drawn, false, rate);
  }
  return loss;
}
