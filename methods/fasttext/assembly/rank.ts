// The final order of a dictionary's entries, and a dictionary in that order.
import { Dictionary } from "./tables";

/** Counts from here on share a bucket, as src/text/dictionary.ts has it. */
const RARE: i32 = 4096;

/** Words before labels, each by falling count. */
function bucketOf(d: Dictionary, id: i32): usize {
  const count = min<f64>(load<f64>(d.counts + ((<usize>id) << 3)), RARE - 1);
  return (<usize>(<i32>load<u8>(d.kinds + id) * RARE + RARE - 1 - <i32>count)) << 2;
}

/**
 * Entries seen at least `least` times (labels `leastLabel` times) and once, by bucket, those of one in their order. `room`
 * has place for them all, `ends` for a number of each bucket, zeros before, where it begins afterwards. Returns how many.
 */
export function rankEntries(d: Dictionary, least: f64, leastLabel: f64, ids: usize, room: usize, ends: usize): i32 {
  let kept = room;
  for (let id = 0; id < d.size; id++) {
    const count = load<f64>(d.counts + ((<usize>id) << 3));
    if (count <= 0 || count < (load<u8>(d.kinds + id) == 1 ? leastLabel : least)) continue;
    store<i32>(kept, id);
    kept += 4;
    const end = ends + bucketOf(d, id);
    store<i32>(end, load<i32>(end) + 1);
  }
  let sum = 0;
  for (let end = ends; end < ends + 8 * RARE; end += 4) {
    sum += load<i32>(end);
    store<i32>(end, sum);
  }
  for (let from = kept; from > room; ) {
    from -= 4;
    const id = load<i32>(from);
    const end = ends + bucketOf(d, id);
    const place = load<i32>(end) - 1;
    store<i32>(end, place);
    store<i32>(ids + ((<usize>place) << 2), id);
  }
  return sum;
}

/** Copies entries in the order of `ids` to where there are none; notes the place of each. Returns how many are labels. */
export function copyEntries(from: Dictionary, ids: usize, count: i32, to: Dictionary, places: usize): i32 {
  let at = to.pool;
  let labels = 0;
  for (let i = 0; i < count; i++, ids += 4) {
    const id = load<i32>(ids);
    const start = from.starts + ((<usize>id) << 2);
    const end = at + load<i32>(start, 4) - load<i32>(start);
    // Eights: what is too much is written over by the next entry, and behind the last one there is room.
    for (let word = from.pool + load<i32>(start); at < end; at += 8, word += 8) store<u64>(at, load<u64>(word));
    at = end;
    store<i32>(to.starts + ((<usize>i) << 2), <i32>(at - to.pool), 4);
    store<f64>(to.counts + ((<usize>i) << 3), load<f64>(from.counts + ((<usize>id) << 3)));
    const kind = load<u8>(from.kinds + id);
    store<u8>(to.kinds + i, kind);
    labels += kind;
    store<i32>(places + ((<usize>id) << 2), i);
  }
  return labels;
}
