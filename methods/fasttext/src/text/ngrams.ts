// The hashing trick of §2.2: n-grams of words and of characters share `bucket` rows behind the words' own.

import type { SubwordSettings } from "../kernel/kernel.ts";
import type { Dictionary } from "./dictionary.ts";
import { fnv1a } from "./hash.ts";
import { isEndOfLine } from "./tokenize.ts";

/** Row of a hash: its bucket, or after pruning the row that was kept for it; −1 when it was dropped. */
export function rowOfHash(dictionary: Dictionary, hash: number): number {
  const { kept, keptSize, words } = dictionary;
  if (keptSize < 0) return words + hash;
  if (keptSize === 0 || kept === undefined) return -1;
  const mask = kept.length / 2 - 1;
  for (let slot = Math.imul(hash, 0x9e3779b1) >>> 7; ; slot++) {
    const key = kept[2 * (slot & mask)]!;
    if (key === 0) return -1;
    if (key === hash + 1) return words + kept[2 * (slot & mask) + 1]!;
  }
}

/**
 * Rows of the character n-grams of `<word>`, minn to maxn code points long. A single `<` or `>` is no n-gram.
 *
 * @param rows  filled from `at` on
 * @returns where it stopped
 */
export function subwordRows(settings: SubwordSettings, word: Uint8Array, rows: Int32Array, at: number): number {
  for (const { hash } of subwords(settings, word)) {
    const row = rowOfHash(settings.dictionary, hash);
    if (row >= 0) rows[at++] = row;
  }
  return at;
}

/** The character n-grams of `<word>` as bytes, each with its bucket. */
export function* subwords(
  { minn, maxn, bucket }: Pick<SubwordSettings, "minn" | "maxn" | "bucket">,
  word: Uint8Array,
): Generator<{ text: Uint8Array; hash: number }> {
  if (maxn <= 0 || bucket <= 0 || isEndOfLine(word)) return;
  const bytes = new Uint8Array(word.length + 2);
  bytes[0] = 60; // <
  bytes.set(word, 1);
  bytes[word.length + 1] = 62; // >
  const continues = (i: number) => i < bytes.length && (bytes[i]! & 0xc0) === 0x80;
  for (let start = 0; start < bytes.length; start++) {
    if (continues(start)) continue;
    let hash = fnv1a(bytes, 0, 0);
    for (let end = start, n = 1; end < bytes.length && n <= maxn; n++) {
      const from = end++;
      while (continues(end)) end++;
      hash = fnv1a(bytes, from, end, hash);
      if (n < minn || (n === 1 && (start === 0 || end === bytes.length))) continue;
      yield { text: bytes.subarray(start, end), hash: hash % bucket };
    }
  }
}

/**
 * Rows of the word n-grams of 2 to `longest` words: h ← h·116049371 + hᵢ in 64 bits, hᵢ the words' hashes with sign.
 *
 * @param hashes  fnv1a of each word of the line, as int32
 */
export function wordNgramRows(
  dictionary: Dictionary,
  hashes: ArrayLike<number>,
  longest: number,
  bucket: number,
  rows: Int32Array,
  at: number,
): number {
  if (bucket <= 0) return at;
  for (let i = 0; i < hashes.length; i++) {
    let hash = BigInt(hashes[i]!);
    for (let j = i + 1; j < hashes.length && j < i + longest; j++) {
      hash = BigInt.asUintN(64, hash * 116049371n + BigInt(hashes[j]!));
      const row = rowOfHash(dictionary, Number(hash % BigInt(bucket)));
      if (row >= 0) rows[at++] = row;
    }
  }
  return at;
}
