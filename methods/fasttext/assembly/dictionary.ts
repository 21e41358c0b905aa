// Words to entries: FNV-1a and the hash table of a dictionary.
import { DROPPED_LABEL, Dictionary, FIRST_LABEL } from "./tables";

/** Space, \n, \r, \t, \v, \f and \0. */
const separatorMask: u64 = (1 << 32) | (1 << 10) | (1 << 13) | (1 << 9) | (1 << 11) | (1 << 12) | 1;

// @ts-ignore: decorator
@inline function separates(c: u32): bool {
  return c <= 32 && ((separatorMask >> (<u64>c)) & 1) != 0;
}

// @ts-ignore: decorator
@inline export function hashStep(h: u32, c: u32): u32 {
  return (h ^ (<u32>((<i32>(c << 24)) >> 24))) * 16777619;
}

// @ts-ignore: decorator
@inline export function sameBytes(a: usize, b: usize, length: i32): bool {
  // Whole words of eight; what stands behind the end is shifted out. Every array has 16 spare bytes behind it.
  while (length > 8) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += 8;
    b += 8;
    length -= 8;
  }
  return length == 0 || (load<u64>(a) ^ load<u64>(b)) << (<u64>(64 - 8 * length)) == 0;
}

/** Where the search for a hash begins. */
// @ts-ignore: decorator
@inline export function firstSlot(d: Dictionary, h: u32): usize {
  return d.slots + ((<usize>((h ^ (h >> 15)) & d.slotMask)) << 3);
}

/** Slot of these bytes, or the free one where they belong. */
// @ts-ignore: decorator
@inline export function slotOf(d: Dictionary, word: usize, length: i32, h: u32): usize {
  const mask = d.slotMask;
  let slot = (h ^ (h >> 15)) & mask;
  while (true) {
    const at = d.slots + ((<usize>slot) << 3);
    const entry = load<i32>(at, 4);
    if (entry == 0) return at;
    if (load<u32>(at) == h) {
      const start = load<i32>(d.starts + ((<usize>(entry - 1)) << 2));
      const end = load<i32>(d.starts + ((<usize>entry) << 2));
      if (end - start == length && sameBytes(d.pool + start, word, length)) return at;
    }
    slot = (slot + 1) & mask;
  }
}

export function isLabel(d: Dictionary, word: usize, length: i32): bool {
  return length >= d.prefixLength && sameBytes(word, d.prefix, d.prefixLength);
}

export function addEntry(d: Dictionary, slot: usize, word: usize, length: i32, h: u32): i32 {
  const id = d.size++;
  const start = load<i32>(d.starts + ((<usize>id) << 2));
  memory.copy(d.pool + start, word, length);
  store<i32>(d.starts + ((<usize>id) << 2), start + length, 4);
  store<f64>(d.counts + ((<usize>id) << 3), 0);
  store<u8>(d.kinds + id, isLabel(d, word, length) ? 1 : 0);
  store<u32>(slot, h);
  store<i32>(slot, id + 1, 4);
  return id;
}

/** Adds another dictionary's entries with their counts, for which there is room; writes the entry of each. */
export function addEntries(d: Dictionary, starts: usize, pool: usize, counts: usize, size: i32, entries: usize): void {
  for (let other = 0; other < size; other++, starts += 4, counts += 8, entries += 4) {
    const word = pool + load<i32>(starts);
    const length = load<i32>(starts, 4) - load<i32>(starts);
    const h = hashOf(word, length);
    const slot = slotOf(d, word, length, h);
    let entry = load<i32>(slot, 4) - 1;
    if (entry < 0) entry = addEntry(d, slot, word, length, h);
    const times = d.counts + ((<usize>entry) << 3);
    store<f64>(times, load<f64>(times) + load<f64>(counts));
    store<i32>(entries, entry);
  }
}

/** Builds the hash table of entries 0…size−1 into empty slots. */
export function fillSlots(d: Dictionary): void {
  for (let id = 0; id < d.size; id++) {
    const start = load<i32>(d.starts + ((<usize>id) << 2));
    const length = load<i32>(d.starts + ((<usize>id) << 2), 4) - start;
    const h = hashOf(d.pool + start, length);
    const slot = slotOf(d, d.pool + start, length, h);
    if (load<i32>(slot, 4) != 0) continue;
    store<u32>(slot, h);
    store<i32>(slot, id + 1, 4);
  }
}

export function hashOf(word: usize, length: i32): u32 {
  let h: u32 = 2166136261;
  for (let i: usize = 0; i < <usize>length; i++) h = hashStep(h, load<u8>(word + i));
  return h;
}

/** What each entry is, and its fnv1a; ids are those in a model of `words`, or −1. See encode.ts. */
export function describeEntries(d: Dictionary, ids: usize, words: i32, entries: usize): void {
  let start = load<i32>(d.starts);
  for (let i = 0; i < d.size; i++, ids += 4, entries += 8) {
    const end = load<i32>(d.starts + ((<usize>i) << 2), 4);
    const id = load<i32>(ids);
    let what = id;
    if (load<u8>(d.kinds + i) == 1) what = id < 0 ? DROPPED_LABEL : FIRST_LABEL - (id - words);
    store<i32>(entries, what);
    store<u32>(entries, hashOf(d.pool + start, end - start), 4);
    start = end;
  }
}
