// Which rows the lines name most often.

/** Adds to `counts`, u16 of each row, how often every `stride`-th line names it; no count passes 65535. */
export function countRows(lines: usize, length: i32, stride: i32, counts: usize): void {
  const end = lines + ((<usize>length) << 2);
  let skip = 0;
  for (let line = lines; line < end; ) {
    const rows = line + 16 + ((<usize>load<i32>(line, 4)) << 2);
    line = rows + ((<usize>load<i32>(line, 8)) << 2);
    if (--skip >= 0) continue;
    skip = stride - 1;
    for (let at = rows; at < line; at += 4) {
      const place = counts + ((<usize>load<u32>(at)) << 1);
      const count = <u32>load<u16>(place);
      store<u16>(place, count + (count < 0xffff ? 1 : 0));
    }
  }
}

/** histogram[n] = how many of these counts, u16, are n; `histogram` is zero before. */
export function countCounts(counts: usize, length: i32, histogram: usize): void {
  const end = counts + ((<usize>length) << 1);
  for (let at = counts; at < end; at += 2) {
    const place = histogram + ((<usize>load<u16>(at)) << 2);
    store<i32>(place, load<i32>(place) + 1);
  }
}

/**
 * Lists the rows with a count of `hotLeast` at least, then those with `least`, `hot` of the former; each list in the order of
 * the rows. In place of its count a row gets 1 + its place in the list, or 0.
 */
export function listFrequent(counts: usize, length: i32, least: i32, hotLeast: i32, hot: i32, ids: usize): void {
  let hots = 0;
  let others = hot;
  for (let row = 0; row < length; row++) {
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
