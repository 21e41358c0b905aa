// The k best of a list of scores: a binary heap with the worst on top (§2.1: "at the cost of O(log T)").

/**
 * Collects (id, score) pairs and keeps the k best. Equal scores leave the heap in the order in which the C++
 * library's heap leaves them, because the order of equal predictions is part of what the reference program prints.
 */
export class Top {
  readonly #k: number;
  readonly scores: number[] = [];
  readonly ids: number[] = [];

  constructor(k: number) {
    this.#k = k;
  }

  get full(): boolean {
    return this.ids.length >= this.#k;
  }

  /** The worst score kept. */
  get worst(): number {
    return this.scores[0]!;
  }

  push(id: number, score: number): void {
    this.ids.push(id);
    this.scores.push(score);
    this.#rise(this.ids.length - 1, id, score);
    if (this.ids.length <= this.#k) return;
    this.#moveWorstToEnd(this.ids.length);
    this.ids.pop();
    this.scores.pop();
  }

  /** Best first. The heap is no heap afterwards. */
  sort(): void {
    for (let length = this.ids.length; length > 1; length--) this.#moveWorstToEnd(length);
  }

  #moveWorstToEnd(length: number): void {
    const end = length - 1;
    const id = this.ids[end]!;
    const score = this.scores[end]!;
    this.#put(end, this.ids[0]!, this.scores[0]!);
    // The hole sinks to a leaf along the worse children, then the last pair rises from there.
    let hole = 0;
    for (let child = 2; child <= end; child = 2 * hole + 2) {
      if (child === end || this.scores[child]! > this.scores[child - 1]!) child--;
      this.#put(hole, this.ids[child]!, this.scores[child]!);
      hole = child;
    }
    this.#rise(hole, id, score);
  }

  #rise(from: number, id: number, score: number): void {
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!(this.scores[parent]! > score)) break;
      this.#put(hole, this.ids[parent]!, this.scores[parent]!);
      hole = parent;
    }
    this.#put(hole, id, score);
  }

  #put(at: number, id: number, score: number): void {
    this.ids[at] = id;
    this.scores[at] = score;
  }
}
