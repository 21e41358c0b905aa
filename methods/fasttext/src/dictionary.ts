// The words and labels of a corpus as bytes, with their counts, behind a hash table that both kernels read.
import { fnv1a } from "./hash.ts";
import type { Memory } from "./memory.ts";

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
  /** Pairs (hash, entry + 1), open addressing with linear probing; a power of two of them. */
  slots: Int32Array;
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

  constructor(memory: Memory, label: string | Uint8Array, capacity = 1024) {
    const prefix = typeof label === "string" ? encoder.encode(label) : label;
    this.memory = memory;
    this.prefix = memory.bytes(prefix.length);
    this.prefix.set(prefix);
    const room = Math.max(16, capacity);
    this.slots = memory.int32(2 * powerOfTwo(2 * room));
    this.starts = memory.int32(room + 1);
    this.counts = memory.float64(room);
    this.kinds = memory.bytes(room);
    this.pool = memory.bytes(8 * room);
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
      this.slots = this.memory.int32(2 * powerOfTwo(2 * entries));
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
   * @param sort  orders the entries; the default keeps those of one kind and count in order of first appearance
   * @returns the new dictionary and, for each old entry, its new one or −1
   */
  ranked(
    minCount: number,
    minCountLabel: number,
    { sort = stableSort, index = (d) => d.fillSlots() }: { sort?: Sort; index?: Index } = {},
  ): { dictionary: Dictionary; remap: Int32Array } {
    const { counts, kinds } = this;
    // Loops: with a hundred thousand entries, functions called for each would take longer than reading half of the text.
    const ids = new Int32Array(this.size);
    let present = 0;
    for (let id = 0; id < ids.length; id++) if (counts[id]! > 0) ids[present++] = id;
    const sorted = ids.subarray(0, present);
    sort(sorted, kinds, counts);
    let keptCount = 0;
    for (let i = 0; i < present; i++) {
      const id = sorted[i]!;
      if (counts[id]! >= (kinds[id] === 1 ? minCountLabel : minCount)) sorted[keptCount++] = id;
    }
    const kept = sorted.subarray(0, keptCount);
    const remap = this.memory.int32(this.size).fill(-1);
    const dictionary = this.select(kept, index);
    for (let i = 0; i < kept.length; i++) remap[kept[i]!] = i;
    return { dictionary, remap };
  }

  /** A dictionary of these entries in this order; words must come before labels. */
  select(ids: Int32Array, index: Index = (d) => d.fillSlots()): Dictionary {
    const { starts, pool, counts, kinds } = this;
    let poolSize = 0;
    for (const id of ids) poolSize += starts[id + 1]! - starts[id]!;
    const result = new Dictionary(this.memory, this.prefix, Math.max(ids.length, Math.ceil(poolSize / 8)));
    let at = 0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      for (let from = starts[id]!; from < starts[id + 1]!; from++) result.pool[at++] = pool[from]!;
      result.starts[i + 1] = at;
      result.counts[i] = counts[id]!;
      result.kinds[i] = kinds[id]!;
      if (kinds[id] === 1) result.labels++;
    }
    result.size = ids.length;
    result.words = ids.length - result.labels;
    result.tokens = this.tokens;
    index(result);
    return result;
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

/** Counts from here on are compared one by one; most words are rarer. */
const rareCounts = 1 << 12;

function stableSort(ids: Int32Array, kinds: Uint8Array, counts: Float64Array): void {
  // A bucket for each kind and small count, in the order wanted; ids come in order, so that those of a bucket stay so.
  const bucketOf = (id: number) => kinds[id]! * rareCounts + (rareCounts - 1 - Math.min(counts[id]!, rareCounts - 1));
  const ends = new Int32Array(2 * rareCounts);
  for (let i = 0; i < ids.length; i++) ends[bucketOf(ids[i]!)]!++;
  for (let bucket = 1; bucket < ends.length; bucket++) ends[bucket]! += ends[bucket - 1]!;
  const given = ids.slice();
  for (let i = given.length - 1; i >= 0; i--) ids[--ends[bucketOf(given[i]!)]!] = given[i]!;
  for (const kind of [0, 1]) {
    const from = ends[kind * rareCounts]!; // now where the bucket begins
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
