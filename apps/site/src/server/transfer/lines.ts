// Files of JSON Lines with a first line that says what they are and a last one that says that they are whole.
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";

/** What is wrong with a file, by line from 1. */
export class TransferError extends Error {
  readonly line: number | undefined;
  constructor(source: string, line: number | undefined, message: string, options?: ErrorOptions) {
    super(line === undefined ? `${source}: ${message}` : `${source}, line ${line}: ${message}`, options);
    this.line = line;
  }
}

/** No row is longer: the longest text, its HTML, and room. */
const longestLine = 256 * 2 ** 20;

/**
 * Writes lines to a file that appears under its name when it is whole and on the disk; packed where the name ends in .gz.
 *
 * @throws Error when the disk is full or the folder cannot be written; then nothing of the file is left
 */
export async function writeLines(file: string, lines: AsyncIterable<string>): Promise<void> {
  const part = `${file}.part`;
  try {
    const out = createWriteStream(part, { flush: true, mode: 0o600 });
    const source = Readable.from(withEnds(lines));
    await (file.endsWith(".gz") ? pipeline(source, createGzip(), out) : pipeline(source, out));
    await rename(part, file);
    const folder = await open(dirname(file)); // the name, too, survives a loss of power
    await folder.sync().finally(() => folder.close());
  } catch (cause) {
    await rm(part, { force: true });
    const { code, message } = cause as NodeJS.ErrnoException;
    if (!code) throw cause;
    const why = code === "ENOSPC" ? "the disk is full" : message;
    throw new Error(`${file} cannot be written: ${why}. Nothing of it is left.`, { cause });
  }
}

async function* withEnds(lines: AsyncIterable<string>): AsyncGenerator<string> {
  const hash = createHash("sha256");
  let count = 0;
  for await (const text of lines) {
    hash.update(`${text}\n`);
    count++;
    yield `${text}\n`;
  }
  yield `${JSON.stringify({ end: true, lines: count, sha256: hash.digest("hex") })}\n`;
}

const lastLine = z.strictObject({ end: z.literal(true), lines: z.int(), sha256: z.string() });

/** The lines of a file without the last, which is checked when it comes. @throws TransferError */
export async function* readLines(file: string): AsyncGenerator<{ readonly line: number; readonly text: string }> {
  const hash = createHash("sha256");
  let line = 0;
  let before: string | undefined;
  for await (const text of textLines(file)) {
    if (before !== undefined) {
      hash.update(`${before}\n`);
      yield { line: ++line, text: before };
    }
    before = text;
  }
  const end = lastLine.safeParse(json(before ?? ""));
  if (!end.success) throw new TransferError(file, line + 1, "the file ends here without its last line: it was cut off");
  if (end.data.lines !== line)
    throw new TransferError(file, line + 1, `the file has ${line} lines where ${end.data.lines} were written`);
  if (end.data.sha256 !== hash.digest("hex"))
    throw new TransferError(
      file,
      undefined,
      "its SHA-256 is another than when it was written: it was changed or damaged",
    );
}

async function* textLines(file: string): AsyncGenerator<string> {
  const raw = createReadStream(file);
  const bytes = file.endsWith(".gz") ? raw.pipe(createGunzip()) : raw;
  if (bytes !== raw) raw.on("error", (error) => bytes.destroy(error));
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let parts: string[] = [];
  let length = 0;
  let line = 1;
  try {
    for await (const chunk of bytes as AsyncIterable<Uint8Array>) {
      let text = decoder.decode(chunk, { stream: true });
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n")) {
        parts.push(text.slice(0, at));
        yield parts.join("");
        parts = [];
        length = 0;
        line++;
        text = text.slice(at + 1);
      }
      parts.push(text);
      length += text.length;
      if (length > longestLine) throw new TransferError(file, line, `longer than ${longestLine} characters`);
    }
  } catch (cause) {
    if (cause instanceof TransferError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "Z_BUF_ERROR") throw new TransferError(file, line, "the packed file was cut off", { cause });
    if (code?.startsWith("Z_")) throw new TransferError(file, undefined, "the file is not packed by gzip", { cause });
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") throw new TransferError(file, line, "not UTF-8", { cause });
    throw new Error(`${file} cannot be read: ${message}`, { cause });
  }
  const rest = parts.join("");
  if (rest !== "") yield rest;
}

/** Undefined where it is no JSON. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
