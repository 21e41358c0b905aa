import type { Box } from "./box.ts";
import { type CauchyPoint, FREE } from "./cauchy.ts";
import { choleskyInPlace, solveLower, solveLowerTransposed } from "./cholesky.ts";
import type { PairMemory } from "./memory.ts";

/**
 * Minimises the quadratic model over the variables that are free at the Cauchy point, then returns to the box by
 * projection (Morales and Nocedal 2011), or, where the projected point is no descent direction, by truncating the step.
 *
 * With F the free variables, Z their columns of the identity, r = −Zᵀ(g + B(cauchy − x)):
 * d = r/θ + W_F K⁻¹ W_Fᵀ r / θ², K = M⁻¹ − W_FᵀW_F/θ = [[−(D + Y_FᵀY_F/θ), Qᵀ], [Q, θ S_AᵀS_A]], Q = L_A − R_F.
 * r itself is never formed: every product it needs is a small matrix times the Cauchy point's c and p.
 */
export class SubspaceStep {
  /** The minimiser in the box, [n]. */
  readonly z: Float64Array;

  readonly #d: Float64Array;
  readonly #P: Float64Array;
  readonly #X: Float64Array;
  readonly #C: Float64Array;
  /** Mc, Wᵀr and K⁻¹Wᵀr, each [2m]. */
  readonly #mc: Float64Array;
  readonly #v: Float64Array;

  constructor(n: number, pairs: number) {
    this.z = new Float64Array(n);
    this.#d = new Float64Array(n);
    this.#P = new Float64Array(pairs * pairs);
    this.#X = new Float64Array(pairs * pairs);
    this.#C = new Float64Array(pairs * pairs);
    this.#mc = new Float64Array(2 * pairs);
    this.#v = new Float64Array(2 * pairs);
  }

  /** Fills `z`. @returns false if K lost its definiteness to rounding (the caller clears the memory) */
  find(x: Float64Array, g: Float64Array, box: Box, memory: PairMemory, cauchy: CauchyPoint): boolean {
    const { z } = this;
    z.set(cauchy.x);
    if (countFree(cauchy.where, memory) === 0 || memory.count === 0) return true;
    if (!this.#direction(g, memory, cauchy)) return false;

    const { lower, upper, n } = box;
    const { where } = cauchy;
    const d = this.#d;
    let blocked = false;
    let descent = 0; // (z − x)ᵀg
    for (let i = 0; i < n; i++) {
      if (where[i] === FREE) {
        const zi = Math.min(upper[i]!, Math.max(lower[i]!, z[i]! + d[i]!));
        blocked ||= zi === lower[i]! || zi === upper[i]!;
        z[i] = zi;
      }
      descent += (z[i]! - x[i]!) * g[i]!;
    }
    if (blocked && descent > 0) this.#truncate(box, cauchy);
    return true;
  }

  /** d on the free variables. */
  #direction(g: Float64Array, memory: PairMemory, cauchy: CauchyPoint): boolean {
    const { count: k, capacity: m, theta, sy, ss, yyFree, ssActive, syMixed } = memory;
    const P = this.#P;
    const X = this.#X;
    const C = this.#C;
    const mc = this.#mc;
    const v = this.#v;
    const remaining = 1 - theta * cauchy.time; // −g − θ(cauchy − x) = −(1 − θt) g on F

    // v = W_Fᵀ r = (1 − θt) p + (W_FᵀW_F) M c
    memory.middleTimes(cauchy.c, mc);
    for (let i = 0; i < k; i++) {
      let y = remaining * cauchy.p[i]!;
      let s = remaining * cauchy.p[k + i]!;
      for (let j = 0; j < k; j++) {
        // sᵢᵀyⱼ over F: kept for i ≤ j, else all minus the active part.
        const siyj = i <= j ? syMixed[i * m + j]! : sy[i * m + j]! - syMixed[i * m + j]!;
        const sjyi = j <= i ? syMixed[j * m + i]! : sy[j * m + i]! - syMixed[j * m + i]!;
        y += yyFree[i * m + j]! * mc[j]! + theta * sjyi * mc[k + j]!;
        s += theta * (siyj * mc[j]! + theta * (ss[i * m + j]! - ssActive[i * m + j]!) * mc[k + j]!);
      }
      v[i] = y;
      v[k + i] = s;
    }

    // K⁻¹v: P = D + Y_FᵀY_F/θ = CpCpᵀ, X = Cp⁻¹Qᵀ, then C = θ S_AᵀS_A + XᵀX.
    for (let i = 0; i < k; i++) {
      for (let j = 0; j <= i; j++) P[i * m + j] = yyFree[i * m + j]! / theta;
      P[i * m + i] = P[i * m + i]! + sy[i * m + i]!;
    }
    if (!choleskyInPlace(P, k, m)) return false;
    // Row i of X holds Cp⁻¹ times row i of Q, so that XᵀX becomes products of rows.
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++) X[i * m + j] = i > j ? syMixed[i * m + j]! : -syMixed[i * m + j]!;
      solveLower(P, k, m, X, i * m);
    }
    for (let i = 0; i < k; i++)
      for (let j = 0; j <= i; j++) {
        let sum = theta * ssActive[i * m + j]!;
        for (let c = 0; c < k; c++) sum += X[i * m + c]! * X[j * m + c]!;
        C[i * m + j] = sum;
      }
    if (!choleskyInPlace(C, k, m)) return false;
    // a = P⁻¹(Qᵀb − v₁), C b = v₂ + Q P⁻¹ v₁, with u = Cp⁻¹ v₁
    solveLower(P, k, m, v, 0);
    for (let i = 0; i < k; i++) {
      let sum = v[k + i]!;
      for (let c = 0; c < k; c++) sum += X[i * m + c]! * v[c]!;
      v[k + i] = sum;
    }
    solveLower(C, k, m, v, k);
    solveLowerTransposed(C, k, m, v, k);
    for (let c = 0; c < k; c++) {
      let sum = -v[c]!;
      for (let i = 0; i < k; i++) sum += X[i * m + c]! * v[k + i]!;
      v[c] = sum;
    }
    solveLowerTransposed(P, k, m, v, 0);

    // d = −(1 − θt) g/θ + W (Mc/θ + K⁻¹v/θ²)
    const d = this.#d;
    const n = d.length;
    const scale = -remaining / theta;
    for (let i = 0; i < n; i++) d[i] = scale * g[i]!;
    for (let j = 0; j < k; j++) {
      const a = mc[j]! / theta + v[j]! / (theta * theta);
      const b = mc[k + j]! + v[k + j]! / theta;
      const y = memory.Y[j]!;
      const s = memory.S[j]!;
      for (let i = 0; i < n; i++) d[i] = d[i]! + a * y[i]! + b * s[i]!;
    }
    return true;
  }

  /** z = cauchy + αd, α ≤ 1 the longest step in the box; the variable that blocks stands exactly on its bound. */
  #truncate(box: Box, cauchy: CauchyPoint): void {
    const { z } = this;
    const d = this.#d;
    const { lower, upper, n } = box;
    let alpha = 1;
    let blocking = -1;
    for (let i = 0; i < n; i++) {
      if (cauchy.where[i] !== FREE || d[i] === 0) continue;
      const room = (d[i]! < 0 ? lower[i]! : upper[i]!) - cauchy.x[i]!; // same sign as d, or 0
      const limit = room / d[i]!;
      if (limit < alpha) {
        alpha = limit;
        blocking = i;
      }
    }
    for (let i = 0; i < n; i++) {
      if (cauchy.where[i] !== FREE) continue;
      if (i === blocking) z[i] = d[i]! < 0 ? lower[i]! : upper[i]!;
      else z[i] = Math.min(upper[i]!, Math.max(lower[i]!, cauchy.x[i]! + alpha * d[i]!));
    }
  }
}

/** Brings the memory's sums to this iteration's free set. @returns how many variables are free */
function countFree(where: Uint8Array, memory: PairMemory): number {
  const { free, n } = memory;
  let count = 0;
  for (let i = 0; i < n; i++) {
    const isFree = where[i] === FREE;
    if (isFree) count++;
    if (isFree !== (free[i] === 1)) memory.freeTo(i, isFree);
  }
  return count;
}
