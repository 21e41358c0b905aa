// Standard input and output of a verb.
import { readSync } from "node:fs";
import { whenReady, writeOut } from "@reprise/experiment/pipes";

/** Where a verb reads and writes; a test gives it arrays. */
export interface Streams {
  readonly input: () => Iterable<Uint8Array>;
  readonly write: (bytes: Uint8Array) => void;
}

export const standardStreams: Streams = { input: standardInput, write: writeOut };

/** Standard input as it comes. A piece is valid until the next one. */
function* standardInput(): Generator<Uint8Array> {
  const buffer = new Uint8Array(1 << 16);
  for (;;) {
    const count = whenReady(() => readSync(0, buffer));
    if (count === 0) return;
    yield buffer.subarray(0, count);
  }
}

/** Standard input answered on standard output: what is answered so far is written before more input is waited for. */
export class Exchange {
  readonly #streams: Streams;
  #text = "";

  constructor(streams: Streams) {
    this.#streams = streams;
  }

  *input(): Generator<Uint8Array> {
    for (const piece of this.#streams.input()) {
      yield piece;
      this.end();
    }
  }

  /** The words of the input. */
  *words(): Generator<Uint8Array> {
    for (const word of parts(this.input(), isBlank)) if (word.length > 0) yield word;
  }

  /** The lines of the input without their ends. */
  lines(): Generator<Uint8Array> {
    return parts(this.input(), isLineEnd);
  }

  write(text: string): void {
    this.#text += text;
    if (this.#text.length > 1 << 16) this.end();
  }

  /** One JSON document. */
  json(value: unknown): void {
    this.#streams.write(Buffer.from(`${JSON.stringify(value, null, 2)}\n`));
  }

  end(): void {
    this.#streams.write(Buffer.from(this.#text, "latin1"));
    this.#text = "";
  }
}

/** Bytes as latin1: every character is a byte, so that words need not be UTF-8. */
export const raw = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

const isBlank = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);
const isLineEnd = (byte: number): boolean => byte === 10;

/** What stands between two ends; what follows the last one is a part when it is not empty. */
function* parts(pieces: Iterable<Uint8Array>, isEnd: (byte: number) => boolean): Generator<Uint8Array> {
  let held: Uint8Array[] = [];
  for (const piece of pieces) {
    let start = 0;
    for (let i = 0; i < piece.length; i++) {
      if (!isEnd(piece[i]!)) continue;
      yield Buffer.concat([...held, piece.subarray(start, i)]);
      held = [];
      start = i + 1;
    }
    if (start < piece.length) held.push(piece.slice(start)); // a copy: a piece is valid until the next one
  }
  if (held.length > 0) yield Buffer.concat(held);
}
