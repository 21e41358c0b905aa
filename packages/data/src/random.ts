// Seeded random numbers: xoshiro128** 1.1 (Blackman and Vigna, https://prng.di.unimi.it/xoshiro128starstar.c), its
// 128 bits of state filled from the seed by SplitMix64. 32-bit integer operations only, period 2^128 − 1, the same
// numbers on every machine and in every browser. Not for secrets.

/** Everything a generator is; plain JSON, so a checkpoint can hold it. */
export interface RandomState {
  readonly algorithm: "xoshiro128**";
  /** The four 32-bit words, unsigned, not all 0. */
  readonly words: readonly [number, number, number, number];
  /** The second number of the last pair of normals, not yet given out. */
  readonly spareNormal: number | null;
}

/**
 * A stream of random numbers that depends on the seed alone.
 *
 * Whatever draws takes the generator as an argument; nothing draws from a global one. To give two parts streams that
 * do not disturb each other, give each its own: `random.fork()`.
 */
export class Random {
  readonly #words = new Uint32Array(4);
  #spareNormal: number | null = null;

  /** @param seed  an integer in [0, 2^53) or the state of another generator. @throws RangeError otherwise */
  constructor(seed: number | RandomState) {
    if (typeof seed === "number") this.#words.set(splitMixWords(seed));
    else {
      checkState(seed);
      this.#words.set(seed.words);
      this.#spareNormal = seed.spareNormal;
    }
  }

  /** The state now; `new Random(state)` continues with the same numbers. */
  get state(): RandomState {
    const [a, b, c, d] = this.#words as unknown as [number, number, number, number]; // always four
    return { algorithm: "xoshiro128**", words: [a, b, c, d], spareNormal: this.#spareNormal };
  }

  /** The next 32 bits, an integer in [0, 2^32). */
  uint32(): number {
    const s = this.#words;
    const times5 = Math.imul(s[1]!, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** Uniform in [low, high), 53 random bits from two draws; the unit interval by default. */
  uniform(low = 0, high = 1): number {
    const bits = (this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6);
    const value = low + (high - low) * (bits / 2 ** 53);
    return value < high || high <= low ? value : low; // rounding may reach `high` in a wide interval
  }

  /** Normal with the given mean and standard deviation, by Marsaglia's polar method: two numbers for each accepted pair. */
  normal(mean = 0, standardDeviation = 1): number {
    if (this.#spareNormal !== null) {
      const spare = this.#spareNormal;
      this.#spareNormal = null;
      return mean + standardDeviation * spare;
    }
    for (;;) {
      const x = this.uniform(-1, 1);
      const y = this.uniform(-1, 1);
      const r2 = x * x + y * y;
      if (r2 >= 1 || r2 === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(r2)) / r2);
      this.#spareNormal = y * scale;
      return mean + standardDeviation * x * scale;
    }
  }

  /** Integer in [0, count), each equally likely. @throws RangeError unless count is an integer in [1, 2^32] */
  integer(count: number): number {
    if (!Number.isInteger(count) || count < 1 || count > 2 ** 32)
      throw new RangeError(`integer(${count}): the count must be an integer from 1 to 4294967296`);
    const limit = 2 ** 32 - (2 ** 32 % count); // draws at or above it would favour the small remainders
    for (;;) {
      const draw = this.uint32();
      if (draw < limit) return draw % count;
    }
  }

  /** One of the items. @throws RangeError if there are none */
  choice<T>(items: ArrayLike<T>): T {
    if (items.length === 0) throw new RangeError("choice: there are no items to choose from");
    return items[this.integer(items.length)]!;
  }

  /** Puts the items in random order, in place (Fisher–Yates), and returns them. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = items[i];
      items[i] = items[j];
      items[j] = held;
    }
    return items;
  }

  /** The numbers 0 … count − 1 in random order. */
  permutation(count: number): Uint32Array {
    return this.shuffle(Uint32Array.from({ length: count }, (_, i) => i));
  }

  /** A generator with a stream of its own, seeded by 53 bits of this one. */
  fork(): Random {
    return new Random(this.uniform() * 2 ** 53);
  }
}

/** The first 128 bits of SplitMix64 (Steele, Lea and Flood 2014; Vigna's splitmix64.c), low word first. */
function splitMixWords(seed: number): number[] {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`seed ${seed}: must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}`);
  const mask = 0xffff_ffff_ffff_ffffn;
  let x = BigInt(seed);
  return [0, 1].flatMap(() => {
    x = (x + 0x9e37_79b9_7f4a_7c15n) & mask;
    let z = ((x ^ (x >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & mask;
    z ^= z >> 31n;
    return [Number(z & 0xffff_ffffn), Number(z >> 32n)];
  });
}

function checkState({ algorithm, words, spareNormal }: RandomState): void {
  const isWord = (w: unknown) => Number.isInteger(w) && (w as number) >= 0 && (w as number) < 2 ** 32;
  const good =
    algorithm === "xoshiro128**" &&
    Array.isArray(words) &&
    words.length === 4 &&
    words.every(isWord) &&
    words.some((w) => w !== 0) &&
    (spareNormal === null || Number.isFinite(spareNormal));
  if (!good)
    throw new RangeError(
      `random state ${JSON.stringify({ algorithm, words, spareNormal })}: expected algorithm "xoshiro128**", four 32-bit words that are not all 0, and a spare normal or null. The checkpoint was made by another version or is damaged.`,
    );
}
