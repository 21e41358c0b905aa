/** A complex matrix [rows, columns], row-major; real where there is no imaginary part. */
export interface Spectrum {
  readonly rows: number;
  readonly columns: number;
  readonly real: Float64Array;
  readonly imaginary: Float64Array | undefined;
}

/**
 * The largest singular value, by power iteration on A*A from a fixed start: from below, to a relative change of
 * `tolerance` an iteration.
 */
export function spectralNorm(A: Spectrum, { tolerance = 1e-7, iterations = 500 } = {}): number {
  let v = vector(A.columns, (i) => [Math.cos(i + 1), A.imaginary ? Math.sin(3 * i + 1) : 0]);
  let sigma = 0;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const size = norm(v);
    if (size === 0) return 0;
    const unit = { re: v.re.map((x) => x / size), im: v.im.map((x) => x / size) };
    const Av = multiply(A, unit);
    const next = norm(Av);
    if (Math.abs(next - sigma) <= tolerance * next) return next;
    sigma = next;
    v = multiplyAdjoint(A, Av);
  }
  return sigma;
}

interface Vector {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function vector(size: number, at: (i: number) => readonly [number, number]): Vector {
  return {
    re: Float64Array.from({ length: size }, (_, i) => at(i)[0]),
    im: Float64Array.from({ length: size }, (_, i) => at(i)[1]),
  };
}

function norm({ re, im }: Vector): number {
  let sum = 0;
  for (let i = 0; i < re.length; i++) sum += re[i]! ** 2 + im[i]! ** 2;
  return Math.sqrt(sum);
}

function multiply({ rows, columns, real, imaginary }: Spectrum, { re, im }: Vector): Vector {
  const out = { re: new Float64Array(rows), im: new Float64Array(rows) };
  for (let r = 0; r < rows; r++) {
    let a = 0;
    let b = 0;
    const from = r * columns;
    if (imaginary)
      for (let c = 0; c < columns; c++) {
        a += real[from + c]! * re[c]! - imaginary[from + c]! * im[c]!;
        b += real[from + c]! * im[c]! + imaginary[from + c]! * re[c]!;
      }
    else for (let c = 0; c < columns; c++) a += real[from + c]! * re[c]!;
    out.re[r] = a;
    out.im[r] = b;
  }
  return out;
}

/** A*·v: the conjugate transpose. */
function multiplyAdjoint({ rows, columns, real, imaginary }: Spectrum, { re, im }: Vector): Vector {
  const out = { re: new Float64Array(columns), im: new Float64Array(columns) };
  for (let r = 0; r < rows; r++) {
    const from = r * columns;
    for (let c = 0; c < columns; c++) {
      const a = real[from + c]!;
      const b = imaginary ? imaginary[from + c]! : 0;
      out.re[c] = out.re[c]! + a * re[r]! + b * im[r]!;
      out.im[c] = out.im[c]! + a * im[r]! - b * re[r]!;
    }
  }
  return out;
}
