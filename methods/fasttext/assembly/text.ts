// Texts to entries, lines to labels and rows.
import { isLabel } from "./dictionary";
import { subwords, wordNgrams } from "./ngrams";
import { Dictionary, Scratch, Tables } from "./tables";
import { entryOf, hashOfWord, lengthOf, lineEnded, nextWords, startOf, startReading, textAt } from "./words";

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
  startReading(d, endOfLine);
  while (true) {
    const count = nextWords(d, at, end, last, false, true);
    at = textAt;
    if (count == 0) break;
    for (let i = 0; i < count; i++) {
      const id = entryOf(d, i);
      const times = d.counts + ((<usize>id) << 3);
      store<f64>(times, load<f64>(times) + 1);
      store<i32>(out, id);
      out += 4;
    }
  }
  written = <i32>((out - tokens) >> 2);
  return <i32>(at - text);
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
  while (true) {
    const count = nextWords(d, at, end, last, true, false);
    at = textAt;
    for (let i = 0; i < count; i++) {
      const entry = entryOf(d, i);
      if (entry >= d.words || entry < 0) {
        // Words stand before labels.
        if (entry >= 0) {
          store<i32>(labels, entry - d.words);
          labels += 4;
          continue;
        }
        if (isLabel(d, startOf(d, i), lengthOf(d, i))) continue;
      } else {
        store<i32>(rows, entry);
        rows += 4;
      }
      store<u32>(hashes, hashOfWord(d, i));
      hashes += 4;
      if (t.maxn > 0) rows = subwords(t, startOf(d, i), lengthOf(d, i), s.word + 16, rows);
    }
    if (lineEnded) break;
    if (count == 0) {
      if (!last) return 0;
      break;
    }
  }
  rows = wordNgrams(d, s.hashes, hashes, t.wordNgrams, t.bucket, rows);
  s.rowCount = <i32>((rows - s.rows) >> 2);
  s.labelCount = <i32>((labels - s.labels) >> 2);
  return at;
}
