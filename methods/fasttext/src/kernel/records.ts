// The tables of a run as records in memory: addresses and numbers, where the kernel looks for them.
import type { Dictionary } from "../text/dictionary.ts";
import { type Exports, instantiate } from "./instance.ts";
import type {
  DividedRows,
  Encoding,
  Job,
  Matrix,
  OwnCopy,
  OwnRows,
  RowStart,
  SubwordSettings,
  Tables,
  ThreadState,
} from "./kernel.ts";
import { type Fields, type Layout, Struct } from "./layout.ts";
import { layouts } from "./layouts.ts";
import type { Memory } from "./memory.ts";

/** Room for a batch of 128 words and 2^14 places of 32 bytes, as assembly/words.ts has them. */
const seenBytes = 32 + 128 * (16 + 3 * 8) + (32 << 14);
const modelNumbers = { cbow: 1, skipgram: 2, supervised: 3 };
const lossNumbers = { hs: 1, ns: 2, softmax: 3, ova: 4 };

/** Whether a thread may sleep while it waits: a page's own must not. */
const maySleep = "document" in globalThis ? 0 : 1;

/** What the kernel keeps for one memory: its instance, and the records of the tables it has seen. */
export class Records {
  readonly memory: Memory;
  readonly exports: Exports;
  readonly #structs = new WeakMap<object, unknown>();
  /** Where the kernel keeps the words of a dictionary that it met lately. */
  readonly #seen = new WeakMap<Dictionary, Uint8Array>();
  readonly #sigmoid: Float32Array;
  readonly #logs: Float32Array;
  readonly #sigmoidLogs: Float32Array;
  #scratch: { struct: Struct<typeof layouts.scratch>; bytes: number; reads: boolean; tables: Tables } | undefined;

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
  record<L extends Layout>(object: object, layout: L, values: () => Fields<L>, again = false): Struct<L> {
    let struct = this.#structs.get(object) as Struct<L> | undefined;
    if (!struct) {
      struct = new Struct(this.memory, layout).set(values());
      this.#structs.set(object, struct);
    } else if (again) struct.set(values());
    return struct;
  }

  /** The record of a dictionary whose words will be looked up in text. */
  readingDictionary(d: Dictionary): Struct<typeof layouts.dictionary> {
    if (!this.#seen.has(d)) this.#seen.set(d, this.memory.bytes(seenBytes));
    return this.indexedDictionary(d);
  }

  /** The record of a dictionary whose words will be looked up. */
  indexedDictionary(d: Dictionary): Struct<typeof layouts.dictionary> {
    d.makeSlots();
    return this.dictionary(d);
  }

  dictionary(d: Dictionary): Struct<typeof layouts.dictionary> {
    return this.record(
      d,
      layouts.dictionary,
      () => ({
        // Those of a model in training are not made for this.
        slots: d.hasSlots ? d.slots.byteOffset : 0,
        slotMask: d.hasSlots ? d.slots.length / 2 - 1 : 0,
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

  matrix(m: Matrix): Struct<typeof layouts.matrix> {
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

  tables(t: Tables): Struct<typeof layouts.tables> {
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
  subwordSettings(s: SubwordSettings): Struct<typeof layouts.tables> {
    return this.record(s, layouts.tables, () => ({
      dictionary: this.dictionary(s.dictionary).address,
      bucket: s.bucket,
      minn: s.minn,
      maxn: s.maxn,
    }));
  }

  encoding(e: Encoding): Struct<typeof layouts.encoding> {
    return this.record(e, layouts.encoding, () => ({
      entries: e.entries.byteOffset,
      starts: e.starts.byteOffset,
      rows: e.rows.byteOffset,
      names: e.names?.byteOffset ?? 0,
      wordNgrams: e.wordNgrams,
      bucket: e.bucket,
      dictionary: this.dictionary(e.dictionary).address,
      endOfLine: e.endOfLine,
      lineHashes: this.memory.int32(e.longestBlock).byteOffset,
      start: e.start ? this.start(e.start).address : 0,
    }));
  }

  start(s: RowStart): Struct<typeof layouts.start> {
    return this.record(s, layouts.start, () => ({
      a: s.a,
      seed: s.seed,
      values: s.input.values.byteOffset,
      dim: s.input.dim,
      first: s.first,
      marks: s.marks.byteOffset,
      trained: s.trained ? 1 : 0,
    }));
  }

  job(j: Job): Struct<typeof layouts.job> {
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

  thread(t: ThreadState, seen = 0): Struct<typeof layouts.thread> {
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
        divided: t.divided ? this.divided(t.divided, seen).address : 0,
      }),
      true,
    );
  }

  own(o: OwnRows): Struct<typeof layouts.own> {
    return this.record(o, layouts.own, () => ({
      ids: o.ids.byteOffset,
      hot: o.hot,
      count: o.ids.length,
      firstCopy: o.firstCopy,
      before: o.before.byteOffset,
      places: o.places.byteOffset,
      hotOutputs: this.copy(o.hotOutputs).address,
      outputs: this.copy(o.outputs).address,
      taken: 0,
      every: o.every,
      left: 0,
      hotEvery: o.hotEvery,
      hotLeft: 0,
      seen: 0,
    }));
  }

  copy(c: OwnCopy): Struct<typeof layouts.copy> {
    return this.record(c, layouts.copy, () => ({
      shared: c.shared.byteOffset,
      own: c.own.byteOffset,
      before: c.before.byteOffset,
      count: c.shared.length,
    }));
  }

  /** @param seen  tokens seen before the threads began */
  divided(d: DividedRows, seen: number): Struct<typeof layouts.divided> {
    return this.record(d, layouts.divided, () => ({
      seen,
      threads: d.threads,
      index: d.index,
      maySleep,
      end: d.end,
      firstLine: d.firstLine,
      owners: d.owners.byteOffset,
      ids: d.ids.byteOffset,
      each: d.ids.length / d.threads,
      firstCopy: d.firstCopy,
      places: d.places.byteOffset,
      splits: d.splits.byteOffset,
      keys: d.keys.byteOffset,
      room: d.room.byteOffset,
      longest: 4 * d.keys.length,
      next: d.next.byteOffset,
      posts: d.posts.byteOffset,
      sums: d.sums.byteOffset,
      stride: 4 * d.stride,
    }));
  }

  /** Room for a line of this many bytes, whose words will be looked up if `reads`. */
  scratch(t: Tables, bytes: number, reads = true): Struct<typeof layouts.scratch> {
    const known = this.#scratch;
    if (known && known.tables === t && known.bytes >= bytes && (known.reads || !reads)) return known.struct;
    if (reads) this.readingDictionary(t.dictionary);
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
    this.#scratch = { struct, bytes, reads, tables: t };
    return struct;
  }
}

const known = new WeakMap<Memory, Records>();

/** The records of a memory, made on first sight. */
export function on(memory: Memory): Records {
  let found = known.get(memory);
  if (!found) {
    found = new Records(memory);
    known.set(memory, found);
  }
  return found;
}
