// Several threads that train as one. A batch of lines at a time: each thread averages some of the lines; when all have,
// each goes through the whole batch and moves the rows that are its own. Every row has one writer and nobody reads while
// it writes, so that the result depends neither on who is faster nor on how many there are. What is in nearly every line,
// the rows of the commonest words and the outputs, each thread has for itself and moves line by line, as all others do.
import { addToRows, mean } from "./rows";
import { DIVERGED, DONE, learn, MORE, rateAt } from "./step";
import { Job, Team, Thread } from "./tables";

// What a thread does next.
const SORT = 0;
const SORTED = 1;
const AVERAGE = 2;
const MOVE = 3;
const MOVED = 4;

/** A common word in a line: its number, below 256, and how often it is there; without any the list ends. */
// @ts-ignore: decorator
@inline const COMMON: i32 = 0x80000000;

/** Rows are of one class in blocks of eight: whole cache lines, so that no line has two writers. Common words come first. */
// @ts-ignore: decorator
@inline function classOf(row: i32): i32 {
  return row < 0 ? -1 : (row >> 3) & 63;
}

/** Says that this thread is so far. */
function arrive(team: Team): void {
  team.goal += team.threads;
  if (atomic.add<i32>(team.arrived, 1) + 1 == team.goal) atomic.notify(team.arrived, -1);
}

/** Waits until all are so far; false when that takes long. */
function allArrived(team: Team): bool {
  for (let spin = 0; spin < 20000; spin++) if (atomic.load<i32>(team.arrived) - team.goal >= 0) return true;
  for (let sleep = 0; sleep < 50 && team.maySleep; sleep++) {
    const arrived = atomic.load<i32>(team.arrived);
    if (arrived - team.goal >= 0) return true;
    atomic.wait<i32>(team.arrived, arrived, 1000000);
  }
  return atomic.load<i32>(team.arrived) - team.goal >= 0;
}

export function trainTogether(job: Job, t: Thread, team: Team, budget: i32): i32 {
  const status = goOn(job, t, team, budget);
  if (team.index == 0) copyCommons(job, team, false);
  return status;
}

function goOn(job: Job, t: Thread, team: Team, budget: i32): i32 {
  if (team.phase == SORT) {
    copyCommons(job, team, true);
    sortRows(job, t, team);
    arrive(team);
    team.phase = SORTED;
  }
  while (true) {
    if (team.phase != AVERAGE && !allArrived(team)) return MORE;
    if (team.phase == MOVE) {
      if (!move(job, t, team)) return DIVERGED;
      arrive(team);
      team.phase = MOVED;
    } else {
      team.phase = AVERAGE;
      if (budget <= 0) return MORE;
      if (team.seen >= job.untilTokens || team.end == 0) return DONE;
      budget -= max(1, average(job, t, team));
      arrive(team);
      team.phase = MOVE;
    }
  }
}

/** Copies the common words' rows to the thread's own, or back. */
function copyCommons(job: Job, team: Team, own: bool): void {
  const bytes = (<usize>job.tables.dim) << 2;
  let shared = job.tables.input.values;
  let copy = team.commonRows;
  for (let row = 0; row < team.commons; row++, shared += bytes, copy += team.stride)
    memory.copy(own ? copy : shared, own ? shared : copy, bytes);
}

/** In this thread's part of the lines: common words and how often they occur, then the other rows by class. */
function sortRows(job: Job, t: Thread, team: Team): void {
  const end = job.lines + ((<usize>t.to) << 2);
  const places = team.loads; // [64], of each class
  for (let line = job.lines + ((<usize>t.from) << 2); line < end; ) {
    const rows = line + 16 + ((<usize>load<i32>(line, 4)) << 2);
    const bytes = (<usize>load<i32>(line, 8)) << 2;
    line = rows + bytes;
    memory.fill(places, 0, 256);
    memory.fill(team.counts, 0, (<usize>team.commons) << 2);
    let common = 0;
    for (let at = rows; at < line; at += 4) {
      const row = load<i32>(at);
      const isCommon = row < team.commons;
      const place = isCommon ? team.counts + ((<usize>row) << 2) : places + ((<usize>classOf(row)) << 2);
      store<i32>(place, load<i32>(place) + (isCommon ? 256 : 4));
      common += <i32>isCommon;
    }
    let sorted = team.sorted;
    for (let word = 0; word < team.commons; word++) {
      const count = load<i32>(team.counts + ((<usize>word) << 2));
      if (count == 0) continue;
      store<i32>(sorted, COMMON | count | word);
      sorted += 4;
    }
    for (const listEnd = team.sorted + ((<usize>common) << 2); sorted < listEnd; sorted += 4) store<i32>(sorted, COMMON);
    let next = common << 2;
    for (let place = places; place < places + 256; place += 4) {
      const count = load<i32>(place);
      store<i32>(place, next);
      next += count;
    }
    for (let at = rows; at < line; at += 4) {
      const row = load<i32>(at);
      if (row < team.commons) continue;
      const place = places + ((<usize>classOf(row)) << 2);
      const to = load<i32>(place);
      store<i32>(place, to + 4);
      store<i32>(team.sorted + <usize>to, row);
    }
    memory.copy(rows, team.sorted, bytes);
  }
}

/** sum += Σ count · row of a line's common words. */
// @ts-ignore: decorator
@inline function addCommons(team: Team, rows: usize, end: usize, sum: usize, bytes: usize): void {
  for (; rows < end; rows += 4) {
    const entry = load<i32>(rows);
    if (entry >= 0 || entry == COMMON) return;
    const count = f32x4.splat(<f32>((entry & 0x7fffffff) >> 8));
    const row = team.commonRows + <usize>((entry & 255) * team.stride);
    for (let d: usize = 0; d < bytes; d += 16)
      v128.store(sum + d, f32x4.add(v128.load(sum + d), f32x4.mul(count, v128.load(row + d))));
  }
}

/** Row += count · grad, for a line's common words. */
// @ts-ignore: decorator
@inline function moveCommons(team: Team, rows: usize, end: usize, grad: usize, bytes: usize): void {
  for (; rows < end; rows += 4) {
    const entry = load<i32>(rows);
    if (entry >= 0 || entry == COMMON) return;
    const count = f32x4.splat(<f32>((entry & 0x7fffffff) >> 8));
    const row = team.commonRows + <usize>((entry & 255) * team.stride);
    for (let d: usize = 0; d < bytes; d += 16)
      v128.store(row + d, f32x4.add(v128.load(row + d), f32x4.mul(count, v128.load(grad + d))));
  }
}

/** Begins a batch: adds the rows, common ones left out, of the lines that are this thread's. Returns the batch's tokens. */
function average(job: Job, t: Thread, team: Team): i32 {
  const input = job.tables.input;
  if (t.at == team.end) t.at = 0;
  const end = job.lines + ((<usize>team.end) << 2);
  const threads = <usize>team.threads << 2;
  memory.fill(team.loads, 0, threads);
  let tokens = 0;
  let rowsSoFar = 0;
  let count = 0;
  let line = job.lines + ((<usize>t.at) << 2);
  for (; line < end && count < team.mostLines && rowsSoFar < team.mostRows; count++) {
    const labelCount = load<i32>(line, 4);
    const rowCount = load<i32>(line, 8);
    const rows = line + 16 + ((<usize>labelCount) << 2);
    tokens += load<i32>(line);
    line = rows + ((<usize>rowCount) << 2);
    // The one with the fewest rows so far takes the line.
    let taker: usize = 0;
    for (let other: usize = 4; other < threads; other += 4)
      if (load<i32>(team.loads + other) < load<i32>(team.loads + taker)) taker = other;
    store<i32>(team.loads + taker, load<i32>(team.loads + taker) + rowCount);
    rowsSoFar += rowCount;
    if (<i32>(taker >> 2) != team.index) continue;
    const from = rows + ((<usize>firstOf(rows, rowCount, 0)) << 2);
    mean(input.values, input.dim, from, line, team.hiddens + <usize>(count * team.stride), 1);
  }
  team.lines = count;
  return tokens;
}

/** Learns the batch. Each thread has the outputs for itself and moves them alike; of the input each moves its own rows. */
function move(job: Job, t: Thread, team: Team): bool {
  const input = job.tables.input;
  const bytes = (<usize>input.dim) << 2;
  for (let i = 0; i < team.lines; i++) {
    const line = job.lines + ((<usize>t.at) << 2);
    const labelCount = load<i32>(line, 4);
    const rowCount = load<i32>(line, 8);
    const labels = line + 16;
    const rows = labels + ((<usize>labelCount) << 2);
    t.at += 4 + labelCount + rowCount;
    const rate = rateAt(job, team.seen);
    team.seen += load<i32>(line);
    if (labelCount == 0 || rowCount == 0) continue;
    const end = rows + ((<usize>rowCount) << 2);
    memory.copy(t.hidden, team.hiddens + <usize>(i * team.stride), bytes);
    addCommons(team, rows, end, t.hidden, bytes);
    const scale = <f32>(1.0 / <f64>rowCount);
    for (let d: usize = 0; d < bytes; d += 4) store<f32>(t.hidden + d, load<f32>(t.hidden + d) * scale);
    if (!learn(job, t, line, labels, labelCount, rowCount, rate)) return false;
    moveCommons(team, rows, end, t.grad, bytes);
    const from = firstOf(rows, rowCount, team.firstClass);
    const to = firstOf(rows, rowCount, team.endClass);
    addToRows(input.values, input.dim, rows + ((<usize>from) << 2), rows + ((<usize>to) << 2), t.grad);
  }
  if (team.index == 0) atomic.store<i64>(job.progress, team.seen);
  return true;
}

/** The first of a line's rows that is of this class or a later one. */
function firstOf(rows: usize, count: i32, rowClass: i32): i32 {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (classOf(load<i32>(rows + ((<usize>middle) << 2))) < rowClass) low = middle + 1;
    else high = middle;
  }
  return low;
}
