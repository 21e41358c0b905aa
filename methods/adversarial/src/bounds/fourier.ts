/**
 * The discrete Fourier transform in place, X(q) = Σ x(j)·exp(−2πi·jq/N), by radix-2 Cooley–Tukey.
 *
 * @param re  real parts; N must be a power of two
 * @param im  imaginary parts, [N]
 */
export function fft(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  if (n === 0 || (n & (n - 1)) !== 0 || im.length !== n)
    throw new RangeError(`fft: ${n} and ${im.length} values, expected equal powers of two.`);
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j]!, re[i]!];
      [im[i], im[j]] = [im[j]!, im[i]!];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2;
    for (let k = 0; k < half; k++) {
      const c = Math.cos((-2 * Math.PI * k) / size);
      const s = Math.sin((-2 * Math.PI * k) / size);
      for (let from = k; from < n; from += size) {
        const to = from + half;
        const a = re[to]! * c - im[to]! * s;
        const b = re[to]! * s + im[to]! * c;
        re[to] = re[from]! - a;
        im[to] = im[from]! - b;
        re[from] = re[from]! + a;
        im[from] = im[from]! + b;
      }
    }
  }
}
