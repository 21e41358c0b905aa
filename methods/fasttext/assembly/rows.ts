// Rows of float32 with 128-bit SIMD: means, products, steps. Rows are cut into blocks of 16 numbers that stay in
// registers while all rows pass; what is left of a row is cut into vectors of four, a pair and a single.
import { Matrix } from "./tables";

// V vectors of four, then a pair (P), then a single (S): constants wherever these are called, so the ifs vanish.

// @ts-ignore: decorator
@inline function meanBlock(base: usize, rowBytes: usize, rows: usize, end: usize, out: usize, scale: f32, V: i32, P: bool, S: bool): void {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  let p = f32x4.splat(0);
  let s: f32 = 0;
  for (let row = rows; row < end; row += 4) {
    const at = base + (<usize>load<u32>(row)) * rowBytes;
    if (V > 0) a = f32x4.add(a, v128.load(at));
    if (V > 1) b = f32x4.add(b, v128.load(at, 16));
    if (V > 2) c = f32x4.add(c, v128.load(at, 32));
    if (V > 3) d = f32x4.add(d, v128.load(at, 48));
    if (P) p = f32x4.add(p, v128.load64_zero(at + V * 16));
    if (S) s += load<f32>(at + V * 16 + (P ? 8 : 0));
  }
  const k = f32x4.splat(scale);
  if (V > 0) v128.store(out, f32x4.mul(a, k));
  if (V > 1) v128.store(out, f32x4.mul(b, k), 16);
  if (V > 2) v128.store(out, f32x4.mul(c, k), 32);
  if (V > 3) v128.store(out, f32x4.mul(d, k), 48);
  if (P) v128.store64_lane(out + V * 16, f32x4.mul(p, k), 0);
  if (S) store<f32>(out + V * 16 + (P ? 8 : 0), s * scale);
}

/** out = scale · Σ rows of a dense matrix. */
export function mean(base: usize, dim: i32, rows: usize, end: usize, out: usize, scale: f32): void {
  const rowBytes = (<usize>dim) << 2;
  let left = dim;
  for (; left >= 16; left -= 16) {
    meanBlock(base, rowBytes, rows, end, out, scale, 4, false, false);
    base += 64;
    out += 64;
  }
  switch (left) {
    case 1: meanBlock(base, rowBytes, rows, end, out, scale, 0, false, true); break;
    case 2: meanBlock(base, rowBytes, rows, end, out, scale, 0, true, false); break;
    case 3: meanBlock(base, rowBytes, rows, end, out, scale, 0, true, true); break;
    case 4: meanBlock(base, rowBytes, rows, end, out, scale, 1, false, false); break;
    case 5: meanBlock(base, rowBytes, rows, end, out, scale, 1, false, true); break;
    case 6: meanBlock(base, rowBytes, rows, end, out, scale, 1, true, false); break;
    case 7: meanBlock(base, rowBytes, rows, end, out, scale, 1, true, true); break;
    case 8: meanBlock(base, rowBytes, rows, end, out, scale, 2, false, false); break;
    case 9: meanBlock(base, rowBytes, rows, end, out, scale, 2, false, true); break;
    case 10: meanBlock(base, rowBytes, rows, end, out, scale, 2, true, false); break;
    case 11: meanBlock(base, rowBytes, rows, end, out, scale, 2, true, true); break;
    case 12: meanBlock(base, rowBytes, rows, end, out, scale, 3, false, false); break;
    case 13: meanBlock(base, rowBytes, rows, end, out, scale, 3, false, true); break;
    case 14: meanBlock(base, rowBytes, rows, end, out, scale, 3, true, false); break;
    case 15: meanBlock(base, rowBytes, rows, end, out, scale, 3, true, true); break;
  }
}

// @ts-ignore: decorator
@inline function addBlock(base: usize, rowBytes: usize, rows: usize, end: usize, grad: usize, V: i32, P: bool, S: bool): void {
  const a = V > 0 ? v128.load(grad) : f32x4.splat(0);
  const b = V > 1 ? v128.load(grad, 16) : f32x4.splat(0);
  const c = V > 2 ? v128.load(grad, 32) : f32x4.splat(0);
  const d = V > 3 ? v128.load(grad, 48) : f32x4.splat(0);
  const p = P ? v128.load64_zero(grad + V * 16) : f32x4.splat(0);
  const s: f32 = S ? load<f32>(grad + V * 16 + (P ? 8 : 0)) : 0;
  for (let row = rows; row < end; row += 4) {
    const at = base + (<usize>load<u32>(row)) * rowBytes;
    if (V > 0) v128.store(at, f32x4.add(a, v128.load(at)));
    if (V > 1) v128.store(at, f32x4.add(b, v128.load(at, 16)), 16);
    if (V > 2) v128.store(at, f32x4.add(c, v128.load(at, 32)), 32);
    if (V > 3) v128.store(at, f32x4.add(d, v128.load(at, 48)), 48);
    if (P) v128.store64_lane(at + V * 16, f32x4.add(p, v128.load64_zero(at + V * 16)), 0);
    if (S) store<f32>(at + V * 16 + (P ? 8 : 0), s + load<f32>(at + V * 16 + (P ? 8 : 0)));
  }
}

/** Every row += grad. */
export function addToRows(base: usize, dim: i32, rows: usize, end: usize, grad: usize): void {
  const rowBytes = (<usize>dim) << 2;
  let left = dim;
  for (; left >= 16; left -= 16) {
    addBlock(base, rowBytes, rows, end, grad, 4, false, false);
    base += 64;
    grad += 64;
  }
  switch (left) {
    case 1: addBlock(base, rowBytes, rows, end, grad, 0, false, true); break;
    case 2: addBlock(base, rowBytes, rows, end, grad, 0, true, false); break;
    case 3: addBlock(base, rowBytes, rows, end, grad, 0, true, true); break;
    case 4: addBlock(base, rowBytes, rows, end, grad, 1, false, false); break;
    case 5: addBlock(base, rowBytes, rows, end, grad, 1, false, true); break;
    case 6: addBlock(base, rowBytes, rows, end, grad, 1, true, false); break;
    case 7: addBlock(base, rowBytes, rows, end, grad, 1, true, true); break;
    case 8: addBlock(base, rowBytes, rows, end, grad, 2, false, false); break;
    case 9: addBlock(base, rowBytes, rows, end, grad, 2, false, true); break;
    case 10: addBlock(base, rowBytes, rows, end, grad, 2, true, false); break;
    case 11: addBlock(base, rowBytes, rows, end, grad, 2, true, true); break;
    case 12: addBlock(base, rowBytes, rows, end, grad, 3, false, false); break;
    case 13: addBlock(base, rowBytes, rows, end, grad, 3, false, true); break;
    case 14: addBlock(base, rowBytes, rows, end, grad, 3, true, false); break;
    case 15: addBlock(base, rowBytes, rows, end, grad, 3, true, true); break;
  }
}

// @ts-ignore: decorator
@inline function stepBlock(base: usize, rowBytes: usize, count: i32, hidden: usize, grad: usize, alphas: usize, V: i32, P: bool, S: bool): void {
  const ha = V > 0 ? v128.load(hidden) : f32x4.splat(0);
  const hb = V > 1 ? v128.load(hidden, 16) : f32x4.splat(0);
  const hc = V > 2 ? v128.load(hidden, 32) : f32x4.splat(0);
  const hd = V > 3 ? v128.load(hidden, 48) : f32x4.splat(0);
  const hp = P ? v128.load64_zero(hidden + V * 16) : f32x4.splat(0);
  const hs: f32 = S ? load<f32>(hidden + V * 16 + (P ? 8 : 0)) : 0;
  let ga = V > 0 ? v128.load(grad) : f32x4.splat(0);
  let gb = V > 1 ? v128.load(grad, 16) : f32x4.splat(0);
  let gc = V > 2 ? v128.load(grad, 32) : f32x4.splat(0);
  let gd = V > 3 ? v128.load(grad, 48) : f32x4.splat(0);
  let gp = P ? v128.load64_zero(grad + V * 16) : f32x4.splat(0);
  let gs: f32 = S ? load<f32>(grad + V * 16 + (P ? 8 : 0)) : 0;
  let at = base;
  for (let i = 0; i < count; i++, at += rowBytes) {
    const alpha = v128.load32_splat(alphas + ((<usize>i) << 2));
    if (V > 0) {
      const w = v128.load(at);
      ga = f32x4.add(ga, f32x4.mul(alpha, w));
      v128.store(at, f32x4.add(w, f32x4.mul(alpha, ha)));
    }
    if (V > 1) {
      const w = v128.load(at, 16);
      gb = f32x4.add(gb, f32x4.mul(alpha, w));
      v128.store(at, f32x4.add(w, f32x4.mul(alpha, hb)), 16);
    }
    if (V > 2) {
      const w = v128.load(at, 32);
      gc = f32x4.add(gc, f32x4.mul(alpha, w));
      v128.store(at, f32x4.add(w, f32x4.mul(alpha, hc)), 32);
    }
    if (V > 3) {
      const w = v128.load(at, 48);
      gd = f32x4.add(gd, f32x4.mul(alpha, w));
      v128.store(at, f32x4.add(w, f32x4.mul(alpha, hd)), 48);
    }
    if (P) {
      const w = v128.load64_zero(at + V * 16);
      gp = f32x4.add(gp, f32x4.mul(alpha, w));
      v128.store64_lane(at + V * 16, f32x4.add(w, f32x4.mul(alpha, hp)), 0);
    }
    if (S) {
      const k = load<f32>(alphas + ((<usize>i) << 2));
      const w = load<f32>(at + V * 16 + (P ? 8 : 0));
      gs += k * w;
      store<f32>(at + V * 16 + (P ? 8 : 0), w + k * hs);
    }
  }
  if (V > 0) v128.store(grad, ga);
  if (V > 1) v128.store(grad, gb, 16);
  if (V > 2) v128.store(grad, gc, 32);
  if (V > 3) v128.store(grad, gd, 48);
  if (P) v128.store64_lane(grad + V * 16, gp, 0);
  if (S) store<f32>(grad + V * 16 + (P ? 8 : 0), gs);
}

/** For `count` rows from `base` on: grad += alphaᵢ·row, then row += alphaᵢ·hidden. */
export function stepRows(base: usize, dim: i32, count: i32, hidden: usize, grad: usize, alphas: usize): void {
  const rowBytes = (<usize>dim) << 2;
  let left = dim;
  for (; left >= 16; left -= 16) {
    stepBlock(base, rowBytes, count, hidden, grad, alphas, 4, false, false);
    base += 64;
    hidden += 64;
    grad += 64;
  }
  switch (left) {
    case 1: stepBlock(base, rowBytes, count, hidden, grad, alphas, 0, false, true); break;
    case 2: stepBlock(base, rowBytes, count, hidden, grad, alphas, 0, true, false); break;
    case 3: stepBlock(base, rowBytes, count, hidden, grad, alphas, 0, true, true); break;
    case 4: stepBlock(base, rowBytes, count, hidden, grad, alphas, 1, false, false); break;
    case 5: stepBlock(base, rowBytes, count, hidden, grad, alphas, 1, false, true); break;
    case 6: stepBlock(base, rowBytes, count, hidden, grad, alphas, 1, true, false); break;
    case 7: stepBlock(base, rowBytes, count, hidden, grad, alphas, 1, true, true); break;
    case 8: stepBlock(base, rowBytes, count, hidden, grad, alphas, 2, false, false); break;
    case 9: stepBlock(base, rowBytes, count, hidden, grad, alphas, 2, false, true); break;
    case 10: stepBlock(base, rowBytes, count, hidden, grad, alphas, 2, true, false); break;
    case 11: stepBlock(base, rowBytes, count, hidden, grad, alphas, 2, true, true); break;
    case 12: stepBlock(base, rowBytes, count, hidden, grad, alphas, 3, false, false); break;
    case 13: stepBlock(base, rowBytes, count, hidden, grad, alphas, 3, false, true); break;
    case 14: stepBlock(base, rowBytes, count, hidden, grad, alphas, 3, true, false); break;
    case 15: stepBlock(base, rowBytes, count, hidden, grad, alphas, 3, true, true); break;
  }
}

// @ts-ignore: decorator
@inline function sumLanes(a: v128): f32 {
  const b = f32x4.add(a, v128.shuffle<f32>(a, a, 2, 3, 0, 1));
  return f32x4.extract_lane(b, 0) + f32x4.extract_lane(b, 1);
}

/** Σ a[d]·b[d]. */
export function dot(a: usize, b: usize, dim: i32): f32 {
  let x = f32x4.splat(0);
  let y = f32x4.splat(0);
  let left = dim;
  for (; left >= 8; left -= 8) {
    x = f32x4.add(x, f32x4.mul(v128.load(a), v128.load(b)));
    y = f32x4.add(y, f32x4.mul(v128.load(a, 16), v128.load(b, 16)));
    a += 32;
    b += 32;
  }
  if (left & 4) {
    x = f32x4.add(x, f32x4.mul(v128.load(a), v128.load(b)));
    a += 16;
    b += 16;
  }
  if (left & 2) {
    y = f32x4.add(y, f32x4.mul(v128.load64_zero(a), v128.load64_zero(b)));
    a += 8;
    b += 8;
  }
  const sum = sumLanes(f32x4.add(x, y));
  return left & 1 ? sum + load<f32>(a) * load<f32>(b) : sum;
}

/** scores[i] = row i · vector, for all rows from `base` on. */
export function dots(base: usize, dim: i32, count: i32, vector: usize, scores: usize): void {
  const rowBytes = (<usize>dim) << 2;
  let i = 0;
  // Four rows at a time: the vector is read once for all of them.
  for (; i + 4 <= count; i += 4, base += 4 * rowBytes) {
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let d = f32x4.splat(0);
    let r0 = base;
    let r1 = base + rowBytes;
    let r2 = r1 + rowBytes;
    let r3 = r2 + rowBytes;
    let v = vector;
    const end = base + (rowBytes & ~15);
    for (; r0 < end; r0 += 16, r1 += 16, r2 += 16, r3 += 16, v += 16) {
      const h = v128.load(v);
      a = f32x4.add(a, f32x4.mul(h, v128.load(r0)));
      b = f32x4.add(b, f32x4.mul(h, v128.load(r1)));
      c = f32x4.add(c, f32x4.mul(h, v128.load(r2)));
      d = f32x4.add(d, f32x4.mul(h, v128.load(r3)));
    }
    if (dim & 2) {
      const h = v128.load64_zero(v);
      a = f32x4.add(a, f32x4.mul(h, v128.load64_zero(r0)));
      b = f32x4.add(b, f32x4.mul(h, v128.load64_zero(r1)));
      c = f32x4.add(c, f32x4.mul(h, v128.load64_zero(r2)));
      d = f32x4.add(d, f32x4.mul(h, v128.load64_zero(r3)));
      r0 += 8, r1 += 8, r2 += 8, r3 += 8, v += 8;
    }
    // Transposed addition: lane j of the sum is row j's product.
    const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
    const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
    let sum = f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
    if (dim & 1) {
      const h = load<f32>(v);
      sum = f32x4.add(sum, f32x4(h * load<f32>(r0), h * load<f32>(r1), h * load<f32>(r2), h * load<f32>(r3)));
    }
    v128.store(scores + ((<usize>i) << 2), sum);
  }
  for (; i < count; i++, base += rowBytes) store<f32>(scores + ((<usize>i) << 2), dot(base, vector, dim));
}

// Quantised rows.

// @ts-ignore: decorator
@inline function normOf(m: Matrix, row: i32): f32 {
  return m.normCodes == 0 ? 1 : load<f32>(m.normCentroids + ((<usize>load<u8>(m.normCodes + row)) << 2));
}

/** target += row of a matrix of either kind. */
export function addRow(m: Matrix, row: i32, target: usize): void {
  if (m.values != 0) {
    const from = m.values + (<usize>row) * ((<usize>m.dim) << 2);
    for (let d: usize = 0; d < (<usize>m.dim) << 2; d += 4) store<f32>(target + d, load<f32>(target + d) + load<f32>(from + d));
    return;
  }
  const norm = normOf(m, row);
  const codes = m.codes + (<usize>row) * m.parts;
  let part = m.centroids;
  for (let i = 0; i < m.parts; i++, part += (<usize>m.partDim) << 10) {
    const length = i == m.parts - 1 ? m.lastDim : m.partDim;
    const centroid = part + (((<usize>load<u8>(codes + i)) * length) << 2);
    for (let d: usize = 0; d < (<usize>length) << 2; d += 4, target += 4) store<f32>(target, load<f32>(target) + norm * load<f32>(centroid + d));
  }
}

/** Row · vector, for a matrix of either kind. */
export function dotRow(m: Matrix, row: i32, vector: usize): f32 {
  if (m.values != 0) return dot(m.values + (<usize>row) * ((<usize>m.dim) << 2), vector, m.dim);
  const codes = m.codes + (<usize>row) * m.parts;
  let part = m.centroids;
  let sum: f32 = 0;
  for (let i = 0; i < m.parts; i++, part += (<usize>m.partDim) << 10) {
    const length = i == m.parts - 1 ? m.lastDim : m.partDim;
    const centroid = part + (((<usize>load<u8>(codes + i)) * length) << 2);
    for (let d: usize = 0; d < (<usize>length) << 2; d += 4, vector += 4) sum += load<f32>(vector) * load<f32>(centroid + d);
  }
  return sum * normOf(m, row);
}

/** hidden = mean of rows of a matrix of either kind. */
export function average(m: Matrix, rows: usize, count: i32, hidden: usize): void {
  const end = rows + ((<usize>count) << 2);
  const scale = <f32>(1.0 / <f64>count);
  if (m.values != 0) {
    mean(m.values, m.dim, rows, end, hidden, scale);
    return;
  }
  memory.fill(hidden, 0, (<usize>m.dim) << 2);
  for (; rows < end; rows += 4) addRow(m, load<i32>(rows), hidden);
  for (let d: usize = 0; d < (<usize>m.dim) << 2; d += 4) store<f32>(hidden + d, load<f32>(hidden + d) * scale);
}

/** Four numbers uniform in (−a, a), each from its place and the seed alone: murmur3's last mix. */
// @ts-ignore: decorator
@inline function uniform4(places: v128, seeds: v128, steps: v128, as: v128): v128 {
  let x = i32x4.add(i32x4.mul(places, i32x4.splat(0x9e3779b1)), seeds);
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x85ebca6b));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 13)), i32x4.splat(0xc2b2ae35));
  x = i32x4.shr_u(v128.xor(x, i32x4.shr_u(x, 16)), 8);
  return f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(x), steps), as);
}

/** Uniform numbers in (−a, a), so that order is free: `first` is the place of the first. */
export function fillUniform(values: usize, count: i32, a: f32, seed: u32, first: u32): void {
  const steps = f32x4.splat(a / 8388608);
  const as = f32x4.splat(a);
  const seeds = i32x4.splat(seed * 0x85ebca6b);
  let places = i32x4.add(i32x4.splat(first + 1), i32x4(0, 1, 2, 3));
  for (; count >= 4; count -= 4, values += 16) {
    v128.store(values, uniform4(places, seeds, steps, as));
    places = i32x4.add(places, i32x4.splat(4));
  }
  if (count == 0) return;
  const left = uniform4(places, seeds, steps, as);
  if (count == 1) v128.store32_lane(values, left, 0);
  else {
    v128.store64_lane(values, left, 0);
    if (count == 3) v128.store32_lane(values, left, 2, 8);
  }
}
