// A text read and encoded by several threads. Each reads a part into a dictionary of its own; joined in the order of the
// text, they are the dictionary that one thread would have read, entry by entry.
import type { Settings } from "../config.ts";
import { instantiate } from "../kernel/instance.ts";
import type { Encoding, Kernel } from "../kernel/kernel.ts";
import { Memory } from "../kernel/memory.ts";
import { encodingAddress, wasmKernel } from "../kernel/wasm.ts";
import { type Corpus, CorpusReader, type Part } from "../text/corpus.ts";
import type { Dictionary } from "../text/dictionary.ts";
import { type Blocks, free } from "../text/encode-corpus.ts";

/** What another thread needs to know to read a part of the text. */
export interface ReadWork {
  readonly memory: WebAssembly.Memory;
  readonly settings: Pick<Settings, "label" | "compat">;
  /** A number there other than 0 tells the thread to end. */
  readonly stop: number;
  /** Bytes of the rows that n-grams share, which are the next large block of memory. */
  readonly rowBytes: number;
}

/** A part as its thread read it: its dictionary is in the common memory. */
export interface ReadPart {
  /** Where it begins in the text. */
  readonly from: number;
  readonly dictionary: Pick<Dictionary, "size" | "starts" | "counts" | "pool" | "tokens">;
  readonly blocks: readonly Int32Array<ArrayBuffer>[];
}

/** Reads a part of a text. Run by the thread that was given the work. */
export function readPart(
  { memory, settings, stop }: ReadWork,
  pieces: Iterable<Uint8Array> & { readonly from: number },
): ReadPart {
  const own = new Memory(memory);
  const flag = new Int32Array(memory.buffer, stop, 1);
  const reader = new CorpusReader(own, wasmKernel, settings);
  for (const piece of pieces) {
    if (Atomics.load(flag, 0) !== 0) break;
    reader.add(piece);
  }
  const { dictionary, parts } = reader.finish();
  const { size, starts, counts, pool, tokens } = dictionary;
  const blocks = parts[0]!.blocks.map((block) => block.read() as Int32Array<ArrayBuffer>);
  return { from: pieces.from, dictionary: { size, starts, counts, pool, tokens }, blocks };
}

/**
 * Bytes of memory that are worth touching ahead when so many tokens were read: every page of the n-grams' rows where there
 * are dozens of n-grams for each, so that all would be touched sooner or later.
 */
export function bytesAhead({ rowBytes }: ReadWork, tokens: number): number {
  return Math.min(rowBytes, 64 * tokens);
}

/** The corpus whose begin was read here and the other parts by other threads. */
export function joinParts(first: Corpus, others: readonly ReadPart[], kernel: Kernel): Corpus {
  const { dictionary, parts, endOfLine } = first;
  const own = { ...parts[0]!, counts: parts[0]!.counts.slice() };
  const inOrder = others.toSorted((a, b) => a.from - b.from);
  const joined: Part[] = inOrder.map(({ dictionary: read, blocks }) => ({
    blocks: blocks.map((block) => ({ length: block.length, read: () => block })),
    tokens: read.tokens,
    counts: read.counts.subarray(0, read.size),
    entries: kernel.addEntries(dictionary, read),
  }));
  for (const { tokens } of joined) dictionary.tokens += tokens;
  return { dictionary, parts: [own, ...joined], tokens: dictionary.tokens, endOfLine };
}

/** What another thread needs to know to encode blocks. All but these are addresses and lengths. */
export interface EncodeWork {
  readonly memory: WebAssembly.Memory;
  readonly longestBlock: number;
  readonly share: readonly {
    readonly encoding: number;
    /** How the entries of a part's encoding are picked out of the corpus'. */
    readonly pick: readonly [pairs: number, names: number, count: number, picked: number] | undefined;
    readonly blocks: readonly Int32Array<ArrayBuffer>[];
  }[];
  readonly lines: number;
}

/** The encoding of blocks as work for another thread, and their buffers, which are to be moved there. */
export function encodeWork(
  blocks: readonly Blocks[],
  encoding: Encoding,
  lines: Int32Array,
): { work: EncodeWork; moved: ArrayBuffer[] } {
  const { memory } = encoding.dictionary;
  const share = blocks.map(({ blocks, entries: names }) => {
    const entries = names ? memory.int32(2 * names.length) : encoding.entries;
    return {
      encoding: encodingAddress({ ...encoding, entries, names }), // each thread has its own room for a line's hashes
      pick: names && ([encoding.entries.byteOffset, names.byteOffset, names.length, entries.byteOffset] as const),
      blocks: blocks.map((block) => block.read() as Int32Array<ArrayBuffer>),
    };
  });
  return {
    work: { memory: memory.wasm, longestBlock: encoding.longestBlock, share, lines: lines.byteOffset },
    moved: share.flatMap(({ blocks }) => blocks.map(({ buffer }) => buffer)),
  };
}

/** Encodes blocks. Run by the thread that was given the work. @returns numbers written */
export function doEncode({ memory, longestBlock, share, lines }: EncodeWork): number {
  const kernel = instantiate(memory);
  const room = new Memory(memory).int32(longestBlock);
  let at = lines;
  for (const { encoding, pick, blocks } of share) {
    if (pick) kernel.pickPairs(...pick);
    for (const block of blocks) {
      room.set(block);
      at += 4 * kernel.encode(encoding, room.byteOffset, block.length, at);
      free(block);
    }
  }
  return (at - lines) / 4;
}
