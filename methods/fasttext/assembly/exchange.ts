// A thread's own copies of the rows that all threads touch all the time. Two cores that write to one row in turn wait for
// each other at every step; with copies they meet once in a while, each adding what it moved since.
import { Copy, Job, Own, Thread } from "./tables";

/** Adds what this thread moved to the shared numbers, and takes what the others moved. */
// @ts-ignore: decorator
@inline function exchangeNumbers(shared: usize, own: usize, before: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const now = v128.load(shared + at);
    const old = v128.load(before + at);
    const mine = v128.load(own + at);
    if (!v128.any_true(v128.or(v128.xor(now, old), v128.xor(mine, old)))) continue;
    const sum = f32x4.add(now, f32x4.sub(mine, old));
    v128.store(shared + at, sum);
    v128.store(own + at, sum);
    v128.store(before + at, sum);
  }
  for (; at < bytes; at += 4) {
    const sum = load<f32>(shared + at) + (load<f32>(own + at) - load<f32>(before + at));
    store<f32>(shared + at, sum);
    store<f32>(own + at, sum);
    store<f32>(before + at, sum);
  }
}

// @ts-ignore: decorator
@inline function exchangeCopy(c: Copy): void {
  exchangeNumbers(c.shared, c.own, c.before, (<usize>c.count) << 2);
}

// @ts-ignore: decorator
@inline function exchangeRows(job: Job, own: Own, from: i32, to: i32): void {
  const shared = job.tables.input.values;
  const rowBytes = (<usize>job.tables.input.dim) << 2;
  const copies = shared + (<usize>own.firstCopy) * rowBytes;
  for (let i = from; i < to; i++) {
    const id = load<u32>(own.ids + ((<usize>i) << 2));
    const place = (<usize>i) * rowBytes;
    exchangeNumbers(shared + (<usize>id) * rowBytes, copies + place, own.before + place, rowBytes);
  }
}

/** Exchanges the hot rows and outputs, or all of them. */
export function exchange(job: Job, own: Own, all: bool): void {
  exchangeCopy(own.hotOutputs);
  exchangeRows(job, own, 0, all ? own.count : own.hot);
  // At the start everything moves far, and the same way: copies are exchanged each time that an eighth more was learnt.
  const soon = max(1, own.seen >> 3);
  own.hotLeft = min(own.hotEvery, soon);
  if (!all) return;
  exchangeCopy(own.outputs);
  own.left = min(own.every, soon);
}

/** Copies the thread's rows, and lets its lines name the copies. */
export function takeCopies(job: Job, t: Thread): void {
  const own = t.own;
  const shared = job.tables.input.values;
  const rowBytes = (<usize>job.tables.input.dim) << 2;
  const copies = shared + (<usize>own.firstCopy) * rowBytes;
  for (let i = 0; i < own.count; i++) {
    const place = (<usize>i) * rowBytes;
    memory.copy(copies + place, shared + (<usize>load<u32>(own.ids + ((<usize>i) << 2))) * rowBytes, rowBytes);
  }
  memory.copy(own.before, copies, (<usize>own.count) * rowBytes);
  const end = job.lines + ((<usize>t.to) << 2);
  for (let line = job.lines + ((<usize>t.from) << 2); line < end; ) line = nameCopies(own, line);
  own.taken = 1;
}

/**
 * Lets a line name the copies. Returns its end. Exported, so that it stays a function: an engine compiles well what is called
 * often, and the loop over all lines runs once.
 */
export function nameCopies(own: Own, line: usize): usize {
  const rows = line + 16 + ((<usize>load<i32>(line, 4)) << 2);
  const end = rows + ((<usize>load<i32>(line, 8)) << 2);
  for (let at = rows; at < end; at += 4) {
    const row = load<i32>(at);
    const place = <i32>load<u16>(own.places + ((<usize>row) << 1));
    store<i32>(at, place == 0 ? row : own.firstCopy + place - 1);
  }
  return end;
}
