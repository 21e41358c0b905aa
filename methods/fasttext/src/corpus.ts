// Text read once: every token becomes a number, and all later passes are over numbers.
import type { Settings } from "./config.ts";
import { Dictionary, endOfLine } from "./dictionary.ts";
import { type Encoding, entryKinds, type Kernel, lineHeader } from "./kernel.ts";
import type { Memory } from "./memory.ts";

/** The data cannot be trained on, or not in this way. */
export class CorpusError extends Error {
  override readonly name = "CorpusError";
}

/** Text in pieces: bytes as they come from a file, or strings. */
export type TextSource = Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

/** Whole lines as entries of the corpus' dictionary. */
export interface Block {
  readonly length: number;
  /** The entries, from memory or from where they were put aside. */
  read(): Int32Array;
}

/** Where blocks go when they take too much memory: `spillFile` of `@reprise/fasttext/node`. */
export interface Spill {
  put(block: Int32Array): Block;
  /** Frees what was put aside. */
  close(): void;
}

/** What one thread read. */
export interface Part {
  readonly blocks: readonly Block[];
  readonly tokens: number;
  /** How often each of its entries occurs in it. */
  readonly counts: Float64Array;
  /** The corpus' entry of each of its own; undefined where they are the same. */
  readonly entries: Int32Array | undefined;
}

/** A corpus as entries of its own dictionary, in blocks of whole lines. */
export interface Corpus {
  readonly dictionary: Dictionary;
  /** In the order of the text. */
  readonly parts: readonly Part[];
  /** Tokens in all parts together. */
  readonly tokens: number;
  readonly endOfLine: number;
}

/** Copies the tokens of a part's block as entries of the corpus. @returns those written */
export function copyBlock(block: Int32Array, entries: Int32Array | undefined, target: Int32Array): Int32Array {
  const copy = target.subarray(0, block.length);
  copy.set(block);
  if (entries) for (let i = 0; i < copy.length; i++) copy[i] = entries[copy[i]!]!;
  return copy;
}

const pieceBytes = 1 << 17;

/** Memory for the corpus, unless the caller says otherwise. */
export const defaultMemoryBytes = 2 ** 31;

export interface Limits {
  /**
   * Bytes that the tokens and the encoded lines may take, 2 GiB if not given. Where they would take more, lines are
   * encoded anew in each epoch (by one thread), and tokens go to `spill` when there is one.
   */
  readonly memoryBytes?: number;
  readonly spill?: Spill;
}

/**
 * Reads a text once. A last line without a line end counts as a line, unless `compat`.
 *
 * @param onBytes  called with the number of bytes read so far
 */
export class CorpusReader {
  readonly #kernel: Kernel;
  readonly #memory: Memory;
  readonly #compat: boolean;
  readonly dictionary: Dictionary;
  readonly #endOfLine: number;
  readonly #blocks: Block[] = [];
  readonly #spill: Spill | undefined;
  readonly #mostTokens: number;
  #input: Uint8Array;
  #tokens: Int32Array;
  /** Bytes of #input that wait for the rest of their word. */
  #held = 0;
  #patience = 0;
  /** Tokens of a line that has not ended. */
  #open: Int32Array[] = [];
  #lastByte = 10;

  constructor(memory: Memory, kernel: Kernel, settings: Pick<Settings, "label" | "compat">, limits: Limits = {}) {
    this.#kernel = kernel;
    this.#memory = memory;
    this.#compat = settings.compat;
    this.#spill = limits.spill;
    this.#mostTokens = (limits.memoryBytes ?? defaultMemoryBytes) / 8;
    this.dictionary = new Dictionary(memory, settings.label, 1 << 15);
    this.#input = memory.bytes(2 * pieceBytes);
    this.#tokens = memory.int32(pieceBytes + 2);
    this.#endOfLine = this.dictionary.intern(new TextEncoder().encode(endOfLine));
  }

  /** Takes the next piece of the text. */
  add(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; at += pieceBytes) {
      const part = piece.subarray(at, at + pieceBytes);
      const need = this.#held + part.length;
      if (need > this.#input.length) {
        const larger = this.#memory.bytes(2 * need);
        larger.set(this.#input.subarray(0, this.#held));
        this.#input = larger;
        this.#tokens = this.#memory.int32(need + 2);
      }
      this.#input.set(part, this.#held);
      this.#lastByte = part.at(-1)!;
      // A word that fills all that is held is looked at again only when twice as much has come.
      if (need < this.#patience) this.#held = need;
      else this.#scan(need, false);
    }
  }

  /** Ends the text. */
  finish(): Corpus {
    if (this.#lastByte !== 10 && !this.#compat) this.add(Uint8Array.of(10));
    this.#scan(this.#held, true);
    if (this.#open.length > 0) this.#keep(joined(this.#open));
    const { dictionary } = this;
    const { tokens, counts } = dictionary;
    const part = { blocks: this.#blocks, tokens, counts: counts.subarray(0, dictionary.size), entries: undefined };
    return { dictionary, parts: [part], tokens, endOfLine: this.#endOfLine };
  }

  /** In memory as long as half of the limit is enough, then aside. */
  #keep(block: Int32Array): void {
    const aside = this.#spill && this.dictionary.tokens > this.#mostTokens;
    this.#blocks.push(aside ? this.#spill!.put(block) : { length: block.length, read: () => block });
  }

  #scan(length: number, last: boolean): void {
    this.dictionary.reserve(length, this.#kernel.fillSlots);
    const { used, written } = this.#kernel.scan(this.dictionary, this.#input.subarray(0, length), last, this.#tokens);
    this.#held = length - used;
    this.#patience = used === 0 ? 2 * length : 0;
    this.#input.copyWithin(0, used, length);
    const tokens = this.#tokens.subarray(0, written);
    const end = tokens.lastIndexOf(this.#endOfLine) + 1;
    if (end > 0) {
      this.#keep(joined([...this.#open, tokens.subarray(0, end)]));
      this.#open = [];
    }
    if (end < written) this.#open.push(tokens.slice(end));
  }
}

function joined(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** What each entry of a corpus brings, given the dictionary of the model that will be trained. */
export function encodingOf(
  corpus: Corpus,
  dictionary: Dictionary,
  remap: Int32Array,
  settings: Pick<Settings, "wordNgrams" | "bucket" | "minn" | "maxn">,
  kernel: Kernel,
  memory: Memory,
): Encoding {
  const { size, kinds } = corpus.dictionary;
  const entries = memory.int32(2 * size);
  kernel.entryHashes(corpus.dictionary, entries);
  const starts = memory.int32(size + 1);
  const rows = settings.maxn > 0 ? withSubwords() : memory.int32(dictionary.words);
  if (settings.maxn <= 0)
    for (let entry = 0, total = 0; entry < size; entry++) {
      if (kinds[entry] === 0 && remap[entry]! >= 0) rows[total++] = remap[entry]!;
      starts[entry + 1] = total;
    }
  for (let entry = 0; entry < size; entry++) entries[2 * entry] = whatIs(entry);

  function whatIs(entry: number): number {
    const { noRow, manyRows, droppedLabel, firstLabel } = entryKinds;
    const id = remap[entry]!;
    if (kinds[entry] === 1) return id < 0 ? droppedLabel : firstLabel - (id - dictionary.words);
    const from = starts[entry]!;
    const count = starts[entry + 1]! - from;
    return count === 0 ? noRow : count === 1 ? rows[from]! : manyRows;
  }

  function withSubwords(): Int32Array {
    const parts: Int32Array[] = [];
    let total = 0;
    let room = new Int32Array(1024);
    const subwordSettings = { ...settings, dictionary };
    for (let entry = 0; entry < size; entry++) {
      if (kinds[entry] === 0) {
        const word = corpus.dictionary.bytesOf(entry);
        const most = (word.length + 2) * settings.maxn + 1;
        if (most > room.length) room = new Int32Array(2 * most);
        let count = 0;
        if (remap[entry]! >= 0) room[count++] = remap[entry]!;
        count += kernel.subwords(subwordSettings, word, room.subarray(count));
        parts.push(room.slice(0, count));
        total += count;
      }
      starts[entry + 1] = total;
    }
    const all = memory.int32(total);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  return {
    entries,
    starts,
    rows,
    wordNgrams: settings.wordNgrams,
    bucket: settings.bucket,
    dictionary,
    endOfLine: corpus.endOfLine,
    longestBlock: corpus.parts.reduce(
      (most, { blocks }) => blocks.reduce((longest, { length }) => Math.max(longest, length), most),
      0,
    ),
  };
}

/** Some blocks of a part, or all. */
export type Blocks = Pick<Part, "blocks" | "entries">;

/** Encodes blocks in another thread, into `lines`. Resolves to the numbers written. */
export type EncodeAside = (share: readonly Blocks[], encoding: Encoding, lines: Int32Array) => Promise<number>;

/**
 * All lines of a corpus as labels and rows, in one array: what every epoch reads. The corpus' blocks are used up.
 *
 * @param aside  encodes all shares but the first
 */
export async function encodeLines(
  corpus: Corpus,
  encoding: Encoding,
  kernel: Kernel,
  memory: Memory,
  { threads = 1, aside }: { readonly threads?: number; readonly aside?: EncodeAside | undefined } = {},
): Promise<Int32Array> {
  // What one thread has read alone is not worth waiting for another.
  const { shares, rooms } = shared(corpus, encoding, aside && corpus.parts.length > 1 ? threads : 1);
  const starts = rooms.map((_, i) => rooms.slice(0, i).reduce((sum, room) => sum + room, 0));
  const lines = memory.int32(starts.at(-1)! + rooms.at(-1)!);
  const roomOf = (i: number) => lines.subarray(starts[i], starts[i]! + rooms[i]!);
  const others = shares.slice(1).map((share, i) => aside?.(share, encoding, roomOf(i + 1)));
  const tokens = memory.int32(encoding.longestBlock);
  const here = (share: readonly Blocks[], i: number) => encodeBlocks(share, encoding, kernel, tokens, roomOf(i));
  const first = here(shares[0]!, 0);
  const lengths = await Promise.all([first, ...others.map((other, i) => other ?? here(shares[i + 1]!, i + 1))]);
  let end = first;
  for (let i = 1; i < lengths.length; i++) {
    lines.copyWithin(end, starts[i]!, starts[i]! + lengths[i]!); // the room was an upper bound
    end += lengths[i]!;
  }
  return lines.subarray(0, end);
}

/** The corpus as shares of about as many tokens, in its order, with an upper bound of the numbers each is encoded to. */
function shared(
  { parts, tokens, endOfLine }: Corpus,
  encoding: Encoding,
  count: number,
): { shares: Blocks[][]; rooms: number[] } {
  const { starts, wordNgrams } = encoding;
  let mostRows = 0;
  for (let entry = 1; entry < starts.length; entry++)
    mostRows = Math.max(mostRows, starts[entry]! - starts[entry - 1]!);
  // What blocks of words with many rows come to is known only of whole parts.
  if (mostRows > 1 || count === 1)
    return {
      shares: parts.map((part) => [part]),
      rooms: parts.map((part) => encodedLength(part, endOfLine, encoding)),
    };
  const shares: Blocks[][] = [[]];
  const rooms = [0];
  let seen = 0;
  for (const { blocks, entries, counts } of parts)
    for (let i = 0; i < blocks.length; ) {
      const from = i;
      let length = 0;
      for (; i < blocks.length && seen * count < tokens * shares.length; i++) {
        length += blocks[i]!.length;
        seen += blocks[i]!.length;
      }
      if (i > from) {
        shares.at(-1)!.push({ blocks: blocks.slice(from, i), entries });
        rooms[rooms.length - 1]! += length * wordNgrams + lineHeader * linesOf(counts, endOfLine, i - from);
      } else {
        shares.push([]);
        rooms.push(0);
      }
    }
  return { shares, rooms };
}

/** Most lines in so many blocks of a part: the line end is entry 0 of every reader. */
function linesOf(counts: Float64Array, endOfLine: number, blocks: number): number {
  return counts[endOfLine]! + blocks + 1;
}

/** @returns numbers written */
export function encodeBlocks(
  share: readonly Blocks[],
  encoding: Encoding,
  kernel: Pick<Kernel, "encode">,
  tokens: Int32Array,
  lines: Int32Array,
): number {
  let at = 0;
  for (const { blocks, entries } of share)
    for (const block of blocks) {
      const own = block.read();
      at += kernel.encode(encoding, copyBlock(own, entries, tokens), lines.subarray(at));
      free(own);
    }
  return at;
}

/** Gives a block's memory back at once: the garbage collector would leave it until the rows have been trained. */
export function free({ buffer }: Int32Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Upper bound of the numbers that encoding a part writes, from the counts of its entries. */
export function encodedLength(
  { counts, entries, tokens, blocks }: Part,
  endOfLine: number,
  { starts, wordNgrams }: Encoding,
): number {
  let total = lineHeader * linesOf(counts, endOfLine, blocks.length);
  for (let own = 0; own < counts.length; own++) {
    const entry = entries ? entries[own]! : own;
    total += counts[own]! * Math.max(1, starts[entry + 1]! - starts[entry]!);
  }
  return total + tokens * (wordNgrams - 1);
}

/**
 * The lines of one block after the other, encoded into the same place; each is valid until the next.
 * What an epoch reads when all lines together would take too much memory.
 */
export function* encodedBlocks(
  corpus: Corpus,
  encoding: Encoding,
  kernel: Kernel,
  memory: Memory,
): Generator<Int32Array> {
  const room = memory.int32(encoding.longestBlock);
  let lines = memory.int32(lineHeader);
  for (const { blocks, entries } of corpus.parts)
    for (const block of blocks) {
      const tokens = copyBlock(block.read(), entries, room);
      let most = lineHeader + tokens.length * encoding.wordNgrams;
      for (const entry of tokens) {
        most += encoding.starts[entry + 1]! - encoding.starts[entry]!;
        if (entry === encoding.endOfLine) most += lineHeader;
      }
      if (most > lines.length) lines = memory.int32(2 * most);
      yield lines.subarray(0, kernel.encode(encoding, tokens, lines));
    }
}
