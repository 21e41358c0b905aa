// Text of files, whole or in parts.
import { closeSync, openSync, readSync, statSync } from "node:fs";

const pieceBytes = 1 << 20;

/** A file's text, or that from one byte to another: an iterable of pieces, each valid until the next one. */
export interface FileText extends Iterable<Uint8Array> {
  /** A descriptor is one that others opened, 0 = standard input. */
  readonly path: string | number;
  readonly from: number;
  readonly to: number;
}

/** A file (or a descriptor, 0 = standard input) as pieces of at most 1 MB. A piece is valid until the next one. */
export function filePieces(path: string | number, from = 0, to = Number.POSITIVE_INFINITY): FileText {
  return { path, from, to, [Symbol.iterator]: () => pieces(path, from, to) };
}

export function isFileText(text: object): text is FileText {
  return "path" in text && "from" in text && "to" in text;
}

function* pieces(path: string | number, from: number, to: number): Generator<Uint8Array> {
  const file = typeof path === "number" ? path : openSync(path, "r");
  try {
    const buffer = new Uint8Array(pieceBytes);
    for (let at = from; at < to; ) {
      const count = readSync(file, buffer, 0, Math.min(pieceBytes, to - at), typeof path === "number" ? null : at);
      if (count === 0) return;
      at += count;
      yield buffer.subarray(0, count);
    }
  } finally {
    if (typeof path !== "number") closeSync(file);
  }
}

/** A file's text, of which a thread that is up takes a part while others read on. */
export interface SharedText {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly pieceBytes: number;
  /** [1] in shared memory: see `Claims`. */
  readonly claims: BigInt64Array;
}

/** How a text is divided; tests divide short ones. */
export interface Division {
  /** Shorter texts are read before another thread has started. */
  readonly least: number;
  readonly pieceBytes: number;
}

/**
 * Prepares a file to be read by `count` threads: the first reads from its start, and each other one takes its share of what
 * is left when it is up. Undefined for what is not a file, short, or longer than `most` bytes.
 */
export function sharedText(
  { path, from, to }: FileText,
  count: number,
  most: number,
  claims: BigInt64Array,
  division: Division = { least: 8 << 20, pieceBytes },
): SharedText | undefined {
  if (typeof path === "number") return undefined;
  const stat = statSync(path);
  const end = Math.min(to, stat.size);
  if (!stat.isFile() || end - from > most || end - from <= division.least) return undefined;
  const pieceCount = Math.ceil((end - from) / division.pieceBytes);
  Atomics.store(claims, 0, packed({ next: 0, end: pieceCount, waiting: count - 1 }));
  return { path, from, to: end, pieceBytes: division.pieceBytes, claims };
}

/** What the first thread reads: pieces one by one, until those that are left are another thread's. */
export function* firstPart(text: SharedText): Generator<Uint8Array> {
  const file = openSync(text.path, "r");
  try {
    const buffer = new Uint8Array(text.pieceBytes);
    let at = text.from;
    for (let piece = claimNext(text.claims); piece !== undefined; piece = claimNext(text.claims))
      for (const end = startOf(text, piece + 1); at < end; ) {
        const count = readSync(file, buffer, 0, end - at, at);
        if (count === 0) return;
        at += count;
        yield buffer.subarray(0, count);
      }
    // The line that the last piece ends in is read to its end.
    if (at > text.from && at < text.to) yield* pieces(text.path, at, lineStart(file, at, text.to));
  } finally {
    closeSync(file);
  }
}

/** The part that another thread takes: whole lines. Undefined when nothing is left. */
export function takePart(text: SharedText): FileText | undefined {
  const taken = claimShare(text.claims);
  if (!taken) return undefined;
  const file = openSync(text.path, "r");
  try {
    const line = (piece: number) => lineStart(file, startOf(text, piece), text.to);
    return filePieces(text.path, line(taken.from), line(taken.to));
  } finally {
    closeSync(file);
  }
}

function startOf({ from, to, pieceBytes }: SharedText, piece: number): number {
  return Math.min(to, from + piece * pieceBytes);
}

/** Who reads which pieces of a text. All of it is in one number, which threads change at once, so that they agree. */
interface Claims {
  /** The first thread's next piece, and where its pieces end. */
  readonly next: number;
  readonly end: number;
  /** Threads that have not taken any. */
  readonly waiting: number;
}

/** 2^24 pieces of 1 MB are more than fits into memory. */
function packed({ next, end, waiting }: Claims): bigint {
  return BigInt(next) | (BigInt(end) << 24n) | (BigInt(waiting) << 48n);
}

function claimNext(claims: BigInt64Array): number | undefined {
  return claim(claims, ({ next, end, waiting }) =>
    next < end ? { left: { next: next + 1, end, waiting }, taken: next } : undefined,
  );
}

/** The last of the pieces that are left: a share for each thread that waits, and one for the first. */
function claimShare(claims: BigInt64Array): { from: number; to: number } | undefined {
  return claim(claims, ({ next, end, waiting }) => {
    const from = end - Math.floor((end - next) / (waiting + 1));
    return from < end ? { left: { next, end: from, waiting: waiting - 1 }, taken: { from, to: end } } : undefined;
  });
}

function claim<T>(
  cell: BigInt64Array,
  take: (claims: Claims) => { left: Claims; taken: T } | undefined,
): T | undefined {
  for (;;) {
    const before = Atomics.load(cell, 0);
    const [next, end] = [Number(before & 0xffffffn), Number((before >> 24n) & 0xffffffn)];
    const claimed = take({ next, end, waiting: Number(before >> 48n) });
    if (!claimed) return undefined;
    if (Atomics.compareExchange(cell, 0, before, packed(claimed.left)) === before) return claimed.taken;
  }
}

/** Where the first line begins that begins at this byte or behind it. */
function lineStart(file: number, at: number, end: number): number {
  const buffer = new Uint8Array(1 << 12);
  for (let from = at - 1; from < end; ) {
    const count = readSync(file, buffer, 0, buffer.length, from);
    const newline = buffer.subarray(0, count).indexOf(10);
    if (count === 0) return end;
    if (newline >= 0) return from + newline + 1;
    from += count;
  }
  return end;
}
