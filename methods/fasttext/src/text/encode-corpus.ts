// A corpus to encoded lines: labels and rows, which every epoch reads.
import type { Settings } from "../config.ts";
import { type Encoding, entryKinds, type Kernel, lineHeader, type RowStart } from "../kernel/kernel.ts";
import type { Memory } from "../kernel/memory.ts";
import type { Corpus, Part } from "./corpus.ts";
import type { Dictionary } from "./dictionary.ts";

/** Copies the tokens of a part's block, as entries of the corpus where it is said which. @returns those written */
export function copyBlock(block: Int32Array, entries: Int32Array | undefined, target: Int32Array): Int32Array {
  const copy = target.subarray(0, block.length);
  copy.set(block);
  if (entries) for (let i = 0; i < copy.length; i++) copy[i] = entries[copy[i]!]!;
  return copy;
}

/** What each entry of a corpus brings, given the dictionary of the model that will be trained. */
export function encodingOf(
  corpus: Corpus,
  dictionary: Dictionary,
  remap: Int32Array,
  settings: Pick<Settings, "wordNgrams" | "bucket" | "minn" | "maxn">,
  kernel: Kernel,
  memory: Memory,
  start?: RowStart,
): Encoding {
  const { size, kinds } = corpus.dictionary;
  const entries = memory.int32(2 * size);
  kernel.describeEntries(corpus.dictionary, remap, dictionary.words, entries);
  const none = memory.int32(0);
  const [starts, rows] = settings.maxn > 0 ? withSubwords() : [none, none];

  function withSubwords(): [starts: Int32Array, rows: Int32Array] {
    const starts = memory.int32(size + 1);
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
        entries[2 * entry] = count === 0 ? entryKinds.noRow : count === 1 ? room[0]! : entryKinds.manyRows;
      }
      starts[entry + 1] = total;
    }
    const all = memory.int32(total);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return [starts, all];
  }

  return {
    entries,
    starts,
    rows,
    wordNgrams: settings.wordNgrams,
    bucket: settings.bucket,
    dictionary,
    endOfLine: corpus.endOfLine,
    start,
    longestBlock: corpus.parts.reduce(
      (most, { blocks }) => blocks.reduce((longest, { length }) => Math.max(longest, length), most),
      0,
    ),
  };
}

/** How the tokens of a part become rows. */
export function encodingOfPart(
  encoding: Encoding,
  names: Int32Array | undefined,
  kernel: Pick<Kernel, "pickPairs">,
  memory: Memory,
): Encoding {
  if (!names) return encoding;
  const entries = memory.int32(2 * names.length);
  kernel.pickPairs(memory, encoding.entries, names, entries);
  return { ...encoding, entries, names };
}

/** How many rows an entry brings. */
export function rowCount({ entries, starts }: Encoding, entry: number): number {
  if (starts.length > 0) return starts[entry + 1]! - starts[entry]!;
  return entries[2 * entry]! >= 0 ? 1 : 0;
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
  const here = (share: readonly Blocks[], i: number) =>
    encodeBlocks(share, encoding, kernel, tokens, roomOf(i), memory);
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
  kernel: Pick<Kernel, "encode" | "pickPairs">,
  tokens: Int32Array,
  lines: Int32Array,
  memory: Memory,
): number {
  let at = 0;
  for (const { blocks, entries } of share) {
    const ofPart = encodingOfPart(encoding, entries, kernel, memory);
    for (const block of blocks) {
      const own = block.read();
      at += kernel.encode(ofPart, copyBlock(own, undefined, tokens), lines.subarray(at));
      free(own);
    }
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
  if (starts.length === 0) return total + tokens * wordNgrams;
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
        most += rowCount(encoding, entry);
        if (entry === encoding.endOfLine) most += lineHeader;
      }
      if (most > lines.length) lines = memory.int32(2 * most);
      yield lines.subarray(0, kernel.encode(encoding, tokens, lines));
    }
}
