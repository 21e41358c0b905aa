// Words of a text, up to 128 at a time, each with its entry and its fnv1a.
//
// Three loops: the words are found, then looked up all together where words met lately are kept, then those that were
// not there are looked up in the dictionary. One loop for all of it would wait for memory at every rare word; like
// this the waits overlap.
import { addEntry, firstSlot, hashOf, slotOf } from "./dictionary";
import { Dictionary } from "./tables";

// @ts-ignore: decorator
@inline const BATCH: i32 = 128;

// The record at Dictionary.seen: the line end's place, with its bytes in the last eight; of each word of the batch its
// bytes (up to 15, zeros behind them), its start and length, its entry and fnv1a, its place, and numbers of those that
// were missed; 2^14 places of 32 bytes, each the bytes of a word met lately, its entry and its fnv1a.
// @ts-ignore: decorator
@inline const BYTES: usize = 32;
// @ts-ignore: decorator
@inline const SPANS: usize = BYTES + 16 * BATCH;
// @ts-ignore: decorator
@inline const FOUND: usize = SPANS + 8 * BATCH;
// @ts-ignore: decorator
@inline const PLACES: usize = FOUND + 8 * BATCH;
// @ts-ignore: decorator
@inline const MISSES: usize = PLACES + 4 * BATCH;
// @ts-ignore: decorator
@inline const LATELY: usize = MISSES + 4 * BATCH;

const prefixMasks = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

// @ts-ignore: decorator
@inline const LINE_END: u32 = 0x3e732f3c; // "</s>"

/** Where the last batch ended in the text. */
export let textAt: usize = 0;
/** Whether the last batch ended with a line end. */
export let lineEnded: bool = false;

// @ts-ignore: decorator
@inline export function entryOf(d: Dictionary, i: i32): i32 {
  return load<i32>(d.seen + FOUND + ((<usize>i) << 3));
}
// @ts-ignore: decorator
@inline export function hashOfWord(d: Dictionary, i: i32): u32 {
  return load<u32>(d.seen + FOUND + ((<usize>i) << 3), 4);
}
// @ts-ignore: decorator
@inline export function startOf(d: Dictionary, i: i32): usize {
  return <usize>load<u32>(d.seen + SPANS + ((<usize>i) << 3));
}
// @ts-ignore: decorator
@inline export function lengthOf(d: Dictionary, i: i32): i32 {
  return load<i32>(d.seen + SPANS + ((<usize>i) << 3), 4);
}
// @ts-ignore: decorator
@inline function bytesOf(d: Dictionary, i: i32): usize {
  return d.seen + BYTES + ((<usize>i) << 4);
}
// @ts-ignore: decorator
@inline function placeOf(d: Dictionary, i: i32): usize {
  return d.seen + PLACES + ((<usize>i) << 2);
}
// @ts-ignore: decorator
@inline function missOf(d: Dictionary, m: i32): i32 {
  return load<i32>(d.seen + MISSES + ((<usize>m) << 2));
}

/** Bit i: byte i of the 16 at `at` separates words. */
// @ts-ignore: decorator
@inline function separators16(at: usize): u64 {
  const bytes = v128.load(at);
  const blanks = i8x16.le_u(i8x16.sub(bytes, i8x16.splat(9)), i8x16.splat(4)); // \t \n \v \f \r
  const others = v128.or(i8x16.eq(bytes, i8x16.splat(32)), i8x16.eq(bytes, i8x16.splat(0)));
  return <u64>(<u32>i8x16.bitmask(v128.or(blanks, others)));
}

/** The same for the next 64 bytes, as far as the text goes. */
// @ts-ignore: decorator
@inline function separators64(at: usize, end: usize): u64 {
  if (at + 64 <= end)
    return separators16(at) | (separators16(at + 16) << 16) | (separators16(at + 32) << 32) | (separators16(at + 48) << 48);
  let mask: u64 = 0;
  for (let i: usize = 0; at + i < end; i += 16) mask |= separators16(at + i) << (<u64>i);
  return mask & (((<u64>1) << (<u64>(end - at))) - 1);
}

/** Notes word i of the batch. */
// @ts-ignore: decorator
@inline function note(d: Dictionary, i: i32, start: usize, length: usize, bytes: v128, place: usize): void {
  v128.store(bytesOf(d, i), bytes);
  store<u64>(d.seen + SPANS + ((<usize>i) << 3), (<u64>start) | ((<u64>length) << 32));
  store<u32>(placeOf(d, i), <u32>place);
}

/** Notes the word from `start` to `end`, a separator. */
// @ts-ignore: decorator
@inline function noteWord(d: Dictionary, i: i32, start: usize, end: usize): void {
  const length = end - start;
  if (length <= 15) {
    const word = v128.and(v128.load(start), v128.load(prefixMasks + 16 - length));
    const h = <u64>i64x2.extract_lane(word, 0) * 0x9e3779b97f4a7c15 + <u64>i64x2.extract_lane(word, 1) * 0xc2b2ae3d27d4eb4f;
    note(d, i, start, length, word, d.seen + LATELY + ((<usize>((h ^ (h << 29)) >> 50)) << 5));
  } else note(d, i, start, length, i64x2.splat(-1), d.seen); // bytes that no place holds, so that it is missed
}

/** Finds the next words, at most a batch of them, and with `oneLine` none behind a line end. Returns how many. */
// @ts-ignore: decorator
@inline function find(d: Dictionary, text: usize, end: usize, last: bool, oneLine: bool): i32 {
  let start = text;
  let count = 0;
  lineEnded = false;
  for (let block = text; block < end; block += 64) {
    for (let mask = separators64(block, end); mask != 0; mask &= mask - 1) {
      const at = block + <usize>ctz(mask);
      if (count >= BATCH - 1) {
        textAt = start;
        return count;
      }
      if (at > start) {
        noteWord(d, count++, start, at);
        if (oneLine && at - start == 4 && load<u32>(start) == LINE_END) {
          lineEnded = true; // written out in the text
          textAt = at;
          return count;
        }
      }
      start = at + 1;
      if (load<u8>(at) == 10) {
        note(d, count++, d.seen + 24, 4, i64x2.splat(0), d.seen);
        if (oneLine) {
          lineEnded = true;
          textAt = start;
          return count;
        }
      }
    }
  }
  if (last && start < end) {
    note(d, count++, start, end - start, i64x2.splat(-1), d.seen);
    if (oneLine && end - start == 4 && load<u32>(start) == LINE_END) lineEnded = true;
    start = end;
  }
  textAt = start;
  return count;
}

/** The next words of a text with their entries, −1 for unknown ones, which are added if `adds`. Returns how many. */
// @ts-ignore: decorator
@inline export function nextWords(d: Dictionary, text: usize, end: usize, last: bool, oneLine: bool, adds: bool): i32 {
  const count = find(d, text, end, last, oneLine);
  let missed = 0;
  for (let i = 0; i < count; i++) {
    const place = <usize>load<u32>(placeOf(d, i));
    const same = i8x16.all_true(i8x16.eq(v128.load(place), v128.load(bytesOf(d, i))));
    store<u64>(d.seen + FOUND + ((<usize>i) << 3), load<u64>(place, 16));
    store<i32>(d.seen + MISSES + ((<usize>missed) << 2), i);
    missed += <i32>!same;
  }
  // What the last loop will read is read here without waiting for it.
  for (let m = 0; m < missed; m++) {
    const i = missOf(d, m);
    const h = hashOf(startOf(d, i), lengthOf(d, i));
    store<u64>(d.seen + FOUND + ((<usize>i) << 3), (<u64>load<u32>(firstSlot(d, h), 4)) | ((<u64>h) << 32));
  }
  let ahead = 0;
  for (let m = 0; m < missed; m++) {
    const start = load<i32>(d.starts + ((<usize>max(0, entryOf(d, missOf(d, m)) - 1)) << 2));
    ahead += load<u8>(d.pool + start);
  }
  store<i32>(d.seen, ahead, 28);
  for (let m = 0; m < missed; m++) {
    const i = missOf(d, m);
    const start = startOf(d, i);
    const length = lengthOf(d, i);
    const h = hashOfWord(d, i);
    const slot = slotOf(d, start, length, h);
    let entry = load<i32>(slot, 4) - 1;
    if (adds && entry < 0) entry = addEntry(d, slot, start, length, h);
    store<i32>(d.seen + FOUND + ((<usize>i) << 3), entry);
    const place = <usize>load<u32>(placeOf(d, i));
    if (place == d.seen) continue; // not a short word
    v128.store(place, v128.load(bytesOf(d, i)));
    store<i32>(place, entry, 16);
    store<u32>(place, h, 20);
  }
  return count;
}

/** To be called before words are read: `entry` is that of a line end, or −1 to have it looked up. */
export function startReading(d: Dictionary, entry: i32): void {
  const bytes = d.seen + 24;
  store<u32>(bytes, LINE_END);
  const h = hashOf(bytes, 4);
  store<i32>(d.seen, entry >= 0 ? entry : load<i32>(slotOf(d, bytes, 4, h), 4) - 1, 16);
  store<u32>(d.seen, h, 20);
}
