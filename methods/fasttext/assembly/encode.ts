// Entries of a corpus to labels and rows.
import { wordNgrams } from "./ngrams";
import { startLines } from "./start";
import { Encoding, FIRST_LABEL, MANY_ROWS } from "./tables";

/** Whole lines of entries as [tokens, labels, rows, weight, labels…, rows…]. Returns the numbers written. */
export function encode(e: Encoding, tokens: usize, count: i32, lines: usize): i32 {
  const end = tokens + ((<usize>count) << 2);
  const endOfLine = e.endOfLine;
  let out = lines;
  while (tokens < end) {
    const first = tokens;
    const labelsAt = out + 16;
    let rowsFrom = labelsAt;
    let rowsAt = labelsAt;
    let hashAt = e.lineHashes;
    let entry: i32;
    do {
      entry = load<i32>(tokens);
      tokens += 4;
      const record = e.entries + ((<usize>entry) << 3);
      const what = load<i32>(record);
      if (what > MANY_ROWS) {
        store<i32>(rowsAt, what);
        rowsAt += what >= 0 ? 4 : 0;
      } else if (what == MANY_ROWS) {
        const name = e.names != 0 ? load<i32>(e.names + ((<usize>entry) << 2)) : entry;
        const starts = e.starts + ((<usize>name) << 2);
        const bytes = (<usize>(load<i32>(starts, 4) - load<i32>(starts))) << 2;
        memory.copy(rowsAt, e.rows + ((<usize>load<i32>(starts)) << 2), bytes);
        rowsAt += bytes;
      } else {
        if (what > FIRST_LABEL) continue; // a label that was dropped
        if (rowsAt != rowsFrom) memory.copy(rowsFrom + 4, rowsFrom, rowsAt - rowsFrom); // labels come first
        store<i32>(rowsFrom, FIRST_LABEL - what);
        rowsFrom += 4;
        rowsAt += 4;
        continue;
      }
      store<i32>(hashAt, load<i32>(record, 4));
      hashAt += 4;
    } while (entry != endOfLine && tokens < end);
    rowsAt = wordNgrams(e.dictionary, e.lineHashes, hashAt, e.wordNgrams, e.bucket, rowsAt);
    store<i32>(out, <i32>((tokens - first) >> 2));
    store<i32>(out, <i32>((rowsFrom - labelsAt) >> 2), 4);
    store<i32>(out, <i32>((rowsAt - rowsFrom) >> 2), 8);
    store<f32>(out, 1, 12);
    out = rowsAt;
  }
  if (changetype<usize>(e.start) != 0) startLines(e.start, lines, out);
  return <i32>((out - lines) >> 2);
}

/** Pair i of `picked` is pair ids[i] of `pairs`. */
export function pickPairs(pairs: usize, ids: usize, count: i32, picked: usize): void {
  for (const end = ids + ((<usize>count) << 2); ids < end; ids += 4, picked += 8)
    store<u64>(picked, load<u64>(pairs + ((<usize>load<i32>(ids)) << 3)));
}
