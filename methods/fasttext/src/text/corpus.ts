// Text read once: every token becomes a number, and all later passes are over numbers.
import type { Settings } from "../config.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Memory } from "../kernel/memory.ts";
import { Dictionary, endOfLine } from "./dictionary.ts";

/** The data cannot be trained on, or not in this way. */
export class CorpusError extends Error {
  override readonly name = "CorpusError";
}

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
