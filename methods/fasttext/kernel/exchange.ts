// A thread's own copies of the rows that all threads touch all the time. Two cores that write to one row in turn wait for
// each other at every step; with copies they meet once in a while, each adding what it moved since.
import { Copy, Job, Own, Thread } from "./tables";

// @ts-ignore: decorator
@inline function exchangeCopy(c: Copy): void {
  const end = c.shared + ((<usize>c.count) << 2);
  let own = c.own;
  let before = c.before;
  for (let shared = c.shared; shared < end; shared += 16, own += 16, before += 16) {
    const now = v128.load(shared);
    const old = v128.load(before);
    const mine = v128.load(own);
    if (!v128.any_true(v128.or(v128.xor(now, old), v128.xor(mine, old)))) continue;
    const sum = f32x4.add(now, f32x4.sub(mine, old));
    v128.store(shared, sum);
    v128.store(own, sum);
    v128.store(before, sum);
  }
}

/** Adds what this thread moved to the shared rows, and takes what the others moved: of the hot ones only, or of all. */
export function exchange(own: Own, all: bool): void {
  exchangeCopy(own.hot);
  exchangeCopy(own.hotOutputs);
  own.hotLeft = own.hotEvery;
  if (!all) return;
  exchangeCopy(own.words);
  exchangeCopy(own.outputs);
  own.left = own.every;
}

/** Lets the thread's lines name its own copies. */
export function nameCopies(job: Job, t: Thread): void {
  const own = t.own;
  const end = job.lines + ((<usize>t.to) << 2);
  for (let line = job.lines + ((<usize>t.from) << 2); line < end; ) {
    const rows = line + 16 + ((<usize>load<i32>(line, 4)) << 2);
    line = rows + ((<usize>load<i32>(line, 8)) << 2);
    for (let at = rows; at < line; at += 4) {
      const row = load<i32>(at);
      store<i32>(at, row + (own.rowOffset & ((row - own.rows) >> 31)));
    }
  }
  own.named = 1;
}
