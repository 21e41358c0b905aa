import { addOuter, choleskyInPlace, solveLower, solveLowerTransposed } from "./cholesky.ts";

/**
 * The limited-memory matrix B = θI − W M Wᵀ of the last m pairs s = Δx, y = Δg in its compact form, with
 * W = [Y θS] (n × 2k), M⁻¹ = [[−D, Lᵀ], [L, θSᵀS]], D and L the diagonal and strict lower triangle of SᵀY
 * (Byrd, Lu, Nocedal, Zhu 1995, eq. 3.2–3.4). k = `count` pairs are held, oldest first.
 *
 * Besides SᵀY and SᵀS the products restricted to the free variables F and to the active ones A are kept, as the subspace
 * step needs them; `freeTo` moves single variables between the sets, so an iteration costs O(mn), never O(m²n).
 */
export class PairMemory {
  readonly n: number;
  readonly capacity: number;
  count = 0;
  theta: number;
  /** S[j], Y[j]: pair j, each [n]. */
  readonly S: Float64Array[];
  readonly Y: Float64Array[];
  // All [m, m] with row stride m. Sums over every variable:
  readonly ss: Float64Array;
  /** sᵢᵀyⱼ for i ≥ j. */
  readonly sy: Float64Array;
  // Sums over the free or the active variables:
  readonly yyFree: Float64Array;
  readonly ssActive: Float64Array;
  /** i > j: sᵢᵀyⱼ over A (the paper's L_A); i ≤ j: sᵢᵀyⱼ over F (R_F). */
  readonly syMixed: Float64Array;
  /** 1 where the sums above count a variable as free, 0 where as active. */
  readonly free: Float64Array;

  /** Cholesky factor J of T = θSᵀS + L D⁻¹ Lᵀ. */
  readonly #J: Float64Array;
  readonly #sFree: Float64Array;
  readonly #yFree: Float64Array;
  readonly #half: Float64Array;

  readonly #firstTheta: number;

  /** @param firstTheta  θ before there are pairs */
  constructor(n: number, capacity: number, firstTheta = 1) {
    this.n = n;
    this.capacity = capacity;
    this.theta = firstTheta;
    this.#firstTheta = firstTheta;
    const m = capacity;
    this.S = Array.from({ length: m }, () => new Float64Array(n));
    this.Y = Array.from({ length: m }, () => new Float64Array(n));
    this.ss = new Float64Array(m * m);
    this.sy = new Float64Array(m * m);
    this.yyFree = new Float64Array(m * m);
    this.ssActive = new Float64Array(m * m);
    this.syMixed = new Float64Array(m * m);
    this.free = new Float64Array(n).fill(1);
    this.#J = new Float64Array(m * m);
    this.#sFree = new Float64Array(n);
    this.#yFree = new Float64Array(n);
    this.#half = new Float64Array(m);
  }

  /** Forgets every pair: B = θI with the first θ. */
  clear(): void {
    this.count = 0;
    this.theta = this.#firstTheta;
  }

  /**
   * Adds the pair s = step·d, y = g − gOld, dropping the oldest when full; θ = yᵀy / sᵀy.
   * @returns false if T lost its positive definiteness to rounding (the caller clears the memory)
   */
  push(d: Float64Array, step: number, g: Float64Array, gOld: Float64Array): boolean {
    if (this.count === this.capacity) this.#dropOldest();
    const { n, capacity: m, free, S, Y, ss, sy, yyFree, ssActive, syMixed } = this;
    const k = this.count++;
    const s = S[k]!;
    const y = Y[k]!;
    const sF = this.#sFree;
    const yF = this.#yFree;
    let yy = 0;
    for (let i = 0; i < n; i++) {
      const si = step * d[i]!;
      const yi = g[i]! - gOld[i]!;
      s[i] = si;
      y[i] = yi;
      sF[i] = si * free[i]!;
      yF[i] = yi * free[i]!;
      yy += yi * yi;
    }
    for (let j = 0; j <= k; j++) {
      const sj = S[j]!;
      const yj = Y[j]!;
      let sSum = 0; // sᵀsⱼ
      let sSumF = 0;
      let rowSum = 0; // sᵀyⱼ
      let rowSumF = 0;
      let colSumF = 0; // sⱼᵀy over F
      let yySumF = 0;
      for (let i = 0; i < n; i++) {
        const a = sj[i]!;
        const b = yj[i]!;
        const si = s[i]!;
        const siF = sF[i]!;
        const yiF = yF[i]!;
        sSum += si * a;
        rowSum += si * b;
        sSumF += siF * a;
        rowSumF += siF * b;
        colSumF += yiF * a;
        yySumF += yiF * b;
      }
      ss[k * m + j] = ss[j * m + k] = sSum;
      ssActive[k * m + j] = ssActive[j * m + k] = sSum - sSumF;
      yyFree[k * m + j] = yyFree[j * m + k] = yySumF;
      sy[k * m + j] = rowSum;
      syMixed[k * m + j] = rowSum - rowSumF;
      syMixed[j * m + k] = colSumF; // written last: on the diagonal the free sum is the one kept
    }
    this.theta = yy / sy[k * m + k]!;
    return this.#factor();
  }

  /** Counts variable i as free or active from here on. */
  freeTo(i: number, isFree: boolean): void {
    const { S, Y, capacity: m, count: k, yyFree, ssActive, syMixed } = this;
    const sign = isFree ? 1 : -1;
    this.free[i] = isFree ? 1 : 0;
    for (let a = 0; a < k; a++) {
      const sa = sign * S[a]![i]!;
      const ya = sign * Y[a]![i]!;
      for (let b = 0; b < k; b++) {
        const sb = S[b]![i]!;
        const yb = Y[b]![i]!;
        yyFree[a * m + b] = yyFree[a * m + b]! + ya * yb;
        ssActive[a * m + b] = ssActive[a * m + b]! - sa * sb;
        syMixed[a * m + b] = syMixed[a * m + b]! + (a > b ? -sa * yb : sa * yb);
      }
    }
  }

  /** out = Wᵀv, [2k]: first Yᵀv, then θSᵀv. */
  transposeTimes(v: Float64Array, out: Float64Array): void {
    const { n, count: k, theta, S, Y } = this;
    for (let j = 0; j < k; j++) {
      const s = S[j]!;
      const y = Y[j]!;
      // Two accumulators each, so that additions do not wait for one another.
      let ys = 0;
      let ss = 0;
      let ys2 = 0;
      let ss2 = 0;
      let i = 0;
      for (; i + 1 < n; i += 2) {
        const a = v[i]!;
        const b = v[i + 1]!;
        ys += y[i]! * a;
        ss += s[i]! * a;
        ys2 += y[i + 1]! * b;
        ss2 += s[i + 1]! * b;
      }
      if (i < n) {
        ys += y[i]! * v[i]!;
        ss += s[i]! * v[i]!;
      }
      out[j] = ys + ys2;
      out[k + j] = theta * (ss + ss2);
    }
  }

  /** out = row i of W, [2k]. */
  row(i: number, out: Float64Array): void {
    const { count: k, theta, S, Y } = this;
    for (let j = 0; j < k; j++) {
      out[j] = Y[j]![i]!;
      out[k + j] = theta * S[j]![i]!;
    }
  }

  /** out = M v, both [2k]: with v = [v₁; v₂], T b = v₂ + L D⁻¹ v₁, then a = D⁻¹(Lᵀb − v₁). `out` may not be `v`. */
  middleTimes(v: Float64Array, out: Float64Array): void {
    const { count: k, capacity: m, sy } = this;
    const half = this.#half;
    for (let j = 0; j < k; j++) half[j] = v[j]! / sy[j * m + j]!;
    for (let i = 0; i < k; i++) {
      let sum = v[k + i]!;
      for (let j = 0; j < i; j++) sum += sy[i * m + j]! * half[j]!;
      out[k + i] = sum;
    }
    solveLower(this.#J, k, m, out, k);
    solveLowerTransposed(this.#J, k, m, out, k);
    for (let j = 0; j < k; j++) {
      let sum = 0;
      for (let i = j + 1; i < k; i++) sum += sy[i * m + j]! * out[k + i]!;
      out[j] = sum / sy[j * m + j]! - half[j]!;
    }
  }

  /** T = θSᵀS + L D⁻¹ Lᵀ and its Cholesky factor. */
  #factor(): boolean {
    const { count: k, capacity: m, sy, ss, theta } = this;
    const J = this.#J;
    for (let i = 0; i < k; i++) for (let j = 0; j <= i; j++) J[i * m + j] = theta * ss[i * m + j]!;
    for (let c = 0; c < k; c++) addOuter(J, k, m, sy, c, 1 / sy[c * m + c]!);
    return choleskyInPlace(J, k, m);
  }

  #dropOldest(): void {
    const m = this.capacity;
    this.S.push(this.S.shift()!);
    this.Y.push(this.Y.shift()!);
    // Row and column 0 go: entry (i, j) becomes (i − 1, j − 1), m + 1 places earlier.
    for (const matrix of [this.ss, this.sy, this.yyFree, this.ssActive, this.syMixed]) matrix.copyWithin(0, m + 1);
    this.count = m - 1;
  }
}
