// What a run has found so far, kept beside its results, so that a run that is stopped or killed goes on where it was.
import { createHash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@reprise/data";
import { createFolder, readBytes, writeFileAtomic } from "@reprise/data/node";

/** By what a run is the same as another: settings, and the hashes of what went in. */
export type RunKey = Readonly<Record<string, unknown>>;

interface Entry {
  readonly part: string;
  readonly row: number;
  readonly value: unknown;
  readonly image: Float32Array | undefined;
}

/**
 * Rows by the part of the run they belong to and their number. New ones are written together every few seconds, each
 * time to a file of its own, whole or not at all.
 */
export class Journal {
  readonly folder: string;
  readonly #key: RunKey;
  readonly #everyMs: number;
  readonly #known = new Map<string, Entry>();
  #pending: Entry[] = [];
  #files = 0;
  #put = 0;
  #lastMs = -Infinity;
  #writing: Promise<void> = Promise.resolve();
  #failure: unknown;

  private constructor(folder: string, key: RunKey, everyMs: number) {
    this.folder = folder;
    this.#key = key;
    this.#everyMs = everyMs;
  }

  /** @throws DataError if the folder holds rows of a run with another key, or cannot be read or made */
  static async open(folder: string, key: RunKey, { everyMs = 2000 } = {}): Promise<Journal> {
    await createFolder(folder);
    const journal = new Journal(folder, key, everyMs);
    for (const name of (await readdir(folder)).filter((file) => /^rows-\d+\.bin$/.test(file)).sort()) {
      journal.#files = Math.max(journal.#files, Number.parseInt(name.slice(5), 10) + 1);
      journal.#take(name, await readBytes(join(folder, name)));
    }
    return journal;
  }

  /** How many rows are known from runs before. */
  get size(): number {
    return this.#known.size;
  }

  /** How many rows are kept, those of this run included. */
  get kept(): number {
    return this.#known.size + this.#put;
  }

  get(part: string, row: number): { readonly value: unknown; readonly image: Float32Array | undefined } | undefined {
    return this.#known.get(`${part} ${row}`);
  }

  /** @throws what an earlier write failed with: a full disk stops the run, not its end */
  put(part: string, row: number, value: unknown, image: Float32Array | undefined): void {
    if (this.#failure) throw this.#failure;
    this.#pending.push({ part, row, value, image });
    this.#put++;
    if (performance.now() - this.#lastMs < this.#everyMs) return;
    this.#lastMs = performance.now();
    this.flush().catch((cause: unknown) => {
      this.#failure = cause;
    });
  }

  /** Writes what is not written yet. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const entries = this.#pending.splice(0);
      if (entries.length === 0) return;
      const name = `rows-${String(this.#files++).padStart(5, "0")}.bin`;
      await writeFileAtomic(join(this.folder, name), encode(this.#key, entries));
    });
    return this.#writing;
  }

  /** The run is complete and its results are written: the parts go. */
  async remove(): Promise<void> {
    this.#pending = [];
    await this.#writing;
    await rm(this.folder, { recursive: true, force: true });
  }

  #take(name: string, bytes: Uint8Array): void {
    const path = join(this.folder, name);
    const { key, entries } = decode(path, bytes);
    const wanted = JSON.parse(JSON.stringify(this.#key)) as RunKey;
    const other = [...new Set([...Object.keys(key), ...Object.keys(wanted)])].find(
      (field) => JSON.stringify(key[field]) !== JSON.stringify(wanted[field]),
    );
    if (other !== undefined)
      throw new DataError(
        this.folder,
        `holds a part of another run: ${other} is ${JSON.stringify(key[other])} there and ` +
          `${JSON.stringify(wanted[other])} here. Finish that run with its own settings, give another --out, or delete the folder.`,
      );
    for (const entry of entries) this.#known.set(`${entry.part} ${entry.row}`, entry);
  }
}

/** A line of JSON, then the images' float32 values one after the other. */
function encode(key: RunKey, entries: readonly Entry[]): Uint8Array[] {
  const head = entries.map(({ part, row, value, image }) => ({ part, row, value, length: image?.length ?? null }));
  const images = entries.flatMap(({ image }) =>
    image ? [new Uint8Array(image.buffer, image.byteOffset, image.byteLength)] : [],
  );
  return [new TextEncoder().encode(`${JSON.stringify({ key, entries: head })}\n`), ...images];
}

function decode(path: string, bytes: Uint8Array): { key: RunKey; entries: Entry[] } {
  try {
    const end = bytes.indexOf(10);
    const { key, entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as {
      key: RunKey;
      entries: { part: string; row: number; value: unknown; length: number | null }[];
    };
    let at = end + 1;
    const read = entries.map(({ length, ...entry }): Entry => {
      if (length === null) return { ...entry, image: undefined };
      const image = new Float32Array(Uint8Array.from(bytes.subarray(at, at + 4 * length)).buffer);
      if (image.length !== length) throw new RangeError("it ends early");
      at += 4 * length;
      return { ...entry, image };
    });
    return { key, entries: read };
  } catch (cause) {
    throw new DataError(path, "is not a part of a run, or is damaged. Delete it; what it held is searched again.", {
      cause,
    });
  }
}

/** SHA-256, the first 16 digits. */
export function hashOf(...arrays: readonly ArrayBufferView[]): string {
  const hash = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of arrays) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest("hex").slice(0, 16);
}
