// The texts of fastText's experiments, as its authors' scripts write them.
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { DataError } from "@reprise/data";
import { fileError } from "@reprise/data/node";
import type { DataSet } from "../experiments.ts";
import { normalised, normalisedQuestion, shuffledOrder } from "./preparation.ts";

/** The tutorial tests on so many of the last of them. */
const heldOut = 3000;

/** Lines as bytes, one after the other. */
export class Lines {
  #bytes = Buffer.alloc(1 << 20);
  readonly #ends: number[] = [];

  get length(): number {
    return this.#ends.length;
  }

  /** All lines in the order in which they were added. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#ends.at(-1) ?? 0);
  }

  /** @param line  bytes as characters (latin1), without the line end */
  add(line: string): void {
    const start = this.#ends.at(-1) ?? 0;
    const end = start + line.length + 1;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(2 * end);
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    this.#bytes.write(line, start, "latin1");
    this.#bytes[end - 1] = 10;
    this.#ends.push(end);
  }

  /** The lines in another order, in pieces of about 1 MB, each valid until the next. */
  *shuffled(seed: number): Generator<Uint8Array> {
    let piece = Buffer.alloc(1 << 20);
    let held = 0;
    for (const line of shuffledOrder(this.length, seed)) {
      const bytes = this.#bytes.subarray(this.#ends[line - 1] ?? 0, this.#ends[line]);
      if (held + bytes.length > piece.length) {
        yield piece.subarray(0, held);
        held = 0;
        if (bytes.length > piece.length) piece = Buffer.alloc(bytes.length);
      }
      piece.set(bytes, held);
      held += bytes.length;
    }
    yield piece.subarray(0, held);
  }
}

/** Where texts are looked for. */
export interface Places {
  /** The folder of the user's data. */
  readonly folder: string | undefined;
  /** The content folder of the paper's page, which has the questions. */
  readonly content: string | undefined;
}

export interface ReadTexts {
  readonly train: Lines;
  readonly test: Lines;
  /** SHA-256 of the lines as they are trained on, then of those that are tested on, each in the order of its file; reviews sorted. */
  readonly sha256: string;
}

/** Where a set lies; undefined where it does not. */
export function pathOf({ kind, place }: DataSet, { folder, content }: Places): string | undefined {
  const given = folder === undefined ? undefined : join(folder, place);
  if (given !== undefined && existsSync(given)) return given;
  return kind === "questions" && content !== undefined ? join(content, "data/cooking.txt.gz") : undefined;
}

/** Hears of each pause while much is read; what it throws ends the reading. */
export type Pause = (read: string) => void;

/** @throws DataError; what `pause` throws */
export async function readTexts(kind: DataSet["kind"], path: string, pause: Pause): Promise<ReadTexts> {
  try {
    const { train, test } =
      kind === "questions"
        ? questions(path)
        : kind === "csv"
          ? { train: await rows(join(path, "train.csv"), pause), test: await rows(join(path, "test.csv"), pause) }
          : { train: await reviews(join(path, "train"), pause), test: await reviews(join(path, "test"), pause) };
    const hash = createHash("sha256").update(train.bytes).update(test.bytes);
    return { train, test, sha256: hash.digest("hex") };
  } catch (error) {
    const { code, path: failed } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : fileError(failed ?? path, error, "read");
  }
}

/** A row a line, its class first: "3","title","text". */
async function rows(path: string, pause: Pause): Promise<Lines> {
  const lines = new Lines();
  for (const some of linesOf(path)) {
    for (const line of some) {
      if (!/^"?\d+"?,/.test(line))
        throw new DataError(
          path,
          `row ${lines.length + 1} begins with ${JSON.stringify(line.slice(0, 20))}; expected its class, a number, and a comma.`,
        );
      lines.add(`__label__${normalised(line)}`);
    }
    await setImmediate();
    pause(`${lines.length.toLocaleString("en")} rows`);
  }
  if (lines.length === 0) throw new DataError(path, "has no rows.");
  return lines;
}

/** Folders pos and neg with a review in each file. Sorted by what they say, so that the files' names decide nothing. */
async function reviews(path: string, pause: Pause): Promise<Lines> {
  const all: string[] = [];
  for (const label of ["pos", "neg"])
    for (const file of readdirSync(join(path, label))) {
      all.push(`__label__${label} ${normalised(readFileSync(join(path, label, file), "latin1"))}`);
      if (all.length % 1000 > 0) continue;
      await setImmediate();
      pause(`${all.length.toLocaleString("en")} reviews`);
    }
  if (all.length === 0) throw new DataError(path, "has no reviews in its folders pos and neg.");
  const lines = new Lines();
  for (const line of all.sort()) lines.add(line);
  return lines;
}

/** Labels and title in each line; the last ones are held out. */
function questions(path: string): { train: Lines; test: Lines } {
  const bytes = readFileSync(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1");
  const all = text.split("\n").filter((line) => line !== "");
  if (all.length <= heldOut)
    throw new DataError(path, `has ${all.length} lines; expected more than the ${heldOut} that are held out.`);
  const [train, test] = [new Lines(), new Lines()];
  for (const [i, line] of all.entries()) (i < all.length - heldOut ? train : test).add(normalisedQuestion(line));
  return { train, test };
}

/** A file's lines, some at a time, as characters of a byte each; files of gigabytes are longer than a string may be. */
function* linesOf(path: string): Generator<string[]> {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(1 << 24);
    let rest = "";
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer)) {
      const lines = (rest + buffer.toString("latin1", 0, count)).split("\n");
      rest = lines.pop()!;
      yield lines;
    }
    if (rest !== "") yield [rest];
  } finally {
    closeSync(file);
  }
}
