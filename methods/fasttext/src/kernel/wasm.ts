// The fast kernel: WebAssembly with SIMD. Calls ../../assembly on the records of the tables.
import { endOfLine, rareCounts, sortOften } from "../text/dictionary.ts";
import { instantiate } from "./instance.ts";
import type { Encoding, Job, Kernel, Tables, ThreadState, TrainStatus } from "./kernel.ts";
import type { Struct } from "./layout.ts";
import type { layouts } from "./layouts.ts";
import type { Memory } from "./memory.ts";
import { on } from "./records.ts";

/** Addresses of a thread's work in the shared memory: all that a worker needs to take part. */
export interface ThreadWork {
  readonly memory: WebAssembly.Memory;
  readonly job: number;
  readonly thread: number;
  /** A number there other than 0 tells the threads to stop. */
  readonly stop: number;
}

/** What a thread's record says: valid while other threads write it, since each number has one writer. */
export interface ThreadTally {
  readonly lossSum: number;
  readonly examples: number;
}

/** The work of these threads as addresses, and a way to read their tallies. */
export function shareWork(
  jobs: readonly Job[],
  threads: readonly ThreadState[],
  stop: Int32Array,
): { work: ThreadWork[]; tallies: () => ThreadTally[]; finish: () => void } {
  const kernel = on(jobs[0]!.tables.memory);
  const structs = threads.map((thread, i) => kernel.thread(thread, Number(jobs[i]!.progress[0]!)));
  return {
    work: structs.map((struct, i) => ({
      memory: kernel.memory.wasm,
      job: kernel.job(jobs[i]!).address,
      thread: struct.address,
      stop: stop.byteOffset,
    })),
    tallies: () => structs.map((struct) => ({ lossSum: struct.get("lossSum"), examples: struct.get("examples") })),
    finish() {
      for (const [i, struct] of structs.entries()) readBack(struct, threads[i]!);
    },
  };
}

/** Where an encoding stands in memory. */
export function encodingAddress(encoding: Encoding): number {
  return on(encoding.dictionary.memory).encoding(encoding).address;
}

/** What a kernel changed in a thread's record, into the thread. */
function readBack(struct: Struct<typeof layouts.thread>, thread: ThreadState): void {
  for (const name of ["at", "random", "pendingTokens", "lossSum", "examples"] as const) thread[name] = struct.get(name);
}

/** A worker's whole life: trains its share until the run ends, is stopped, or diverges. */
export function doWork({ memory, job, thread, stop }: ThreadWork): TrainStatus {
  const kernel = instantiate(memory);
  const flag = new Int32Array(memory.buffer, stop, 1);
  for (;;) {
    if (Atomics.load(flag, 0) !== 0) return statuses[kernel.train(job, thread, 0)]!;
    const status = statuses[kernel.train(job, thread, 200_000)]!;
    if (status === "nan") Atomics.store(flag, 0, 1);
    if (status !== "more") return status;
  }
}

const endOfLineBytes = new TextEncoder().encode(endOfLine);
const statuses: readonly TrainStatus[] = ["more", "done", "nan"];
/** Bytes of the longest line of a text, rounded up so that it seldom changes. */
function longestLine(text: Uint8Array): number {
  let longest = 1 << 12;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf(10, start);
    const end = newline < 0 ? text.length : newline + 1;
    longest = Math.max(longest, end - start);
    start = end;
  }
  return 2 ** Math.ceil(Math.log2(longest));
}

/** Arrays that are not of the memory are copied in and out; what `use` does is done on the copy. */
function within<R>(memory: Memory, array: Int32Array | Float32Array | Uint8Array, use: (address: number) => R): R {
  if (memory.owns(array)) return use(array.byteOffset);
  const block = memory.borrow(array.byteLength);
  const outside = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  block.set(outside);
  try {
    return use(block.byteOffset);
  } finally {
    outside.set(block.subarray(0, outside.length));
    memory.giveBack(block);
  }
}

export const wasmKernel: Kernel = {
  name: "wasm",

  scan(dictionary, text, last, tokens) {
    const kernel = on(dictionary.memory);
    const line = dictionary.intern(endOfLineBytes);
    const struct = kernel.readingDictionary(dictionary);
    const used = kernel.exports.scan(
      struct.address,
      text.byteOffset,
      text.length,
      last ? 1 : 0,
      tokens.byteOffset,
      line,
    );
    dictionary.size = struct.get("size");
    const written = kernel.exports.written.value;
    dictionary.tokens += written;
    return { used, written };
  },

  subwords(settings, word, rows) {
    const { memory } = settings.dictionary;
    const kernel = on(memory);
    const struct = "input" in settings ? kernel.tables(settings as Tables) : kernel.subwordSettings(settings);
    const room = memory.borrow(2 * word.length + 64);
    const found = memory.borrow(4 * ((word.length + 2) * settings.maxn + 1));
    room.set(word);
    const count = kernel.exports.subwordRows(
      struct.address,
      room.byteOffset,
      word.length,
      room.byteOffset + word.length + 16,
      found.byteOffset,
    );
    rows.set(new Int32Array(found.buffer, found.byteOffset, count));
    memory.giveBack(room);
    memory.giveBack(found);
    return count;
  },

  encode(encoding, tokens, lines) {
    const kernel = on(encoding.dictionary.memory);
    const struct = kernel.encoding(encoding);
    return kernel.exports.encode(struct.address, tokens.byteOffset, tokens.length, lines.byteOffset);
  },

  train(job, thread, budget) {
    const kernel = on(job.tables.memory);
    const struct = kernel.thread(thread, Number(job.progress[0]!));
    const status = kernel.exports.train(kernel.job(job).address, struct.address, budget);
    readBack(struct, thread);
    return statuses[status]!;
  },

  classify(tables, text, last, { k, threshold }, results) {
    const kernel = on(tables.memory);
    // Character n-grams need much room a byte, so the longest line is looked for; else the whole text may be one line.
    const scratch = kernel.scratch(tables, tables.maxn > 0 ? longestLine(text) : Math.max(text.length, 1 << 18));
    const used = kernel.exports.classify(
      kernel.tables(tables).address,
      text.byteOffset,
      text.length,
      last ? 1 : 0,
      k,
      threshold,
      scratch.address,
      results.byteOffset,
      results.length,
    );
    return { used, written: kernel.exports.written.value };
  },

  lineRows(tables, line, rows) {
    const kernel = on(tables.memory);
    const scratch = kernel.scratch(tables, Math.max(line.length, 1 << 12));
    return within(tables.memory, line, (address) => {
      const count = kernel.exports.lineRows(kernel.tables(tables).address, address, line.length, scratch.address);
      rows.set(new Int32Array(tables.memory.wasm.buffer, scratch.get("rows") >>> 0, count));
      return count;
    });
  },

  average(tables, rows, hidden) {
    const kernel = on(tables.memory);
    const { memory } = tables;
    const matrix = kernel.matrix(tables.input);
    within(memory, hidden, (target) =>
      within(memory, rows, (from) => kernel.exports.average(matrix.address, from, rows.length, target)),
    );
  },

  addEntries(dictionary, { size, starts, counts, pool }) {
    const kernel = on(dictionary.memory);
    dictionary.reserveEntries(size, starts[size]!, this.fillSlots);
    const entries = dictionary.memory.int32(size);
    const struct = kernel.indexedDictionary(dictionary);
    const addresses = [starts, pool, counts].map(({ byteOffset }) => byteOffset) as [number, number, number];
    kernel.exports.addEntries(struct.address, ...addresses, size, entries.byteOffset);
    dictionary.size = struct.get("size");
    return entries;
  },

  fillSlots(dictionary) {
    const kernel = on(dictionary.memory);
    kernel.exports.fillSlots(kernel.indexedDictionary(dictionary).address);
  },

  dictionaryWork: {
    rank(dictionary, minCount, minCountLabel) {
      const { memory, size, counts } = dictionary;
      const kernel = on(memory);
      const [ids, room, ends] = [size, size, 2 * rareCounts].map((length) => memory.int32(length)) as [
        Int32Array,
        Int32Array,
        Int32Array,
      ];
      const count = kernel.exports.rankEntries(
        kernel.dictionary(dictionary).address,
        minCount,
        minCountLabel,
        ids.byteOffset,
        room.byteOffset,
        ends.byteOffset,
      );
      sortOften(ids, counts, ends);
      return ids.subarray(0, count);
    },
    copy(from, ids, to, places) {
      const kernel = on(from.memory);
      const [source, target] = [kernel.dictionary(from).address, kernel.dictionary(to).address];
      return within(from.memory, ids, (address) =>
        kernel.exports.copyEntries(source, address, ids.length, target, places.byteOffset),
      );
    },
    index: (dictionary) => wasmKernel.fillSlots(dictionary),
  },

  describeEntries(dictionary, ids, words, entries) {
    const kernel = on(dictionary.memory);
    const { address } = kernel.dictionary(dictionary);
    within(dictionary.memory, ids, (of) => kernel.exports.describeEntries(address, of, words, entries.byteOffset));
  },

  pickPairs(memory, pairs, ids, picked) {
    on(memory).exports.pickPairs(pairs.byteOffset, ids.byteOffset, ids.length, picked.byteOffset);
  },

  fillUniform(memory, values, a, seed) {
    on(memory).exports.fillUniform(values.byteOffset, values.length, a, seed, 0);
  },

  startRows(memory, start, rows) {
    const kernel = on(memory);
    kernel.exports.startRows(kernel.start(start).address, rows.byteOffset, rows.byteOffset + rows.byteLength);
  },

  nearestCentroids(memory, points, centroids, codes, { width, stride, codeStride }) {
    const room = memory.borrow(1024 * width);
    on(memory).exports.nearestCentroids(
      points.byteOffset,
      stride,
      Math.ceil(codes.length / codeStride),
      width,
      centroids.byteOffset,
      codes.byteOffset,
      codeStride,
      room.byteOffset,
    );
    memory.giveBack(room);
  },

  vectorLines(tables, from, to) {
    const kernel = on(tables.memory);
    const { starts } = tables.dictionary;
    let longest = 0;
    for (let id = from; id < to; id++) longest = Math.max(longest, starts[id + 1]! - starts[id]!);
    const scratch = kernel.scratch(tables, Math.max(longest, 1 << 12), false);
    const room = tables.memory.borrow(starts[to]! - starts[from]! + (to - from) * (13 * tables.dim + 2));
    const length = kernel.exports.vectorLines(
      kernel.tables(tables).address,
      from,
      to,
      scratch.address,
      room.byteOffset,
    );
    const text = room.slice(0, length);
    tables.memory.giveBack(room);
    return text;
  },
};
