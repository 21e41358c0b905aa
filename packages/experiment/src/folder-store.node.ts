// A store in a folder: each name is a file, which is there whole or not at all.
import { access, readdir, readFile, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createFolder, fileError, writeFileAtomic } from "@reprise/data/node";
import type { Store } from "./store.ts";

/** @param folder  made when the first entry is put. @throws DataError for whatever keeps a file from being read or written */
export function folderStore(folder: string): Store {
  const pathOf = (name: string) => {
    if (!name.split("/").every((part) => /^[\w-][\w.-]*$/.test(part)))
      throw new RangeError(`folderStore: ${JSON.stringify(name)} is not a name of parts separated by "/"`);
    return join(folder, name);
  };
  return {
    async has(name) {
      const path = pathOf(name);
      try {
        await access(path);
        return true;
      } catch (cause) {
        if (isAbsent(cause)) return false;
        throw fileError(path, cause, "read");
      }
    },
    async get(name) {
      const path = pathOf(name);
      try {
        return await readFile(path);
      } catch (cause) {
        if (isAbsent(cause)) return undefined;
        throw fileError(path, cause, "read");
      }
    },
    async put(name, bytes) {
      const path = pathOf(name);
      await createFolder(dirname(path));
      await writeFileAtomic(path, bytes);
    },
    async list(prefix) {
      const under = prefix.slice(0, prefix.lastIndexOf("/") + 1);
      const names = await namesIn(join(folder, under), under);
      return names.filter((name) => name.startsWith(prefix)).sort();
    },
    async delete(name) {
      const path = pathOf(name);
      try {
        await rm(path, { force: true });
      } catch (cause) {
        throw fileError(path, cause, "written");
      }
      await removeEmpty(dirname(path), folder);
    },
  };
}

async function namesIn(path: string, prefix: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    const names = await Promise.all(
      entries.map((entry) => {
        const name = `${prefix}${entry.name}`;
        if (entry.isDirectory()) return namesIn(join(path, entry.name), `${name}/`);
        return /\.\d+-\d+\.tmp$/.test(name) ? [] : [name]; // what a killed process was writing
      }),
    );
    return names.flat();
  } catch (cause) {
    if (isAbsent(cause)) return [];
    throw cause instanceof Error && "code" in cause ? fileError(path, cause, "read") : cause;
  }
}

/** Folders that a deletion has left empty, up to the store's own. */
async function removeEmpty(path: string, folder: string): Promise<void> {
  for (let at = path; at.startsWith(`${folder}/`); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return; // something else lies there
    }
  }
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
