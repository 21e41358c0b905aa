// .bin and .ftz, the reference program's model files: what they hold, and reading them. model-bytes.ts writes them.
import type { LossName, ModelName } from "../config.ts";
import type { Matrix, ProductQuantizer, Tables } from "../kernel/kernel.ts";
import { Memory } from "../kernel/memory.ts";
import { Dictionary, type Index } from "../text/dictionary.ts";
import { huffman } from "./huffman.ts";

/** The bytes are no model, or not one that can be used. */
export class ModelFileError extends Error {
  override readonly name = "ModelFileError";
}

/** The settings that a model file keeps besides those in its tables. */
export interface Header {
  readonly ws: number;
  readonly epoch: number;
  readonly minCount: number;
  readonly neg: number;
  readonly lrUpdateRate: number;
  readonly t: number;
}

export interface ReadOptions {
  /** Where the tables go. */
  readonly memory?: Memory | undefined;
  /** Builds the dictionary's hash table; a kernel's is faster. */
  readonly index?: Index;
}

/** A request of the reader: fill this much of `target`. */
export interface Fill {
  readonly target: Uint8Array;
}

/** The number that a model file starts with. */
export const magic = 793712314;
/** The version that is written. */
export const newest = 12;
export const losses: readonly LossName[] = ["hs", "ns", "softmax", "ova"]; // 1, 2, 3, 4
export const models: readonly ModelName[] = ["cbow", "skipgram", "supervised"]; // 1, 2, 3

const decoder = new TextDecoder();

/** Pulls numbers and words out of a source that delivers bytes on request. */
class Reader {
  readonly #name: string;
  readonly total: number;
  readonly #buffer = new Uint8Array(1 << 16);
  readonly #view = new DataView(this.#buffer.buffer);
  #at = 0;
  #end = 0;
  /** Bytes taken from the source and not yet used are not counted. */
  position = 0;

  constructor(name: string, total: number) {
    this.#name = name;
    this.total = total;
  }

  get left(): number {
    return this.total - this.position;
  }

  /** The file says more than it holds: it is cut off, or lies. */
  failShort(what: string): never {
    this.fail(`${what}, more than the file holds; copy or download it again`);
  }

  fail(what: string): never {
    throw new ModelFileError(`${this.#name}: ${what} (at byte ${this.position} of ${this.total}).`);
  }

  *#need(count: number): Generator<Fill, void> {
    if (count > this.left) this.fail("the file ends in the middle of the model; copy or download it again");
    if (this.#end - this.#at >= count) return;
    this.#buffer.copyWithin(0, this.#at, this.#end);
    this.#end -= this.#at;
    this.#at = 0;
    const more = Math.min(this.#buffer.length - this.#end, this.left - this.#end);
    yield { target: this.#buffer.subarray(this.#end, this.#end + more) };
    this.#end += more;
  }

  #skip(count: number): number {
    const at = this.#at;
    this.#at += count;
    this.position += count;
    return at;
  }

  *u8(): Generator<Fill, number> {
    yield* this.#need(1);
    return this.#buffer[this.#skip(1)]!;
  }

  *i32(): Generator<Fill, number> {
    yield* this.#need(4);
    return this.#view.getInt32(this.#skip(4), true);
  }

  *i64(): Generator<Fill, number> {
    yield* this.#need(8);
    return Number(this.#view.getBigInt64(this.#skip(8), true));
  }

  *f64(): Generator<Fill, number> {
    yield* this.#need(8);
    return this.#view.getFloat64(this.#skip(8), true);
  }

  /** Entries of the dictionary: a word up to its zero byte, its count, its kind. */
  *entries(size: number, dictionary: Dictionary): Generator<Fill, void> {
    for (let i = this.#wholeEntries(0, size, dictionary); i < size; i = this.#wholeEntries(i + 1, size, dictionary)) {
      // An entry that the buffer does not hold whole: the buffer is filled, and a very long word is pieced together.
      const word: Uint8Array[] = [];
      let zero = this.#zero();
      while (zero < 0) {
        word.push(this.#buffer.slice(this.#at, this.#end));
        this.#skip(this.#end - this.#at);
        yield* this.#need(1);
        zero = this.#zero();
      }
      word.push(this.#buffer.slice(this.#at, zero));
      this.#skip(zero + 1 - this.#at);
      yield* this.#need(9);
      this.#append(dictionary, joined(word), i);
    }
  }

  /** Takes the entries that the buffer holds whole, from this one on. @returns the first that it does not */
  #wholeEntries(from: number, size: number, dictionary: Dictionary): number {
    for (let i = from; i < size; i++) {
      const zero = this.#zero();
      if (zero < 0 || this.#end - zero < 10) return i;
      const start = this.#skip(zero + 1 - this.#at);
      this.#append(dictionary, this.#buffer, i, start, zero);
    }
    return size;
  }

  /** Where the next zero byte stands in the buffer, or −1. */
  #zero(): number {
    for (let i = this.#at; i < this.#end; i++) if (this.#buffer[i] === 0) return i;
    return -1;
  }

  /** A word with its count and kind; both are in the buffer. */
  #append(dictionary: Dictionary, bytes: Uint8Array, index: number, from = 0, to = bytes.length): void {
    const at = this.#skip(9);
    const count = this.#view.getInt32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
    const kind = this.#buffer[at + 8]!;
    const name = () => JSON.stringify(decoder.decode(bytes.subarray(from, to)));
    if (kind > 1) this.fail(`entry ${index} (${name()}) is of kind ${kind}; expected 0 (word) or 1 (label)`);
    if (kind === 0 && dictionary.labels > 0) this.fail(`the word ${name()} stands behind the labels`);
    if (count < 0 || count >= 1e15) this.fail(`the count of ${name()} is ${count}`);
    dictionary.append(bytes, from, to, count, kind);
  }

  *into(target: Uint8Array): Generator<Fill, void> {
    if (target.length > this.left) this.fail("the file ends in the middle of the model; copy or download it again");
    const buffered = Math.min(target.length, this.#end - this.#at);
    target.set(this.#buffer.subarray(this.#at, this.#at + buffered));
    this.#at += buffered;
    if (buffered < target.length) yield { target: target.subarray(buffered) };
    this.position += target.length;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * Reads a model. The generator asks for bytes; its driver (`readBytes`, load.ts, load.node.ts) delivers them.
 *
 * @param name   the file as the user knows it, for error messages
 * @param total  length of the file in bytes: nothing is taken in memory that the file could not fill
 * @throws ModelFileError
 */
export function* readModel(
  name: string,
  total: number,
  label: string,
  { memory = new Memory(), index }: ReadOptions = {},
): Generator<Fill, { tables: Tables; header: Header }> {
  const reader = new Reader(name, total);
  if (total === 0) reader.fail("the file is empty; expected a .bin or .ftz model");
  if (total < 8 || (yield* reader.i32()) !== magic)
    reader.fail(
      "this is not a fastText model: it does not start with the model file's number; expected a .bin or .ftz",
    );
  const version = yield* reader.i32();
  if (version !== 11 && version !== newest)
    reader.fail(
      `the model is of version ${version}, and versions 11 and ${newest} can be read; ` +
        (version > newest ? "update this program" : "write it again with fastText 0.9"),
    );
  const [dim, ws, epoch, minCount, neg, wordNgrams, lossCode, modelCode, bucket, minn, maxn, lrUpdateRate] = [
    yield* reader.i32(),
    yield* reader.i32(),
    yield* reader.i32(),
    yield* reader.i32(),
    yield* reader.i32(),
    yield* reader.i32(),
    yield* reader.i32(),
    yield* reader.i32(),
    yield* reader.i32(),
    yield* reader.i32(),
    yield* reader.i32(),
    yield* reader.i32(),
  ];
  const t = yield* reader.f64();
  const loss = losses[lossCode - 1] ?? reader.fail(`the loss is number ${lossCode}; expected 1 to 4`);
  const model = models[modelCode - 1] ?? reader.fail(`the model is number ${modelCode}; expected 1 to 3`);
  if (dim < 1 || dim > 65536) reader.fail(`rows have ${dim} numbers; expected 1 to 65536`);
  if (bucket < 0) reader.fail(`the bucket count is ${bucket}`);
  if (wordNgrams > 100 || maxn > 100) reader.fail(`n-grams of ${Math.max(wordNgrams, maxn)} are longer than 100`);

  const dictionary = yield* readDictionary(reader, memory, label, index);
  const quantized = (yield* reader.u8()) !== 0;
  const input = yield* readMatrix(reader, memory, quantized, "input");
  if (!quantized && dictionary.keptSize >= 0)
    reader.fail("the dictionary is pruned but the rows are not quantised; such files were written before 2017");
  const quantizedOutput = (yield* reader.u8()) !== 0;
  const output = yield* readMatrix(reader, memory, quantized && quantizedOutput, "output");
  const hashed = dictionary.keptSize >= 0 ? dictionary.keptSize : bucket;
  const supervised = model === "supervised";
  const outputs = supervised ? dictionary.labels : dictionary.words;
  if (input.dim !== dim || output.dim !== dim)
    reader.fail(`the settings say ${dim} numbers a row, the matrices have ${input.dim} and ${output.dim}`);
  if (input.rows < dictionary.words + hashed)
    reader.fail(`the input has ${input.rows} rows; ${dictionary.words} words and ${hashed} n-grams need more`);
  if (output.rows !== outputs) reader.fail(`the output has ${output.rows} rows for ${outputs} entries`);
  if (outputs === 0) reader.fail(`the model has no ${supervised ? "labels" : "words"}`);

  const counts = dictionary.counts.subarray(supervised ? dictionary.words : 0).subarray(0, outputs);
  if (loss === "hs" && counts.some((count) => count < 1)) reader.fail("a label has no count, so there is no tree");
  const tables: Tables = {
    memory,
    model,
    loss,
    dim,
    wordNgrams,
    bucket,
    minn,
    maxn: version === 11 && supervised ? 0 : maxn,
    dictionary,
    input,
    output,
    tree: loss === "hs" ? huffman(counts, (length) => memory.int32(length)) : undefined,
  };
  return { tables, header: { ws, epoch, minCount, neg, lrUpdateRate, t } };
}

function* readDictionary(
  reader: Reader,
  memory: Memory,
  label: string,
  index: Index = (dictionary) => dictionary.fillSlots(),
): Generator<Fill, Dictionary> {
  const size = yield* reader.i32();
  const words = yield* reader.i32();
  const labels = yield* reader.i32();
  const tokens = yield* reader.i64();
  const keptSize = yield* reader.i64();
  if (size < 0 || words < 0 || labels < 0 || words + labels !== size)
    reader.fail(`the dictionary says ${size} entries, ${words} words and ${labels} labels`);
  if (10 * size > reader.left) reader.failShort(`the dictionary says ${size} entries`);
  if (keptSize < -1 || 8 * keptSize > reader.left) reader.fail(`the dictionary says ${keptSize} kept n-grams`);
  const dictionary = new Dictionary(memory, label, size);
  yield* reader.entries(size, dictionary);
  if (dictionary.words !== words) reader.fail(`the dictionary says ${words} words and holds ${dictionary.words}`);
  dictionary.tokens = tokens;
  index(dictionary);
  if (keptSize >= 0) {
    const pairs = memory.int32(2 * keptSize);
    yield* reader.into(new Uint8Array(pairs.buffer, pairs.byteOffset, pairs.byteLength));
    for (let i = 0; i < keptSize; i++)
      if (pairs[2 * i]! < 0 || pairs[2 * i + 1]! < 0 || pairs[2 * i + 1]! >= keptSize)
        reader.fail(`kept n-gram ${i} is (${pairs[2 * i]}, ${pairs[2 * i + 1]}); expected rows below ${keptSize}`);
    dictionary.keep(pairs);
  }
  return dictionary;
}

function* readMatrix(reader: Reader, memory: Memory, quantized: boolean, name: string): Generator<Fill, Matrix> {
  const withNorms = quantized && (yield* reader.u8()) !== 0;
  const rows = yield* reader.i64();
  const dim = yield* reader.i64();
  if (rows < 0 || dim < 1 || dim > 65536) reader.fail(`the ${name} is said to have ${rows} rows of ${dim}`);
  if (!quantized) {
    if (4 * rows * dim > reader.left) reader.failShort(`the ${name} is said to have ${rows} rows of ${dim}`);
    // Told before the memory is taken: what is left of the file are the rows of this matrix and the next.
    if (reader.left > memory.left)
      reader.fail(
        `its rows take ${gigabytes(reader.left)} of memory, and ${gigabytes(memory.left)} can be addressed here; ` +
          "quantise the model, or train it with a smaller dim or bucket",
      );
    const values = memory.float32(rows * dim);
    yield* reader.into(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return { kind: "dense", rows, dim, values };
  }
  const codeSize = yield* reader.i32();
  if (codeSize < 0 || codeSize > reader.left) reader.failShort(`the ${name} is said to have ${codeSize} codes`);
  const codes = memory.bytes(codeSize);
  yield* reader.into(codes);
  const quantizer = yield* readQuantizer(reader, memory, name);
  if (quantizer.dim !== dim || quantizer.parts * rows !== codeSize)
    reader.fail(`the ${name} of ${rows} rows of ${dim} has ${codeSize} codes in ${quantizer.parts} parts`);
  if (!withNorms) return { kind: "quantized", rows, dim, codes, quantizer, norms: undefined };
  if (rows > reader.left) reader.failShort(`the ${name} is said to have ${rows} norms`);
  const normCodes = memory.bytes(rows);
  yield* reader.into(normCodes);
  const normQuantizer = yield* readQuantizer(reader, memory, `${name}'s norms`);
  if (normQuantizer.dim !== 1) reader.fail(`the ${name}'s norms have ${normQuantizer.dim} numbers; expected 1`);
  return { kind: "quantized", rows, dim, codes, quantizer, norms: { codes: normCodes, quantizer: normQuantizer } };
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

function* readQuantizer(reader: Reader, memory: Memory, name: string): Generator<Fill, ProductQuantizer> {
  const dim = yield* reader.i32();
  const parts = yield* reader.i32();
  const partDim = yield* reader.i32();
  const lastDim = yield* reader.i32();
  if (dim < 1 || partDim < 1 || parts !== Math.ceil(dim / partDim) || lastDim !== (dim % partDim || partDim))
    reader.fail(`the ${name} is cut into ${parts} parts of ${partDim} (last ${lastDim}) for ${dim} numbers`);
  if (1024 * dim > reader.left) reader.failShort(`the ${name} has centroids of ${dim} numbers`);
  const centroids = memory.float32(256 * dim);
  yield* reader.into(new Uint8Array(centroids.buffer, centroids.byteOffset, centroids.byteLength));
  return { dim, parts, partDim, lastDim, centroids };
}

/** Reads a model that is whole in memory. */
export function readBytes(
  bytes: Uint8Array,
  name = "model",
  label = "__label__",
  options: ReadOptions = {},
): { tables: Tables; header: Header } {
  const reading = readModel(name, bytes.length, label, options);
  let at = 0;
  for (let step = reading.next(); ; step = reading.next()) {
    if (step.done) return step.value;
    const { target } = step.value;
    target.set(bytes.subarray(at, at + target.length));
    at += target.length;
  }
}
