// The operator norm of a convolution, between two bounds (§4.3 of the paper).
import { fft } from "./fourier.ts";
import { addProduct, isBelow, rayleigh } from "./symmetric.ts";

/** What the norm lies between: `lower` is reached by some image, large enough; nothing is stretched by more than `upper`. */
export interface NormBounds {
  readonly lower: number;
  readonly upper: number;
}

export interface ConvolutionShape {
  /** [D, C, kh, kw]. */
  readonly kernel: readonly number[];
  readonly strides: readonly [number, number];
}

export interface NormOptions {
  /** Frequencies an axis, at least, for each tap of the kernel past the first; a power of two. */
  readonly oversampling?: number;
  readonly signal?: AbortSignal;
}

/**
 * The norm of a convolution with zero padding, of images of any size. Its square is at most the largest eigenvalue λ of
 * G(ω) = F(ω)F*(ω) over all frequencies ω ∈ [0, 2π)², F(ω) = Σⱼ Wⱼ·exp(−ij·ω), and images large enough come close to it.
 * Striding by s makes it a convolution of the s² shifts of the image side by side, with kernels of ⌈k/s⌉ taps. Dilation
 * changes no value of F, only where it is taken.
 *
 * **Lower**: a Rayleigh quotient of some G(ω). **Upper**: uᵀF(ω)v is a trigonometric polynomial of degree d = (k − 1)/2 in
 * each axis, and one whose largest value M is taken at ω₀ is at least M·cos(d·t) at ω₀ + t, |t| ≤ π/d (M. Riesz). So where
 * ω₀ lies in the cell of half width h around a point g of a grid, √λ(g) ≥ M·cos(d·h) for each axis: cells whose √λ is
 * shown to be below that, by Cholesky's factorisation, do not hold ω₀; the others are halved, three times, and what is
 * shown of the last ones bounds M. Rounding is counted in. Pfister and Bresler 2018 (arXiv 1802.09588) bound the whole
 * grid in this way, without halving.
 *
 * @param weights  [D, C, kh, kw]
 */
export function convolutionNorm(
  weights: ArrayLike<number>,
  shape: ConvolutionShape,
  { oversampling = 8, signal }: NormOptions = {},
): NormBounds {
  const G = new GramPolynomial(weights, shape);
  const { n, real } = G;
  const size = real ? n : 2 * n;
  const degrees = [(G.taps[0] - 1) / 2, (G.taps[1] - 1) / 2] as const;
  const grid = degrees.map((d) => (d === 0 ? 1 : 2 ** Math.ceil(Math.log2(oversampling * 2 * d)))) as [number, number];
  if (G.zero) return { lower: 0, upper: 0 };
  const L = new Float64Array((size + 3) * size);
  const vector = Float64Array.from({ length: size }, (_, i) => Math.cos(i + 1));
  /** The largest Rayleigh quotient so far. */
  let lambda = 0;
  /** cos(d·h) of both axes, for cells of the grid halved `level` times. */
  const least = (level: number) =>
    degrees.reduce((product, d, axis) => product * Math.cos((d * Math.PI) / (grid[axis]! * 2 ** level)), 1);

  for (const { matrix } of G.onGrid(grid, size)) {
    signal?.throwIfAborted();
    lambda = Math.max(lambda, rayleigh(matrix, size, vector, 8));
  }
  let cells: Frequency[] = [];
  for (const { at, matrix } of G.onGrid(grid, size)) {
    signal?.throwIfAborted();
    if (!isBelow(matrix, size, lambda * least(0) ** 2, L)) cells.push(at);
  }
  let level = 0;
  const buffer = new Float64Array(real ? 0 : size * size);
  // A flat spectrum leaves all cells: of large matrices they are not all halved, for little gain and much work.
  const most = Math.max(grid[0] * grid[1], Math.min(4096, 1e9 / size ** 3));
  for (; !real && level < 3 && 4 * cells.length <= most; level++) {
    const shift = grid.map((points) => Math.PI / points / 2 ** (level + 1));
    const halves = cells.flatMap(([u, v]) =>
      [-1, 1].flatMap((a) => [-1, 1].map((b): Frequency => [u + a * shift[0]!, v + b * shift[1]!])),
    );
    for (const at of halves) {
      signal?.throwIfAborted();
      lambda = Math.max(lambda, rayleigh(G.at(at, buffer), size, vector, 20));
    }
    cells = halves.filter((at) => !isBelow(G.at(at, buffer), size, lambda * least(level + 1) ** 2, L));
  }
  for (const at of cells) lambda = Math.max(lambda, rayleigh(G.at(at, buffer), size, vector, 100));
  // What no cell that is left exceeds; those left out are below lambda·least².
  let mu = lambda * (1 + 1e-6);
  for (const at of cells) {
    signal?.throwIfAborted();
    const matrix = G.at(at, buffer);
    for (let step = 1e-4; !isBelow(matrix, size, mu, L); step *= 2) mu *= 1 + step;
  }
  const u = 2 ** -53;
  const rounded = mu * (1 + 2 * size ** 2 * u) + G.rounding * u;
  return { lower: Math.sqrt(Math.max(0, lambda)), upper: Math.sqrt(rounded) / least(level) };
}

/** ω of both axes. */
type Frequency = readonly [number, number];

/** G(ω) = Σₖ Rₖ·exp(−ik·ω) with Rₖ = Σₗ Wₗ₊ₖ Wₗᵀ, R₋ₖ = Rₖᵀ; of the smaller side of the kernel's matrices. */
class GramPolynomial {
  /** Rows and columns of G. */
  readonly n: number;
  /** Taps of the kernel after striding is taken out, by axis. */
  readonly taps: readonly [number, number];
  /** G is one real matrix. */
  readonly real: boolean;
  /** Every weight is 0. */
  readonly zero: boolean;
  /** How far rounding can put G(ω) from its true value, in units of rounding. */
  readonly rounding: number;
  /** Rₖ for k of the half plane ky > 0, or ky = 0 and kx ≥ 0. */
  readonly #R: { readonly ky: number; readonly kx: number; readonly matrix: Float64Array }[] = [];

  constructor(weights: ArrayLike<number>, { kernel, strides }: ConvolutionShape) {
    const { rows, n, m, taps, squares } = tapsOf(weights, kernel, strides);
    const [ty, tx] = taps;
    this.n = n;
    this.taps = taps;
    this.real = ty * tx === 1;
    this.zero = squares === 0;
    // m·ty·tx products in a sum, then as many Rₖ as the Gram polynomial has; (Σ‖Wⱼ‖)² ≤ ty·tx·Σ‖Wⱼ‖².
    this.rounding = 2 * (m * ty * tx + 4 * ty * tx + 16) * ty * tx * squares;
    for (let ky = 0; ky < ty; ky++)
      for (let kx = ky === 0 ? 0 : 1 - tx; kx < tx; kx++) {
        const matrix = new Float64Array(n * n);
        const count = tx - Math.abs(kx);
        for (let ly = 0; ly + ky < ty; ly++) {
          const lx = Math.max(0, -kx);
          const block = (y: number, x: number) => ({ data: rows, offset: (y * tx + x) * m, stride: ty * tx * m });
          // Neighbouring taps stand side by side: one long product.
          addProduct(block(ly + ky, lx + kx), block(ly, lx), count * m, n, matrix, ky === 0 && kx === 0);
        }
        this.#R.push({ ky, kx, matrix });
      }
  }

  /** G at a frequency, as a symmetric matrix of real numbers: [[Re, −Im], [Im, Re]]; its lower triangle, in `out`. */
  at([u, v]: Frequency, out: Float64Array): Float64Array {
    const { n } = this;
    if (this.real) return this.#R[0]!.matrix;
    out.fill(0);
    for (const { ky, kx, matrix } of this.#R) {
      const own = ky === 0 && kx === 0;
      const [c, s] = [Math.cos(ky * u + kx * v), -Math.sin(ky * u + kx * v)];
      for (let a = 0; a < n; a++)
        for (let b = 0; b <= a; b++) {
          const ab = matrix[a * n + b]!;
          const ba = matrix[b * n + a]!;
          // R₀ is its own mirror image, and has only its lower triangle.
          if (own) add(out, n, a, b, ab, 0);
          else add(out, n, a, b, c * (ab + ba), s * (ab - ba));
        }
    }
    return out;
  }

  /**
   * G on the grid of frequencies 2π·(p/P, q/Q), of which half is enough: G(−ω) has the same eigenvalues. Axis 0 is summed,
   * axis 1 goes by FFT. The matrix is written over at the next step.
   */
  *onGrid([P, Q]: readonly [number, number], size: number): Generator<{ at: Frequency; matrix: Float64Array }> {
    if (this.real) {
      yield { at: [0, 0], matrix: this.#R[0]!.matrix };
      return;
    }
    const matrix = new Float64Array(size * size);
    const { n } = this;
    const entries = (n * (n + 1)) / 2;
    const re = new Float64Array(entries * Q);
    const im = new Float64Array(entries * Q);
    for (let p = 0; p <= P / 2; p++) {
      re.fill(0);
      im.fill(0);
      const u = (2 * Math.PI * p) / P;
      for (const { ky, kx, matrix: R } of this.#R) {
        const [c, s] = [Math.cos(ky * u), -Math.sin(ky * u)];
        const own = ky === 0 && kx === 0;
        const [forth, back] = [(kx + Q) % Q, (Q - kx) % Q];
        for (let a = 0, e = 0; a < n; a++)
          for (let b = 0; b <= a; b++, e++) {
            const at = e * Q;
            re[at + forth]! += c * R[a * n + b]!;
            im[at + forth]! += s * R[a * n + b]!;
            if (own) continue;
            re[at + back]! += c * R[b * n + a]!;
            im[at + back]! -= s * R[b * n + a]!;
          }
      }
      for (let e = 0; e < entries; e++) fft(re.subarray(e * Q, (e + 1) * Q), im.subarray(e * Q, (e + 1) * Q));
      const half = p === 0 || 2 * p === P;
      for (let q = 0; q <= (half ? Q / 2 : Q - 1); q++) {
        matrix.fill(0);
        for (let a = 0, e = 0; a < n; a++)
          for (let b = 0; b <= a; b++, e++) add(matrix, n, a, b, re[e * Q + q]!, im[e * Q + q]!);
        yield { at: [u, (2 * Math.PI * q) / Q], matrix };
      }
    }
  }
}

/** Adds x + iy to entry (a, b), a ≥ b, of a Hermitian matrix written as [[Re, −Im], [Im, Re]], lower triangle. */
function add(out: Float64Array, n: number, a: number, b: number, x: number, y: number): void {
  const w = 2 * n;
  out[a * w + b]! += x;
  out[(n + a) * w + n + b]! += x;
  out[(n + a) * w + b]! += y;
  if (a !== b) out[(n + b) * w + a]! -= y;
}

/**
 * The kernel without stride, as n rows of [ty, tx, m]: the smaller side of its matrices as rows.
 * W[d, c, s·j + r] is the tap j from channel (c, r) of the shifted images side by side.
 */
function tapsOf(weights: ArrayLike<number>, kernel: readonly number[], [sy, sx]: readonly [number, number]) {
  const [D, C, kh, kw] = kernel as [number, number, number, number];
  const taps = [Math.ceil(kh / sy), Math.ceil(kw / sx)] as const;
  const inputs = C * sy * sx;
  const byOutput = D <= inputs;
  const [n, m] = byOutput ? [D, inputs] : [inputs, D];
  // Three rows more than there are, zeros: products are taken of four rows at a time.
  const rows = new Float64Array((n + 3) * taps[0] * taps[1] * m);
  let squares = 0;
  for (let d = 0; d < D; d++)
    for (let c = 0; c < C; c++)
      for (let y = 0; y < kh; y++)
        for (let x = 0; x < kw; x++) {
          const w = weights[((d * C + c) * kh + y) * kw + x]!;
          const input = (c * sy + (y % sy)) * sx + (x % sx);
          const tap = Math.floor(y / sy) * taps[1] + Math.floor(x / sx);
          const [row, column] = byOutput ? [d, input] : [input, d];
          rows[(row * taps[0] * taps[1] + tap) * m + column] = w;
          squares += w * w;
        }
  return { rows, n, m, taps, squares };
}
