import type { Random } from "@reprise/data";

/** Adversarial examples of one layer's outputs with their labels; new ones take the places of random old ones. */
export class Pool {
  readonly width: number;
  readonly capacity: number;
  /** Examples held. */
  count = 0;
  readonly #rows: Float32Array;
  readonly #labels: BigInt64Array;

  constructor(capacity: number, width: number) {
    this.capacity = capacity;
    this.width = width;
    this.#rows = new Float32Array(capacity * width);
    this.#labels = new BigInt64Array(capacity);
  }

  /** @param rows  [labels.length, width] */
  put(rows: Float32Array, labels: BigInt64Array, random: Random): void {
    for (let i = 0; i < labels.length; i++) {
      const place = this.count < this.capacity ? this.count++ : random.integer(this.capacity);
      this.#rows.set(rows.subarray(i * this.width, (i + 1) * this.width), place * this.width);
      this.#labels[place] = labels[i]!;
    }
  }

  /** `count` of them at random, one perhaps more than once; zeros while there are none. */
  draw(count: number, random: Random): { readonly rows: Float32Array; readonly labels: BigInt64Array } {
    const rows = new Float32Array(count * this.width);
    const labels = new BigInt64Array(count);
    for (let i = 0; this.count > 0 && i < count; i++) {
      const place = random.integer(this.count);
      rows.set(this.#rows.subarray(place * this.width, (place + 1) * this.width), i * this.width);
      labels[i] = this.#labels[place]!;
    }
    return { rows, labels };
  }
}
