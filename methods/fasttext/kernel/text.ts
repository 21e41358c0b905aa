// Bytes to words, words to entries and rows.
import { Dictionary, Encoding, Scratch, Tables } from "./tables";

/** Space, \n, \r, \t, \v, \f and \0. */
const separatorMask: u64 = (1 << 32) | (1 << 10) | (1 << 13) | (1 << 9) | (1 << 11) | (1 << 12) | 1;

// @ts-ignore: decorator
@inline function separates(c: u32): bool {
  return c <= 32 && ((separatorMask >> (<u64>c)) & 1) != 0;
}

// @ts-ignore: decorator
@inline function hashStep(h: u32, c: u32): u32 {
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

/** Slot of these bytes, or the free one where they belong. */
// @ts-ignore: decorator
@inline function slotOf(d: Dictionary, word: usize, length: i32, h: u32): usize {
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

function isLabel(d: Dictionary, word: usize, length: i32): bool {
  return length >= d.prefixLength && sameBytes(word, d.prefix, d.prefixLength);
}

function addEntry(d: Dictionary, slot: usize, word: usize, length: i32, h: u32): i32 {
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

// Words met lately: 2^14 places of 32 bytes, the word (up to 15 bytes, zeros behind it), its entry and its fnv1a. Most
// words of a text are found there by one comparison of 16 bytes, without hashing them byte by byte.

const prefixMasks = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

/** Bit i: byte i of these 16 separates words. */
// @ts-ignore: decorator
@inline function separators(bytes: v128): i32 {
  const blanks = i8x16.le_u(i8x16.sub(bytes, i8x16.splat(9)), i8x16.splat(4)); // \t \n \v \f \r
  const others = v128.or(i8x16.eq(bytes, i8x16.splat(32)), i8x16.eq(bytes, i8x16.splat(0)));
  return i8x16.bitmask(v128.or(blanks, others));
}

/** Where a word of up to 15 bytes has its place. */
// @ts-ignore: decorator
@inline function placeOf(d: Dictionary, word: v128): usize {
  const h = <u64>i64x2.extract_lane(word, 0) * 0x9e3779b97f4a7c15 + <u64>i64x2.extract_lane(word, 1) * 0xc2b2ae3d27d4eb4f;
  return d.seen + ((<usize>((h ^ (h << 29)) >> 50)) << 5);
}

// @ts-ignore: decorator
@inline function sameWord(place: usize, word: v128): bool {
  return i8x16.all_true(i8x16.eq(v128.load(place), word));
}

// @ts-ignore: decorator
@inline function remember(place: usize, word: v128, entry: i32, h: u32): void {
  v128.store(place, word);
  store<i32>(place, entry, 16);
  store<u32>(place, h, 20);
}

/** Numbers that `scan` and `classify` wrote in their last call. */
export let written: i32 = 0;

export function setWritten(count: i32): void {
  written = count;
}

/** Counts each word of the text and writes its entry. Returns the bytes used. */
export function scan(d: Dictionary, text: usize, length: i32, last: bool, tokens: usize, endOfLine: i32): i32 {
  const end = text + length;
  let at = text;
  let out = tokens;
  while (true) {
    let c: u32 = 0;
    while (at < end) {
      c = load<u8>(at);
      if (c == 10 || !separates(c)) break;
      at++;
    }
    if (at >= end) break;
    let id: i32;
    if (c == 10) {
      at++;
      id = endOfLine;
    } else {
      const start = at;
      const bytes = v128.load(start);
      const ends = separators(bytes);
      const ahead: usize = ctz(ends);
      const short = ends != 0 && start + ahead < end;
      const word = v128.and(bytes, v128.load(prefixMasks + 16 - (short ? ahead : 0)));
      const place = placeOf(d, word);
      if (short && sameWord(place, word)) {
        id = load<i32>(place, 16);
        at = start + ahead;
      } else {
        let h: u32 = 2166136261;
        do {
          h = hashStep(h, c);
          at++;
          if (at == end) break;
          c = load<u8>(at);
        } while (!separates(c));
        if (at == end && !last) {
          at = start;
          break;
        }
        const size = <i32>(at - start);
        const slot = slotOf(d, start, size, h);
        id = load<i32>(slot, 4) - 1;
        if (id < 0) id = addEntry(d, slot, start, size, h);
        if (short) remember(place, word, id, h);
      }
    }
    const count = d.counts + ((<usize>id) << 3);
    store<f64>(count, load<f64>(count) + 1);
    store<i32>(out, id);
    out += 4;
  }
  written = <i32>((out - tokens) >> 2);
  return <i32>(at - text);
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

/** fnv1a of every entry. */
export function entryHashes(d: Dictionary, hashes: usize): void {
  for (let id = 0; id < d.size; id++) {
    const start = load<i32>(d.starts + ((<usize>id) << 2));
    const length = load<i32>(d.starts + ((<usize>id) << 2), 4) - start;
    store<u32>(hashes + ((<usize>id) << 2), hashOf(d.pool + start, length));
  }
}

// @ts-ignore: decorator
@inline function storeRow(d: Dictionary, hash: u32, out: usize): usize {
  if (d.keptSize < 0) {
    store<i32>(out, d.words + hash);
    return out + 4;
  }
  if (d.keptSize == 0) return out;
  let slot = (hash * 0x9e3779b1) >> 7;
  while (true) {
    const at = d.kept + ((<usize>(slot & d.keptMask)) << 3);
    const key = load<u32>(at);
    if (key == 0) return out;
    if (key == hash + 1) {
      store<i32>(out, d.words + load<i32>(at, 4));
      return out + 4;
    }
    slot++;
  }
}

// @ts-ignore: decorator
@inline function continues(at: usize, end: usize): bool {
  return at < end && (load<u8>(at) & 0xc0) == 0x80;
}

/** Rows of the character n-grams of `<word>`; `room` takes the word with its brackets. Returns the end of them. */
export function subwords(t: Tables, word: usize, length: i32, room: usize, out: usize): usize {
  if (t.maxn <= 0 || t.bucket <= 0) return out;
  if (length == 4 && load<u32>(word) == 0x3e732f3c) return out; // </s>
  store<u8>(room, 60);
  memory.copy(room + 1, word, length);
  store<u8>(room + 1 + length, 62);
  const end = room + length + 2;
  const bucket = <u32>t.bucket;
  for (let start = room; start < end; start++) {
    if (continues(start, end)) continue;
    let h: u32 = 2166136261;
    let at = start;
    for (let n = 1; at < end && n <= t.maxn; n++) {
      do h = hashStep(h, load<u8>(at++));
      while (continues(at, end));
      if (n < t.minn || (n == 1 && (start == room || at == end))) continue;
      out = storeRow(t.dictionary, h % bucket, out);
    }
  }
  return out;
}

export function subwordRows(t: Tables, word: usize, length: i32, room: usize, rows: usize): i32 {
  return <i32>((subwords(t, word, length, room, rows) - rows) >> 2);
}

/**
 * h mod bucket. From 2^14 on the quotient is taken in float64, which is off by one at most, and faster than the
 * division of integers; `half` is 2/bucket.
 */
// @ts-ignore: decorator
@inline function modulo(h: u64, bucket: i32, half: f64): u32 {
  if (bucket < 16384) return <u32>(h % <u64>bucket);
  const quotient = <i64>(<f64>(<i64>(h >> 1)) * half);
  let rest = <i64>h - quotient * <i64>bucket;
  if (rest < 0) rest += <i64>bucket;
  else if (rest >= <i64>bucket) rest -= <i64>bucket;
  return <u32>rest;
}

/** Rows of the word n-grams of 2 to `longest` words. Returns the end of them. */
// @ts-ignore: decorator
@inline function wordNgrams(d: Dictionary, hashes: usize, hashEnd: usize, longest: i32, bucket: i32, out: usize): usize {
  if (bucket <= 0) return out;
  const half = 2.0 / <f64>bucket;
  for (let i = hashes; i < hashEnd; i += 4) {
    let h: u64 = <u64>(<i64>load<i32>(i));
    const stop = min(hashEnd, i + ((<usize>longest) << 2));
    for (let j = i + 4; j < stop; j += 4) {
      h = h * 116049371 + <u64>(<i64>load<i32>(j));
      out = storeRow(d, modulo(h, bucket, half), out);
    }
  }
  return out;
}

/** Whole lines of entries as [tokens, labels, rows, weight, labels…, rows…]. Returns the numbers written. */
export function encode(e: Encoding, tokens: usize, count: i32, lines: usize): i32 {
  const end = tokens + ((<usize>count) << 2);
  let out = lines;
  while (tokens < end) {
    const first = tokens;
    let entry: i32;
    // Labels may stand anywhere in a line and come first in its code, so two passes.
    let labelsAt = out + 16;
    do {
      entry = load<i32>(tokens);
      tokens += 4;
      if (load<u8>(e.kinds + entry) == 1) {
        const id = load<i32>(e.remap + ((<usize>entry) << 2));
        if (id >= 0) {
          store<i32>(labelsAt, id - e.words);
          labelsAt += 4;
        }
      }
    } while (entry != e.endOfLine && tokens < end);
    let rowsAt = labelsAt;
    let hashAt = e.lineHashes;
    for (let token = first; token < tokens; token += 4) {
      entry = load<i32>(token);
      if (load<u8>(e.kinds + entry) == 1) continue;
      const starts = e.starts + ((<usize>entry) << 2);
      const rowEnd = e.rows + ((<usize>load<i32>(starts, 4)) << 2);
      for (let row = e.rows + ((<usize>load<i32>(starts)) << 2); row < rowEnd; row += 4) {
        store<i32>(rowsAt, load<i32>(row));
        rowsAt += 4;
      }
      store<i32>(hashAt, load<i32>(e.hashes + ((<usize>entry) << 2)));
      hashAt += 4;
    }
    rowsAt = wordNgrams(e.dictionary, e.lineHashes, hashAt, e.wordNgrams, e.bucket, rowsAt);
    store<i32>(out, <i32>((tokens - first) >> 2));
    store<i32>(out, <i32>((labelsAt - out - 16) >> 2), 4);
    store<i32>(out, <i32>((rowsAt - labelsAt) >> 2), 8);
    store<f32>(out, 1, 12);
    out = rowsAt;
  }
  return <i32>((out - lines) >> 2);
}

/**
 * Labels and rows of the next line of a text, into the scratch. Returns where the line ends,
 * 0 when the text ends first and is not the last of it.
 */
export function readLine(t: Tables, at: usize, end: usize, last: bool, s: Scratch): usize {
  const d = t.dictionary;
  let rows = s.rows;
  let hashes = s.hashes;
  let labels = s.labels;
  let ended = false;
  while (!ended) {
    let c: u32 = 0;
    while (at < end) {
      c = load<u8>(at);
      if (c == 10 || !separates(c)) break;
      at++;
    }
    if (at >= end) break;
    let start = at;
    let h: u32 = 2166136261;
    let length = 4;
    let entry: i32;
    if (c == 10) {
      at++;
      ended = true;
      store<u32>(s.word, 0x3e732f3c); // </s>
      start = s.word;
      h = hashOf(start, 4);
      entry = load<i32>(slotOf(d, start, 4, h), 4) - 1;
    } else {
      const bytes = v128.load(start);
      const ends = separators(bytes);
      const ahead: usize = ctz(ends);
      const short = ends != 0 && start + ahead < end;
      const word = v128.and(bytes, v128.load(prefixMasks + 16 - (short ? ahead : 0)));
      const place = placeOf(d, word);
      if (short && sameWord(place, word)) {
        at = start + ahead;
        length = <i32>ahead;
        entry = load<i32>(place, 16);
        h = load<u32>(place, 20);
      } else {
        do {
          h = hashStep(h, c);
          at++;
          if (at == end) break;
          c = load<u8>(at);
        } while (!separates(c));
        if (at == end && !last) return 0;
        length = <i32>(at - start);
        entry = load<i32>(slotOf(d, start, length, h), 4) - 1;
        if (short) remember(place, word, entry, h);
      }
      if (length == 4 && load<u32>(start) == 0x3e732f3c) ended = true; // written out in the text
    }
    // Words stand before labels.
    if (entry >= 0 ? entry >= d.words : isLabel(d, start, length)) {
      if (entry >= 0) {
        store<i32>(labels, entry - d.words);
        labels += 4;
      }
      continue;
    }
    store<u32>(hashes, h);
    hashes += 4;
    if (entry >= 0) {
      store<i32>(rows, entry);
      rows += 4;
    }
    if (t.maxn > 0) rows = subwords(t, start, length, s.word + 16, rows);
  }
  if (!ended && !last) return 0;
  rows = wordNgrams(d, s.hashes, hashes, t.wordNgrams, t.bucket, rows);
  s.rowCount = <i32>((rows - s.rows) >> 2);
  s.labelCount = <i32>((labels - s.labels) >> 2);
  return at;
}
