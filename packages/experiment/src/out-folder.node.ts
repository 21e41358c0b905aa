// The folder of --out: for one run at a time, and without what an earlier run has left there.
import { existsSync, rmSync, statSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DataError } from "@reprise/data";
import { createFolder } from "@reprise/data/node";

export interface OutFolder {
  readonly path: string;
  /** Removes what runs of this kind write, and nothing else. */
  readonly clear: () => Promise<void>;
  /** Gives the folder back; a process that ends, however it ends, does so too. */
  readonly release: () => void;
}

/**
 * Creates the folder where it is missing, and takes it for this process.
 *
 * @param owned  names of the files that runs write, relative to the folder; one level of folders at most
 * @throws DataError when another process works there, or it cannot be written
 */
export async function openOutFolder(path: string, owned: readonly RegExp[]): Promise<OutFolder> {
  await createFolder(path);
  const release = takeLock(path);
  return {
    path,
    async clear() {
      for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
        const file = join(entry.parentPath, entry.name);
        const name = relative(path, file).replaceAll("\\", "/");
        if (entry.isFile() && owned.some((pattern) => pattern.test(name))) await rm(file, { force: true });
      }
    },
    release,
  };
}

/** SQLite's exclusive lock on an empty database: the kernel holds it, and it ends with the process. */
function takeLock(folder: string): () => void {
  const path = join(folder, ".lock");
  for (;;) {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path);
      database.exec("pragma busy_timeout = 0; pragma journal_mode = memory; begin exclusive");
    } catch (cause) {
      database?.close();
      const code = ((cause as { errcode?: number }).errcode ?? 0) & 0xff;
      if (code === 5 || code === 6)
        throw new DataError(folder, "another run works in this folder. Wait for it, or give another --out.", { cause });
      if (code === 10 || code === 15 || code === 22) return () => {}; // the file system knows no locks
      throw new DataError(folder, `cannot be written: ${(cause as Error).message}`, { cause });
    }
    // A run that ended in between has removed the file that was opened: then another may open a new one.
    const held = database;
    if (!existsSync(path) || statSync(path).nlink === 0) {
      held.close();
      continue;
    }
    return () => {
      rmSync(path, { force: true });
      held.close();
    };
  }
}
