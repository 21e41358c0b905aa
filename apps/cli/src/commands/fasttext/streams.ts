// Standard input and output of a verb. Text is latin1: every character is a byte, so that words need not be UTF-8.
import { writeSync } from "node:fs";
import { filePieces } from "@reprise/fasttext/node";

/** Where a verb reads and writes; a test gives it arrays. */
export interface Streams {
  readonly input: () => Iterable<Uint8Array>;
  readonly write: (bytes: Uint8Array) => void;
}

export const standardStreams: Streams = {
  input: () => filePieces(0),
  write(bytes) {
    for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
  },
};

/** Output in large pieces. */
export class Output {
  readonly #streams: Streams;
  #text = "";

  constructor(streams: Streams) {
    this.#streams = streams;
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

export const raw = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

const isBlank = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);
const isLineEnd = (byte: number): boolean => byte === 10;

/** The words of standard input as they come. */
export function* inputWords(streams: Streams): Generator<Uint8Array> {
  for (const word of parts(streams.input(), isBlank)) if (word.length > 0) yield word;
}

/** The lines of standard input without their ends. */
export const inputLines = (streams: Streams): Generator<Uint8Array> => parts(streams.input(), isLineEnd);

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
