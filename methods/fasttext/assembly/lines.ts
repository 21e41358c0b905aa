// What the encoded lines tell: where they begin, and which rows they name most often.

/**
 * Goes from the line at `at` to the first one that begins at `goal` or behind it, both numbers of the lines' array. Adds to
 * `found`: the lines that were passed, and the rows of the longest one, if they are more. Returns where it stopped.
 */
export function passLines(lines: usize, at: i32, goal: i32, found: usize): i32 {
  let count = load<i32>(found);
  let longest = load<i32>(found, 4);
  for (; at < goal; count++) {
    const line = lines + ((<usize>at) << 2);
    const rows = load<i32>(line, 8);
    longest = max(longest, rows);
    at += 4 + load<i32>(line, 4) + rows;
  }
  store<i32>(found, count);
  store<i32>(found, longest, 4);
  return at;
}

/**
 * Adds to `counts`, u16 of each row, how often every `stride`-th line names it; no count passes 65535. histogram[n] becomes
 * how many counts are n; for 0 it is below 0, by as many as are not.
 */
export function countRows(lines: usize, length: i32, stride: i32, counts: usize, histogram: usize): void {
  const end = lines + ((<usize>length) << 2);
  let skip = 0;
  for (let line = lines; line < end; ) {
    const rows = line + 16 + ((<usize>load<i32>(line, 4)) << 2);
    line = rows + ((<usize>load<i32>(line, 8)) << 2);
    if (--skip >= 0) continue;
    skip = stride - 1;
    countLine(rows, line, counts, histogram);
  }
}

/** Exported, as `listBlock` is, so that it stays a function and is compiled well; see exchange.ts. */
export function countLine(rows: usize, end: usize, counts: usize, histogram: usize): void {
  for (let at = rows; at < end; at += 4) {
    const place = counts + ((<usize>load<u32>(at)) << 1);
    const count = <u32>load<u16>(place);
    if (count == 0xffff) continue;
    store<u16>(place, count + 1);
    const bin = histogram + ((<usize>count) << 2);
    store<i32>(bin, load<i32>(bin) - 1);
    store<i32>(bin, load<i32>(bin, 4) + 1, 4);
  }
}

/** Where the next row of each list goes. */
let hots = 0;
let others = 0;

/**
 * Lists the rows with a count of `hotLeast` at least, then those with `least`, `hot` of the former; each list in the order of
 * the rows. In place of its count a row gets 1 + its place in the list, or 0.
 */
export function listFrequent(counts: usize, length: i32, least: i32, hotLeast: i32, hot: i32, ids: usize): void {
  hots = 0;
  others = hot;
  for (let row = 0; row < length; row += 1024) listBlock(counts, row, min(length, row + 1024), least, hotLeast, ids);
}

export function listBlock(counts: usize, from: i32, to: i32, least: i32, hotLeast: i32, ids: usize): void {
  for (let row = from; row < to; row++) {
    const at = counts + ((<usize>row) << 1);
    const count = <i32>load<u16>(at);
    if (count < least) {
      if (count != 0) store<u16>(at, 0);
      continue;
    }
    const place = count >= hotLeast ? hots++ : others++;
    store<i32>(ids + ((<usize>place) << 2), row);
    store<u16>(at, place + 1);
  }
}
