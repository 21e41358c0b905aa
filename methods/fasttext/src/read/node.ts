// Text of files, whole or in parts.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

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

/** What one thread reads before another has started. */
const threadStart = 8 << 20;

/**
 * A file's text as parts of whole lines, the first of which is longer by what is read while the other threads start.
 * Undefined for what is no file, shorter than that, or longer than `most`.
 */
export function partsOf(
  { path, from, to }: FileText,
  count: number,
  most: number,
  headStart = threadStart,
): FileText[] | undefined {
  if (typeof path === "number") return undefined;
  const file = openSync(path, "r");
  try {
    const stat = fstatSync(file);
    const end = Math.min(to, stat.size);
    if (!stat.isFile() || end - from > most) return undefined;
    const first = from + headStart;
    if (end <= first) return undefined;
    const starts = Array.from({ length: count }, (_, i) =>
      i === 0 ? from : lineStart(file, first + Math.floor(((end - first) * i) / count), end),
    );
    return starts.map((start, i) => filePieces(path, start, starts[i + 1] ?? to));
  } finally {
    closeSync(file);
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
