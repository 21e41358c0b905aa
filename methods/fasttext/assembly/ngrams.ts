// Rows of hashed n-grams, of characters and of words.
import { hashStep } from "./dictionary";
import { Dictionary, Tables } from "./tables";

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
 * h mod bucket. From 2^14 on the quotient is taken in float64, which is off by one at most and faster than the division
 * of integers: added to 1.5·2^52 a number below 2^51 is rounded, and stands in the last bits. `half` is 2/bucket.
 */
// @ts-ignore: decorator
@inline function modulo(h: u64, bucket: i64, half: f64): u32 {
  if (bucket < 16384) return <u32>(h % <u64>bucket);
  const rounder: f64 = 6755399441055744;
  const quotient = reinterpret<i64>(<f64>(<i64>(h >> 1)) * half + rounder) - reinterpret<i64>(rounder);
  const rest = <i64>h - quotient * bucket;
  return <u32>(rest + ((rest >> 63) & bucket));
}

/** Rows of the word n-grams of 2 to `longest` words. Returns the end of them. */
// @ts-ignore: decorator
@inline export function wordNgrams(d: Dictionary, hashes: usize, hashEnd: usize, longest: i32, bucket: i32, out: usize): usize {
  if (bucket <= 0) return out;
  const half = 2.0 / <f64>bucket;
  const all = d.keptSize < 0;
  const words = d.words;
  for (let i = hashes; i < hashEnd; i += 4) {
    let h: u64 = <u64>(<i64>load<i32>(i));
    const stop = min(hashEnd, i + ((<usize>longest) << 2));
    for (let j = i + 4; j < stop; j += 4) {
      h = h * 116049371 + <u64>(<i64>load<i32>(j));
      const row = modulo(h, bucket, half);
      if (all) {
        store<i32>(out, words + row);
        out += 4;
      } else out = storeRow(d, row, out);
    }
  }
  return out;
}
