// The reference program's random numbers: minimal standard generator and the C++ library's two distributions.

const modulus = 2 ** 31 - 1;

/** x ← 48271·x mod 2³¹ − 1, from 1 to 2³¹ − 2. Park and Miller's second multiplier, C++'s `minstd_rand`. */
export class MinimalStandard {
  state: number;

  constructor(seed: number) {
    // C++ takes the seed as an unsigned 32-bit number, and 0 becomes 1.
    this.state = (seed >>> 0) % modulus || 1;
  }

  next(): number {
    this.state = (this.state * 48271) % modulus; // < 2⁴⁷, exact
    return this.state;
  }

  /** Whole number from 0 to n − 1, without bias: draws past the last full multiple of n are thrown away. */
  below(n: number): number {
    const scaling = Math.floor((modulus - 2) / n);
    for (;;) {
      const draw = Math.floor((this.next() - 1) / scaling);
      if (draw < n) return draw;
    }
  }

  /** Number in [0, 1) from two draws. */
  uniform(): number {
    const low = this.next() - 1;
    const high = this.next() - 1;
    const range = modulus - 1;
    const value = (low + high * range) / (range * range);
    return value < 1 ? value : 1 - Number.EPSILON / 2;
  }
}

/**
 * Fills with numbers uniform in (−a, a). Each depends on its place and the seed alone (murmur3's last mix of the
 * place), so that any number of threads fills the same numbers.
 *
 * @param first  place of the first of them
 */
export function fillUniform(values: Float32Array, a: number, seed: number, first = 0): void {
  const step = Math.fround(Math.fround(a) / 8388608);
  for (let i = 0; i < values.length; i++) {
    let x = Math.imul(first + i + 1, 0x9e3779b1) + Math.imul(seed, 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x = (x ^ (x >>> 16)) >>> 0;
    values[i] = Math.fround((x >>> 8) * step) - Math.fround(a);
  }
}
