// The words and labels of a corpus as bytes, with their counts, behind a hash table that both kernels read.

import type { Memory } from "../kernel/memory.ts";
import { fnv1a } from "./hash.ts";

/** End of a line: a word of its own, with a row and n-grams like any other. */
export const endOfLine = "</s>";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Entries 0…size−1. While a corpus is read they stand in order of first appearance; `ranked` gives the final
 * order, words first, then labels, each by falling count. Words are bytes: text need not be valid UTF-8.
 */
export class Dictionary {
  readonly memory: Memory;
  /** Label prefix, in bytes. */
  readonly prefix: Uint8Array;
  size = 0;
  words = 0;
  labels = 0;
  /** Tokens read, labels and dropped words included. */
  tokens = 0;
  /** Entry i is pool[starts[i]] … pool[starts[i + 1] − 1]. */
  starts: Int32Array;
  counts: Float64Array;
  /** 0 word, 1 label. */
  kinds: Uint8Array;
  pool: Uint8Array;
  /** After pruning: pairs (n-gram hash + 1, row), open addressing; undefined when every n-gram has its row. */
  kept: Int32Array | undefined;
  /** Number of kept n-grams; −1 when not pruned. */
  keptSize = -1;
  #keptPairs: Int32Array = new Int32Array(0);
  #slots: Int32Array | undefined;
  /** Fills the hash table when it is made. */
  #index: Index | undefined;

  constructor(memory: Memory, label: string | Uint8Array, capacity = 1024, poolBytes = 8 * capacity) {
    const prefix = typeof label === "string" ? encoder.encode(label) : label;
    this.memory = memory;
    this.prefix = memory.bytes(prefix.length);
    this.prefix.set(prefix);
    const room = Math.max(16, capacity);
    this.starts = memory.int32(room + 1);
    this.counts = memory.float64(room);
    this.kinds = memory.bytes(room);
    this.pool = memory.bytes(Math.max(8 * 16, poolBytes));
  }

  /**
   * Pairs (hash, entry + 1), open addressing with linear probing; a power of two of them. Those of a ranked dictionary are
   * made when they are first asked for: who only trains looks no word up.
   */
  get slots(): Int32Array {
    return this.#slots ?? this.makeSlots();
  }

  /** Makes the hash table where there is none. */
  makeSlots(): Int32Array {
    if (this.#slots) return this.#slots;
    const slots = this.memory.int32(2 * powerOfTwo(2 * this.counts.length));
    this.#slots = slots;
    this.#index?.(this);
    return slots;
  }

  /** Whether there is a hash table. */
  get hasSlots(): boolean {
    return this.#slots !== undefined;
  }

  /** Makes room for all that `bytes` more bytes of text could add; `index` rebuilds the hash table. */
  reserve(bytes: number, index?: Index): void {
    this.reserveEntries((bytes >> 1) + 2, bytes + 4, index);
  }

  /** Makes room for so many more entries, of so many bytes together. */
  reserveEntries(more: number, bytes: number, index: Index = (d) => d.fillSlots()): void {
    const entries = this.size + more;
    if (entries > this.counts.length) {
      const room = Math.max(entries, 2 * this.counts.length);
      this.starts = copied(this.starts, this.memory.int32(room + 1));
      this.counts = copied(this.counts, this.memory.float64(room));
      this.kinds = copied(this.kinds, this.memory.bytes(room));
    }
    const poolNeed = this.starts[this.size]! + bytes;
    if (poolNeed > this.pool.length)
      this.pool = copied(this.pool, this.memory.bytes(Math.max(poolNeed, 2 * this.pool.length)));
    if (4 * entries > 3 * (this.slots.length / 2)) {
      this.#slots = this.memory.int32(2 * powerOfTwo(2 * entries));
      index(this);
    }
  }

  /** Entry of these bytes, or −1. `hash` is their fnv1a. */
  find(bytes: Uint8Array, hash = fnv1a(bytes)): number {
    return this.slots[2 * this.#slotOf(bytes, hash) + 1]! - 1;
  }

  /** Entry of these bytes, new with count 0 when it was not there. Room must have been reserved. */
  intern(bytes: Uint8Array, hash = fnv1a(bytes)): number {
    const slot = this.#slotOf(bytes, hash);
    const known = this.slots[2 * slot + 1]! - 1;
    if (known >= 0) return known;
    const id = this.size++;
    const start = this.starts[id]!;
    this.pool.set(bytes, start);
    this.starts[id + 1] = start + bytes.length;
    this.counts[id] = 0;
    this.kinds[id] = startsWith(bytes, this.prefix) ? 1 : 0;
    this.slots[2 * slot] = hash | 0;
    this.slots[2 * slot + 1] = id + 1;
    return id;
  }

  /** Adds another's entries with their counts; a kernel does the same faster. @returns the entry of each */
  addEntries({ size, starts, counts, pool }: Pick<Dictionary, "size" | "starts" | "counts" | "pool">): Int32Array {
    this.reserveEntries(size, starts[size]!);
    const entries = this.memory.int32(size);
    for (let other = 0; other < size; other++) {
      const entry = this.intern(pool.subarray(starts[other], starts[other + 1]));
      this.counts[entry]! += counts[other]!;
      entries[other] = entry;
    }
    return entries;
  }

  /** The bytes of an entry: a view, not a copy. */
  bytesOf(id: number): Uint8Array {
    return this.pool.subarray(this.starts[id]!, this.starts[id + 1]!);
  }

  /** The entry as text; bytes that are no UTF-8 come out as U+FFFD. */
  textOf(id: number): string {
    return decoder.decode(this.bytesOf(id).slice()); // copied: browsers decode no shared memory
  }

  /** Entry of a word or label given as text, or −1. */
  idOf(text: string): number {
    return this.find(encoder.encode(text));
  }

  /** Text of label 0…labels−1. */
  labelText(label: number): string {
    return this.textOf(this.words + label);
  }

  /**
   * The final dictionary: entries seen at least `minCount` (words) or `minCountLabel` (labels) times.
   *
   * @returns the new dictionary and, for each old entry, its new one or −1
   */
  ranked(
    minCount: number,
    minCountLabel: number,
    work: Partial<DictionaryWork> = {},
  ): { dictionary: Dictionary; remap: Int32Array } {
    const kept = (work.rank ?? plainWork.rank)(this, minCount, minCountLabel);
    const remap = this.memory.int32(this.size).fill(-1);
    return { dictionary: this.select(kept, work, remap), remap };
  }

  /** The entries of the final dictionary in its order. Equal counts stay in order of first appearance, if `sort` does so. */
  rank(minCount: number, minCountLabel: number, sort: Sort = stableSort): Int32Array {
    const { counts, kinds } = this;
    // Loops: with a hundred thousand entries, functions called for each would take longer than reading half of the text.
    const ids = new Int32Array(this.size);
    let present = 0;
    for (let id = 0; id < ids.length; id++) if (counts[id]! > 0) ids[present++] = id;
    const sorted = ids.subarray(0, present);
    sort(sorted, kinds, counts);
    let kept = 0;
    for (let i = 0; i < present; i++) {
      const id = sorted[i]!;
      if (counts[id]! >= (kinds[id] === 1 ? minCountLabel : minCount)) sorted[kept++] = id;
    }
    return sorted.subarray(0, kept);
  }

  /**
   * A dictionary of these entries in this order; words must come before labels.
   *
   * @param places  gets the new entry of each of these
   */
  select(ids: Int32Array, work: Partial<DictionaryWork> = {}, places = this.memory.int32(this.size)): Dictionary {
    const { copy, index } = { ...plainWork, ...work };
    const result = new Dictionary(this.memory, this.prefix, ids.length, this.starts[this.size]);
    result.#index = index;
    result.labels = copy(this, ids, result, places);
    result.size = ids.length;
    result.words = ids.length - result.labels;
    result.tokens = this.tokens;
    return result;
  }

  /** Copies entries of another, in this order, to where none are yet. @returns how many of them are labels */
  copy({ starts, pool, counts, kinds }: Dictionary, ids: Int32Array, places: Int32Array): number {
    let at = 0;
    let labels = 0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      for (let from = starts[id]!; from < starts[id + 1]!; from++) this.pool[at++] = pool[from]!;
      this.starts[i + 1] = at;
      this.counts[i] = counts[id]!;
      this.kinds[i] = kinds[id]!;
      if (kinds[id] === 1) labels++;
      places[id] = i;
    }
    return labels;
  }

  /**
   * Keeps only these n-grams: pairs (hash, row behind the words'), in the order in which a file holds them.
   * Every other n-gram has no row from now on.
   */
  keep(pairs: Int32Array): void {
    this.keptSize = pairs.length / 2;
    this.#keptPairs = pairs;
    const slots = this.memory.int32(2 * powerOfTwo(2 * this.keptSize));
    const mask = slots.length / 2 - 1;
    for (let i = 0; i < pairs.length; i += 2) {
      let slot = Math.imul(pairs[i]!, 0x9e3779b1) >>> 7;
      while (slots[2 * (slot & mask)] !== 0 && slots[2 * (slot & mask)] !== pairs[i]! + 1) slot++;
      slots[2 * (slot & mask)] = pairs[i]! + 1;
      slots[2 * (slot & mask) + 1] = pairs[i + 1]!;
    }
    this.kept = slots;
  }

  keptPairs(): Int32Array {
    return this.#keptPairs;
  }

  /** Adds bytes[from … to − 1] at the end without looking whether they are there; `fillSlots` must follow. */
  append(bytes: Uint8Array, from: number, to: number, count: number, kind: number): void {
    const id = this.size++;
    const start = this.starts[id]!;
    const end = start + to - from;
    if (end > this.pool.length) this.pool = copied(this.pool, this.memory.bytes(2 * end));
    // A loop: words are short, and there may be millions of them.
    const { pool } = this;
    for (let at = start, i = from; i < to; at++, i++) pool[at] = bytes[i]!;
    this.starts[id + 1] = end;
    this.counts[id] = count;
    this.kinds[id] = kind;
    if (kind === 1) this.labels++;
    else this.words++;
  }

  /** Builds the hash table into its empty slots; a kernel does the same faster. */
  fillSlots(): void {
    for (let id = 0; id < this.size; id++) {
      const bytes = this.bytesOf(id);
      const hash = fnv1a(bytes);
      const slot = this.#slotOf(bytes, hash);
      if (this.slots[2 * slot + 1] !== 0) continue; // a model file may hold a word twice: the first one counts
      this.slots[2 * slot] = hash | 0;
      this.slots[2 * slot + 1] = id + 1;
    }
  }

  /** The slot that holds these bytes, or the free one where they belong. */
  #slotOf(bytes: Uint8Array, hash: number): number {
    const mask = this.slots.length / 2 - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const entry = this.slots[2 * slot + 1]!;
      if (entry === 0) return slot;
      if (this.slots[2 * slot] === (hash | 0) && sameBytes(this.bytesOf(entry - 1), bytes)) return slot;
      slot = (slot + 1) & mask;
    }
  }
}

/** Orders entries: words before labels, each by falling count. */
export type Sort = (ids: Int32Array, kinds: Uint8Array, counts: Float64Array) => void;
/** Builds the hash table of a dictionary. */
export type Index = (dictionary: Dictionary) => void;

/** What is long work with a hundred thousand entries, and a kernel does faster: `rank`, `copy`, `fillSlots` of a dictionary. */
export interface DictionaryWork {
  readonly rank: (dictionary: Dictionary, minCount: number, minCountLabel: number) => Int32Array;
  readonly copy: (from: Dictionary, ids: Int32Array, to: Dictionary, places: Int32Array) => number;
  readonly index: Index;
}

export const plainWork: DictionaryWork = {
  rank: (dictionary, ...least) => dictionary.rank(...least),
  copy: (from, ids, to, places) => to.copy(from, ids, places),
  index: (dictionary) => dictionary.fillSlots(),
};

/** Counts from here on are compared one by one; most words are rarer. */
export const rareCounts = 1 << 12;

function stableSort(ids: Int32Array, kinds: Uint8Array, counts: Float64Array): void {
  // A bucket for each kind and small count, in the order wanted; ids come in order, so that those of a bucket stay so.
  const bucketOf = (id: number) => kinds[id]! * rareCounts + (rareCounts - 1 - Math.min(counts[id]!, rareCounts - 1));
  const ends = new Int32Array(2 * rareCounts);
  for (let i = 0; i < ids.length; i++) ends[bucketOf(ids[i]!)]!++;
  for (let bucket = 1; bucket < ends.length; bucket++) ends[bucket]! += ends[bucket - 1]!;
  const given = ids.slice();
  for (let i = given.length - 1; i >= 0; i--) ids[--ends[bucketOf(given[i]!)]!] = given[i]!;
  sortOften(ids, counts, ends);
}

/** Orders the entries of the two buckets of large counts; `ends` says where each bucket begins. */
export function sortOften(ids: Int32Array, counts: Float64Array, ends: Int32Array): void {
  for (const kind of [0, 1]) {
    const from = ends[kind * rareCounts]!;
    const to = ends[kind * rareCounts + 1]!;
    ids.subarray(from, to).sort((a, b) => counts[b]! - counts[a]! || a - b);
  }
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, i) => bytes[i] === byte);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function copied<T extends Int32Array | Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, atLeast)));
}
