// Several threads that divide the rows: each goes through all lines, and adds and moves only the rows that it owns, so that
// no cache line is written by two cores. For every line a thread posts the sum of its rows; from everybody's sums each has
// the same hidden vector, and learns by it as all others do, with outputs of its own. The sums are posted some lines ahead,
// so that nobody has to wait for them.
import { addToRows, mean } from "./rows";
import { DIVERGED, DONE, learn, MORE, rateAt } from "./step";
import { Divided, Job, Thread } from "./tables";

/** Lines between the one that is added and the one that is learnt, and the number of them that is posted at once less 1. */
const AHEAD = 3;
const BATCH_MASK = 1;
/** Sums that a thread keeps less 1: another may still read those of the line before last. 2 · (AHEAD + 1) − 1 */
const RING_MASK = 7;

export function trainDivided(job: Job, t: Thread, d: Divided, budget: i32): i32 {
  const status = goOn(job, t, d, budget);
  // Without a budget a thread only gives back what it learnt.
  if (d.divided && (status != MORE || budget <= 0)) moveOwn(job, d, true);
  if (d.index == 0) atomic.store<i64>(job.progress, d.seen);
  return status;
}

function goOn(job: Job, t: Thread, d: Divided, budget: i32): i32 {
  if (budget <= 0) return MORE;
  if (!d.divided) {
    moveOwn(job, d, false);
    divideRows(job, t, d);
    d.divided = 1;
    post(d);
  }
  if (!havePosted(d, 1)) return MORE;
  for (; budget > 0; ) {
    if (d.seen >= job.untilTokens || d.end == 0) return DONE;
    while (d.summed - d.learnt <= AHEAD) {
      sumLine(job, d);
      if ((d.summed & BATCH_MASK) == 0) post(d);
    }
    if (!havePosted(d, d.learnt + 2)) return MORE;
    const tokens = learnLine(job, t, d);
    if (tokens < 0) return DIVERGED;
    budget -= max(1, tokens);
  }
  return MORE;
}

/** Tells the others how far this thread is: 1 when its rows are divided, and 1 more for each sum. */
function post(d: Divided): void {
  const place = d.posts + ((<usize>d.index) << 6);
  atomic.store<i32>(place, 1 + d.summed);
  if (atomic.load<i32>(place, 4) != 0) atomic.notify(place, -1);
}

/** Waits until all threads are so far; false when that takes long. */
function havePosted(d: Divided, goal: i32): bool {
  return d.known - goal >= 0 || waitFor(d, goal);
}

function waitFor(d: Divided, goal: i32): bool {
  let known = goal + 0x3fffffff;
  for (let other = 0; other < d.threads; other++) {
    if (other == d.index) continue;
    const place = d.posts + ((<usize>other) << 6);
    let posted = atomic.load<i32>(place);
    for (let spin = 0; posted - goal < 0 && spin < 20000; spin++) posted = atomic.load<i32>(place);
    for (let sleep = 0; posted - goal < 0 && sleep < 50 && d.maySleep; sleep++) {
      atomic.add<i32>(place, 1, 4);
      atomic.wait<i32>(place, posted, 1000000);
      atomic.sub<i32>(place, 1, 4);
      posted = atomic.load<i32>(place);
    }
    if (posted - goal < 0) return false;
    if (posted - known < 0) known = posted;
  }
  d.known = known;
  return true;
}

/** Moves rows of `bytes` bytes side by side, or back: those with numbers from 0 to `end` − 1. */
function moveRows(base: usize, bytes: usize, ids: usize, count: i32, end: i32, firstCopy: i32, back: bool): void {
  for (let i = 0; i < count; i++) {
    const row = load<i32>(ids + ((<usize>i) << 2));
    if (<u32>row >= <u32>end) continue;
    const apart = base + (<usize>row) * bytes;
    const copy = base + (<usize>(firstCopy + i)) * bytes;
    memory.copy(back ? apart : copy, back ? copy : apart, bytes);
  }
}

function moveOwn(job: Job, d: Divided, back: bool): void {
  const first = d.index * d.each;
  const input = job.tables.input;
  const ids = d.ids + ((<usize>first) << 2);
  moveRows(input.values, (<usize>input.dim) << 2, ids, d.each, input.rows, d.firstCopy + first, back);
}

/** Puts the rows of each line of this thread's part in the order of their owners. */
function divideRows(job: Job, t: Thread, d: Divided): void {
  const end = job.lines + ((<usize>t.to) << 2);
  let split = d.splits + ((<usize>(d.firstLine * d.threads)) << 2);
  for (let line = job.lines + ((<usize>t.from) << 2); line < end; split += (<usize>d.threads) << 2)
    line = divideLine(d, line, split);
}

/**
 * Rows of an owner come together, the frequent ones first. Returns the line's end. Exported, so that it stays a function and
 * is compiled well; see exchange.ts.
 */
export function divideLine(d: Divided, line: usize, split: usize): usize {
  const rows = line + 16 + ((<usize>load<i32>(line, 4)) << 2);
  const end = rows + ((<usize>load<i32>(line, 8)) << 2);
  const owners = d.owners;
  const places = d.places;
  const firstCopy = d.firstCopy;
  // Where a row goes is looked up for all of them first: what is far away comes while others are looked up.
  let key = d.keys;
  for (let at = rows; at < end; at += 4, key++) {
    let row = load<i32>(at);
    const place = <i32>load<u16>(places + ((<usize>row) << 1));
    row = select(row, firstCopy + place - 1, place == 0);
    store<i32>(at, row);
    store<u8>(key, ((<i32>load<u8>(owners + <usize>(row >> 10))) << 1) + <i32>(row < firstCopy));
  }
  const next = d.next;
  const keys = (<usize>d.threads) << 3;
  let room = d.room;
  for (let k: usize = 0; k < keys; k += 4, room += <usize>d.longest) store<usize>(next + k, room);
  key = d.keys;
  for (let at = rows; at < end; at += 4, key++) {
    const place = next + ((<usize>load<u8>(key)) << 2);
    const to = load<usize>(place);
    store<i32>(to, load<i32>(at));
    store<usize>(place, to + 4);
  }
  room = d.room;
  let to = rows;
  for (let k: usize = 0; k < keys; k += 4, room += <usize>d.longest) {
    const bytes = load<usize>(next + k) - room;
    memory.copy(to, room, bytes);
    to += bytes;
    if (k & 4) {
      store<i32>(split, <i32>((to - rows) >> 2));
      split += 4;
    }
  }
  return end;
}

/** Where the thread's rows of line number `i` begin, or end. */
function bound(d: Divided, i: i32, index: i32): usize {
  if (index == 0) return 0;
  return (<usize>load<i32>(d.splits + ((<usize>(i * d.threads + index - 1)) << 2))) << 2;
}

function sumOf(d: Divided, thread: i32, line: i32): usize {
  return d.sums + <usize>((thread * (RING_MASK + 1) + (line & RING_MASK)) * d.stride);
}

/** Adds the thread's rows of the line that is next to be added. */
function sumLine(job: Job, d: Divided): void {
  if (d.front == d.end) {
    d.front = 0;
    d.frontLine = 0;
  }
  const line = job.lines + ((<usize>d.front) << 2);
  const labelCount = load<i32>(line, 4);
  const rowCount = load<i32>(line, 8);
  const rows = line + 16 + ((<usize>labelCount) << 2);
  const from = rows + bound(d, d.frontLine, d.index);
  const to = rows + bound(d, d.frontLine, d.index + 1);
  mean(job.tables.input.values, job.tables.input.dim, from, to, sumOf(d, d.index, d.summed), 1);
  d.front += 4 + labelCount + rowCount;
  d.frontLine++;
  d.summed++;
}

/** Learns a line that all have added: the outputs, and of its rows the thread's own. Returns its tokens, −1 when a score was NaN. */
function learnLine(job: Job, t: Thread, d: Divided): i32 {
  if (t.at == d.end) {
    t.at = 0;
    d.line = 0;
  }
  const input = job.tables.input;
  const line = job.lines + ((<usize>t.at) << 2);
  const tokens = load<i32>(line);
  const labelCount = load<i32>(line, 4);
  const rowCount = load<i32>(line, 8);
  const labels = line + 16;
  const rows = labels + ((<usize>labelCount) << 2);
  const rate = rateAt(job, d.seen);
  const i = d.line;
  const learnt = d.learnt;
  d.seen += tokens;
  t.at += 4 + labelCount + rowCount;
  d.line++;
  d.learnt++;
  if (labelCount == 0 || rowCount == 0) return tokens;
  const bytes = (<usize>input.dim) << 2;
  const scale = f32x4.splat(<f32>(1.0 / <f64>rowCount));
  for (let at: usize = 0; at < bytes; at += 16) {
    let sum = v128.load(sumOf(d, 0, learnt) + at);
    for (let other = 1; other < d.threads; other++) sum = f32x4.add(sum, v128.load(sumOf(d, other, learnt) + at));
    v128.store(t.hidden + at, f32x4.mul(sum, scale));
  }
  if (!learn(job, t, line, labels, labelCount, rowCount, rate)) return -1;
  const from = rows + bound(d, i, d.index);
  const to = rows + bound(d, i, d.index + 1);
  addToRows(input.values, input.dim, from, to, t.grad);
  return tokens;
}
