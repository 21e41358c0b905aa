// The fast kernel: WebAssembly with SIMD. Writes the tables' addresses into memory and calls ../kernel.
import type { Dictionary } from "./dictionary.ts";
import { endOfLine } from "./dictionary.ts";
import type {
  Encoding,
  Job,
  Kernel,
  Matrix,
  OwnCopy,
  OwnRows,
  SubwordSettings,
  Tables,
  Team,
  ThreadState,
  TrainStatus,
} from "./kernel.ts";
import type { Memory } from "./memory.ts";
import { wasmBase64 } from "./wasm-binary.ts";

type Type = "i32" | "i64" | "f64";
type Layout = Readonly<Record<string, Type>>;

/** Fields of ../kernel/tables.ts, in its order. */
const fields = <const Names extends string>(names: Names, type: Type = "i32"): Layout =>
  Object.fromEntries(names.split(" ").map((name) => [name, type]));
const layouts = {
  dictionary: fields(
    "slots slotMask starts counts kinds pool prefix prefixLength size words kept keptMask keptSize seen",
  ),
  matrix: fields("rows dim values codes parts partDim lastDim centroids normCodes normCentroids"),
  tables: fields(
    "dictionary model loss dim wordNgrams bucket minn maxn input output leaves left right pathStarts pathNodes pathCodes sigmoid logs sigmoidLogs",
  ),
  encoding: fields("entries starts rows wordNgrams bucket dictionary endOfLine lineHashes"),
  job: {
    lr: "f64",
    totalTokens: "i64",
    untilTokens: "i64",
    ...fields(
      "tables lrUpdateRate lines progress labelWeights negatives negativesLength neg ws keep rowStarts rows endOfLine tabledLoss onePass",
    ),
  } as Layout,
  thread: {
    lossSum: "f64",
    ...fields("examples from to at random pendingTokens line hidden grad scores context own team"),
  } as Layout,
  copy: fields("shared own before count"),
  own: fields("hot hotOutputs words outputs rows rowOffset named every left hotEvery hotLeft"),
  team: {
    seen: "i64",
    ...fields(
      "threads index arrived goal phase maySleep end mostLines mostRows lines hiddens stride firstClass endClass commons commonRows loads counts sorted",
    ),
  } as Layout,
  scratch: fields("rows hashes labels word hidden scores topIds topScores rowCount labelCount"),
};

/** A record in memory that a kernel reads: numbers under names. */
class Struct {
  readonly address: number;
  readonly #view: DataView;
  readonly #fields: ReadonlyMap<string, { offset: number; type: Type }>;

  constructor(memory: Memory, layout: Layout) {
    const places = new Map<string, { offset: number; type: Type }>();
    let size = 0;
    for (const [name, type] of Object.entries(layout)) {
      places.set(name, { offset: size, type });
      size += type === "i32" ? 4 : 8;
    }
    const bytes = memory.bytes(size);
    this.address = bytes.byteOffset;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, size);
    this.#fields = places;
  }

  set(values: Readonly<Record<string, number>>): this {
    for (const [name, value] of Object.entries(values)) {
      const { offset, type } = this.#fields.get(name)!;
      if (type === "i32") this.#view.setInt32(offset, value, true);
      else if (type === "f64") this.#view.setFloat64(offset, value, true);
      else this.#view.setBigInt64(offset, BigInt(value), true);
    }
    return this;
  }

  get(name: string): number {
    const { offset, type } = this.#fields.get(name)!;
    return type === "f64" ? this.#view.getFloat64(offset, true) : this.#view.getInt32(offset, true);
  }
}

export interface Exports {
  readonly written: { value: number };
  scan(dictionary: number, text: number, length: number, last: number, tokens: number, endOfLine: number): number;
  addEntries(dictionary: number, starts: number, pool: number, counts: number, size: number, entries: number): void;
  fillSlots(dictionary: number): void;
  entryHashes(dictionary: number, pairs: number): void;
  subwordRows(tables: number, word: number, length: number, room: number, rows: number): number;
  encode(encoding: number, tokens: number, count: number, lines: number): number;
  train(job: number, thread: number, budget: number): number;
  classify(
    tables: number,
    text: number,
    length: number,
    last: number,
    k: number,
    threshold: number,
    scratch: number,
    results: number,
    room: number,
  ): number;
  lineRows(tables: number, text: number, length: number, scratch: number): number;
  average(matrix: number, rows: number, count: number, hidden: number): void;
  fillUniform(values: number, count: number, a: number, seed: number): void;
  mergeCopies(base: number, copies: number, copyCount: number, count: number): void;
  nearestCentroids(
    points: number,
    stride: number,
    count: number,
    width: number,
    centroids: number,
    codes: number,
    codeStride: number,
    room: number,
  ): void;
  vectorLines(tables: number, from: number, to: number, scratch: number, out: number): number;
}

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
function readBack(struct: Struct, thread: ThreadState): void {
  for (const name of ["at", "random", "pendingTokens", "lossSum", "examples"] as const) thread[name] = struct.get(name);
}

/** A worker's whole life: trains its share until the run ends, is stopped, or diverges. */
export function doWork({ memory, job, thread, stop }: ThreadWork): TrainStatus {
  const kernel = instantiate(memory);
  const flag = new Int32Array(memory.buffer, stop, 1);
  for (;;) {
    if (Atomics.load(flag, 0) !== 0) return "more";
    const status = statuses[kernel.train(job, thread, 200_000)]!;
    if (status === "nan") Atomics.store(flag, 0, 1);
    if (status !== "more") return status;
  }
}

let compiled: WebAssembly.Module | undefined;

/** The kernel's functions on a memory; every thread has its own instance. */
export function instantiate(memory: WebAssembly.Memory): Exports {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(wasmBase64), (c) => c.charCodeAt(0)));
  const instance = new WebAssembly.Instance(compiled, { env: { memory, abort: () => undefined } });
  return instance.exports as unknown as Exports;
}

/** Room for a batch of 128 words and 2^14 places of 32 bytes, as kernel/words.ts has them. */
const seenBytes = 32 + 128 * (16 + 3 * 8) + (32 << 14);
const endOfLineBytes = new TextEncoder().encode(endOfLine);
const statuses: readonly TrainStatus[] = ["more", "done", "nan"];
const modelNumbers = { cbow: 1, skipgram: 2, supervised: 3 };
const lossNumbers = { hs: 1, ns: 2, softmax: 3, ova: 4 };

/** What the kernel keeps for one memory: its instance, and the records of the tables it has seen. */
class Bound {
  readonly memory: Memory;
  readonly exports: Exports;
  readonly #structs = new WeakMap<object, Struct>();
  /** Where the kernel keeps the words of a dictionary that it met lately. */
  readonly #seen = new WeakMap<Dictionary, Uint8Array>();
  readonly #sigmoid: Float32Array;
  readonly #logs: Float32Array;
  readonly #sigmoidLogs: Float32Array;
  #scratch: { struct: Struct; bytes: number; tables: Tables } | undefined;

  constructor(memory: Memory) {
    this.memory = memory;
    this.exports = instantiate(memory.wasm);
    this.#sigmoid = memory.float32(513);
    this.#logs = memory.float32(513);
    this.#sigmoidLogs = memory.float32(2 * 513);
    for (let i = 0; i <= 512; i++) {
      this.#sigmoid[i] = 1 / (1 + Math.exp(-(i / 32 - 8)));
      this.#sigmoidLogs[i] = -Math.log(Math.max(this.#sigmoid[i]!, 1e-10));
      this.#sigmoidLogs[513 + i] = -Math.log(Math.max(1 - this.#sigmoid[i]!, 1e-10));
      this.#logs[i] = Math.log(Math.fround((i + 1e-5) / 512));
    }
  }

  /** The record of an object, made on first sight and filled then (each time with `again`). */
  record(object: object, layout: Layout, values: () => Readonly<Record<string, number>>, again = false): Struct {
    let struct = this.#structs.get(object);
    if (!struct) {
      struct = new Struct(this.memory, layout).set(values());
      this.#structs.set(object, struct);
    } else if (again) struct.set(values());
    return struct;
  }

  /** The record of a dictionary whose words will be looked up in text. */
  readingDictionary(d: Dictionary): Struct {
    if (!this.#seen.has(d)) this.#seen.set(d, this.memory.bytes(seenBytes));
    return this.dictionary(d);
  }

  dictionary(d: Dictionary): Struct {
    return this.record(
      d,
      layouts.dictionary,
      () => ({
        slots: d.slots.byteOffset,
        slotMask: d.slots.length / 2 - 1,
        starts: d.starts.byteOffset,
        counts: d.counts.byteOffset,
        kinds: d.kinds.byteOffset,
        pool: d.pool.byteOffset,
        prefix: d.prefix.byteOffset,
        prefixLength: d.prefix.length,
        size: d.size,
        words: d.words,
        kept: d.kept?.byteOffset ?? 0,
        keptMask: d.kept ? d.kept.length / 2 - 1 : 0,
        keptSize: d.keptSize,
        seen: this.#seen.get(d)?.byteOffset ?? 0,
      }),
      true,
    );
  }

  matrix(m: Matrix): Struct {
    return this.record(m, layouts.matrix, () =>
      m.kind === "dense"
        ? { rows: m.rows, dim: m.dim, values: m.values.byteOffset }
        : {
            rows: m.rows,
            dim: m.dim,
            values: 0,
            codes: m.codes.byteOffset,
            parts: m.quantizer.parts,
            partDim: m.quantizer.partDim,
            lastDim: m.quantizer.lastDim,
            centroids: m.quantizer.centroids.byteOffset,
            normCodes: m.norms?.codes.byteOffset ?? 0,
            normCentroids: m.norms?.quantizer.centroids.byteOffset ?? 0,
          },
    );
  }

  tables(t: Tables): Struct {
    return this.record(t, layouts.tables, () => ({
      dictionary: this.dictionary(t.dictionary).address,
      model: modelNumbers[t.model],
      loss: lossNumbers[t.loss],
      dim: t.dim,
      wordNgrams: t.wordNgrams,
      bucket: t.bucket,
      minn: t.minn,
      maxn: t.maxn,
      input: this.matrix(t.input).address,
      output: this.matrix(t.output).address,
      leaves: t.tree?.leaves ?? 0,
      left: t.tree?.left.byteOffset ?? 0,
      right: t.tree?.right.byteOffset ?? 0,
      pathStarts: t.tree?.pathStarts.byteOffset ?? 0,
      pathNodes: t.tree?.pathNodes.byteOffset ?? 0,
      pathCodes: t.tree?.pathCodes.byteOffset ?? 0,
      sigmoid: this.#sigmoid.byteOffset,
      logs: this.#logs.byteOffset,
      sigmoidLogs: this.#sigmoidLogs.byteOffset,
    }));
  }

  /** Only what character n-grams need of the tables. */
  subwordSettings(s: SubwordSettings): Struct {
    return this.record(s, layouts.tables, () => ({
      dictionary: this.dictionary(s.dictionary).address,
      bucket: s.bucket,
      minn: s.minn,
      maxn: s.maxn,
    }));
  }

  encoding(e: Encoding): Struct {
    return this.record(e, layouts.encoding, () => ({
      entries: e.entries.byteOffset,
      starts: e.starts.byteOffset,
      rows: e.rows.byteOffset,
      wordNgrams: e.wordNgrams,
      bucket: e.bucket,
      dictionary: this.dictionary(e.dictionary).address,
      endOfLine: e.endOfLine,
      lineHashes: this.memory.int32(e.longestBlock).byteOffset,
    }));
  }

  job(j: Job): Struct {
    return this.record(
      j,
      layouts.job,
      () => ({
        lr: j.lr,
        totalTokens: j.totalTokens,
        untilTokens: j.untilTokens,
        tables: this.tables(j.tables).address,
        lrUpdateRate: j.lrUpdateRate,
        lines: j.lines.byteOffset,
        progress: j.progress.byteOffset,
        labelWeights: j.labelWeights?.byteOffset ?? 0,
        negatives: j.negatives.byteOffset,
        negativesLength: j.negatives.length,
        neg: j.neg,
        ws: j.ws,
        keep: j.keep.byteOffset,
        rowStarts: j.rowStarts.byteOffset,
        rows: j.rows.byteOffset,
        endOfLine: j.endOfLine,
        tabledLoss: j.tabledLoss ? 1 : 0,
        onePass: j.onePass ? 1 : 0,
      }),
      true,
    );
  }

  thread(t: ThreadState, seen = 0): Struct {
    return this.record(
      t,
      layouts.thread,
      () => ({
        lossSum: t.lossSum,
        examples: t.examples,
        from: t.from,
        to: t.to,
        at: t.at,
        random: t.random,
        pendingTokens: t.pendingTokens,
        line: t.line.byteOffset,
        hidden: t.hidden.byteOffset,
        grad: t.grad.byteOffset,
        scores: t.scores.byteOffset,
        context: t.context.byteOffset,
        own: t.own ? this.own(t.own).address : 0,
        team: t.team ? this.team(t.team, seen).address : 0,
      }),
      true,
    );
  }

  own(o: OwnRows): Struct {
    return this.record(o, layouts.own, () => ({
      hot: this.copy(o.hot).address,
      hotOutputs: this.copy(o.hotOutputs).address,
      words: this.copy(o.words).address,
      outputs: this.copy(o.outputs).address,
      rows: o.rows,
      rowOffset: o.rowOffset,
      named: 0,
      every: o.every,
      left: o.every,
      hotEvery: o.hotEvery,
      hotLeft: o.hotEvery,
    }));
  }

  copy(c: OwnCopy): Struct {
    return this.record(c, layouts.copy, () => ({
      shared: c.shared.byteOffset,
      own: c.own.byteOffset,
      before: c.before.byteOffset,
      count: c.shared.length,
    }));
  }

  /** @param seen  tokens seen before the team began */
  team(t: Team, seen: number): Struct {
    return this.record(t, layouts.team, () => ({
      seen,
      threads: t.threads,
      index: t.index,
      arrived: t.arrived.byteOffset,
      goal: 0,
      phase: 0,
      // A page's own thread must not.
      maySleep: "document" in globalThis ? 0 : 1,
      end: t.end,
      mostLines: t.mostLines,
      mostRows: t.mostRows,
      lines: 0,
      hiddens: t.hiddens.byteOffset,
      stride: 4 * t.stride,
      firstClass: t.firstClass,
      endClass: t.endClass,
      commons: t.commons,
      commonRows: t.commonRows.byteOffset,
      loads: t.loads.byteOffset,
      counts: t.counts.byteOffset,
      sorted: t.sorted.byteOffset,
    }));
  }

  /** Room for a line of this many bytes. */
  scratch(t: Tables, bytes: number): Struct {
    const known = this.#scratch;
    if (known && known.tables === t && known.bytes >= bytes) return known.struct;
    this.readingDictionary(t.dictionary);
    const words = (bytes >> 1) + 2;
    const rows = words * Math.max(1, t.wordNgrams) + (t.maxn > 0 ? 3 * (bytes + 2) * t.maxn : 0);
    const struct = new Struct(this.memory, layouts.scratch).set({
      rows: this.memory.int32(rows).byteOffset,
      hashes: this.memory.int32(words).byteOffset,
      labels: this.memory.int32(words).byteOffset,
      word: this.memory.bytes(bytes + 32).byteOffset,
      hidden: this.memory.float32(t.dim).byteOffset,
      scores: this.memory.float32(t.output.rows + 4).byteOffset,
      topIds: this.memory.int32(t.output.rows + 2).byteOffset,
      topScores: this.memory.float32(t.output.rows + 2).byteOffset,
    });
    this.#scratch = { struct, bytes, tables: t };
    return struct;
  }
}

const bound = new WeakMap<Memory, Bound>();

function on(memory: Memory): Bound {
  let found = bound.get(memory);
  if (!found) {
    found = new Bound(memory);
    bound.set(memory, found);
  }
  return found;
}

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
    dictionary.reserve(Math.max(2 * size, starts[size]!), this.fillSlots);
    const entries = dictionary.memory.int32(size);
    const struct = kernel.dictionary(dictionary);
    const addresses = [starts, pool, counts].map(({ byteOffset }) => byteOffset) as [number, number, number];
    kernel.exports.addEntries(struct.address, ...addresses, size, entries.byteOffset);
    dictionary.size = struct.get("size");
    return entries;
  },

  fillSlots(dictionary) {
    const kernel = on(dictionary.memory);
    kernel.exports.fillSlots(kernel.dictionary(dictionary).address);
  },

  entryHashes(dictionary, pairs) {
    const kernel = on(dictionary.memory);
    kernel.exports.entryHashes(kernel.dictionary(dictionary).address, pairs.byteOffset);
  },

  fillUniform(memory, values, a, seed) {
    on(memory).exports.fillUniform(values.byteOffset, values.length, a, seed);
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

  mergeCopies(memory, base, copies) {
    const block = memory.borrow(4 * copies.length);
    new Uint32Array(block.buffer, block.byteOffset, copies.length).set(copies.map((copy) => copy.byteOffset));
    on(memory).exports.mergeCopies(base.byteOffset, block.byteOffset, copies.length, base.length);
    memory.giveBack(block);
  },

  vectorLines(tables, from, to) {
    const kernel = on(tables.memory);
    const { starts } = tables.dictionary;
    let longest = 0;
    for (let id = from; id < to; id++) longest = Math.max(longest, starts[id + 1]! - starts[id]!);
    const scratch = kernel.scratch(tables, Math.max(longest, 1 << 12));
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
