// Text as a caller has it, as pieces of bytes.

/** A whole text, or its parts: strings are lines (or several), bytes may be cut anywhere. */
export type WholeText = string | Uint8Array | Iterable<string | Uint8Array>;

/**
 * Text to read: a string, bytes, or an iterable. In an iterable each string is a line, or several whole ones, with or
 * without a line end behind it, as in an array of lines or in what Node's readline gives; pieces of bytes are put together
 * as they are. The strings of a stream (Node's with an encoding, the web's of strings) are pieces too.
 */
export type TextSource = WholeText | AsyncIterable<string | Uint8Array> | ReadableStream<string | Uint8Array>;

/** Text that can be read several times: whole, an array of lines or pieces, or a function that gives it anew. */
export type ReusableText = string | Uint8Array | readonly (string | Uint8Array)[] | (() => TextSource);

/** Characters or bytes of a piece that is made of a string or of lines. */
const pieceLength = 1 << 16;
const encoder = new TextEncoder();

/** A function that gives the text anew. @throws TypeError for what can be read once only */
export function reusable(text: ReusableText, what: string): () => TextSource {
  if (typeof text === "function") return text;
  if (typeof text === "string" || text instanceof Uint8Array || Array.isArray(text)) return () => text as WholeText;
  throw new TypeError(
    `${what} is read several times; expected a string, bytes, an array of lines, or a function that gives the text anew.`,
  );
}

/** Whether a text comes piece by piece as time goes by. */
export function isAsync(text: TextSource): text is Exclude<TextSource, WholeText> {
  return typeof text === "object" && text !== null && (Symbol.asyncIterator in text || "getReader" in text);
}

/** A text as bytes. Pieces are valid until the next one. */
export function* wholePieces(text: WholeText): Generator<Uint8Array> {
  if (text instanceof Uint8Array) yield text;
  else if (typeof text === "string") yield* encoded(text);
  else {
    check(text);
    const lines = new Lines();
    for (const item of text) yield* lines.add(item);
    yield* lines.rest();
  }
}

/** Text that is read while time goes by, as bytes. */
async function* laterPieces(text: Exclude<TextSource, WholeText>): AsyncGenerator<Uint8Array> {
  const lines = new Lines(isStream(text));
  const items = Symbol.asyncIterator in text ? text : chunks(text as ReadableStream<string | Uint8Array>);
  for await (const item of items) yield* lines.add(item);
  yield* lines.rest();
}

export function pieces(text: TextSource): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  return isAsync(text) ? laterPieces(text) : wholePieces(text);
}

/** @throws TypeError for what is no text */
function check(text: unknown): void {
  if (typeof text === "object" && text !== null && Symbol.iterator in text) return;
  const what = text === null ? "null" : typeof text === "object" ? "an object" : `a ${typeof text}`;
  throw new TypeError(
    `The text is ${what}; expected a string, bytes, an array of lines, or another iterable of these.`,
  );
}

/** Whether strings are pieces of a stream and no lines: Node's streams with an encoding, the web's. */
function isStream(text: object): boolean {
  return "getReader" in text || ("readableEncoding" in text && text.readableEncoding !== null);
}

/** Some browsers cannot iterate over a stream. */
async function* chunks<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** A string as pieces of UTF-8; a pair of surrogates is not cut. */
function* encoded(text: string): Generator<Uint8Array> {
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + pieceLength);
    if (to < text.length && (text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to--;
    yield encoder.encode(text.slice(from, to));
    from = to;
  }
}

/** Lines put together to larger pieces. */
class Lines {
  readonly #inPieces: boolean;
  #held = "";

  constructor(inPieces = false) {
    this.#inPieces = inPieces;
  }

  *add(item: string | Uint8Array): Generator<Uint8Array> {
    if (typeof item === "string") {
      this.#held += this.#inPieces || item.endsWith("\n") ? item : `${item}\n`;
      if (this.#held.length < pieceLength) return;
      // A stream may cut a pair of surrogates in two.
      const end = this.#inPieces && (this.#held.charCodeAt(this.#held.length - 1) & 0xfc00) === 0xd800 ? -1 : undefined;
      const left = end === undefined ? "" : this.#held.slice(end);
      yield* encoded(this.#held.slice(0, end));
      this.#held = left;
    } else if (item instanceof Uint8Array) {
      yield* this.rest();
      yield item;
    } else
      throw new TypeError(
        `The text has ${item === null ? "null" : `a ${typeof item}`} among its lines; expected strings or bytes.`,
      );
  }

  *rest(): Generator<Uint8Array> {
    if (this.#held !== "") yield* encoded(this.#held);
    this.#held = "";
  }
}
