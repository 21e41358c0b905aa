// Files read and written with errors that name them; a written file is there whole or not at all.
import { mkdir, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DataError } from "./error.ts";

/** The bytes of a file. @throws DataError that says why not, with the path as the user gave it */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw fileError(path, cause, "read");
  }
}

/**
 * Writes a file so that at every moment, also after a crash or a full disk, `path` holds the old content or the new one:
 * written beside it, flushed to the disk, then renamed. Parts are written one after the other. A link is followed.
 *
 * @throws DataError if it cannot be written; what was there before is untouched
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | readonly Uint8Array[],
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  const target = await realpath(path).catch(() => path);
  if ((await stat(target).catch(() => undefined))?.isDirectory())
    throw new DataError(path, "cannot be written: it is a folder. Give the name of a file.");
  const beside = `${target}.${process.pid}-${++temporaries}.tmp`;
  try {
    const file = await open(beside, "wx");
    try {
      const parts = typeof content === "string" ? [Buffer.from(content)] : Array.isArray(content) ? content : [content];
      for (const part of parts) {
        signal?.throwIfAborted();
        await file.writeFile(part);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    signal?.throwIfAborted();
    await rename(beside, target);
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => {}); // the first error is the one to tell
    if (signal?.aborted) throw cause;
    throw fileError(path, cause, "written");
  }
  await syncFolder(dirname(target));
}

/** Makes a folder and those above it; one that is there already is fine. @throws DataError if it cannot be made */
export async function createFolder(path: string): Promise<void> {
  try {
    await createDown(resolve(path));
  } catch (cause) {
    throw fileError(path, cause, "created");
  }
}

/** One folder after the other: Node's own recursive mkdir never ends below /proc, which answers that it is not there. */
async function createDown(path: string): Promise<void> {
  try {
    if ((await stat(path)).isDirectory()) return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    if (dirname(path) !== path) await createDown(dirname(path));
  }
  try {
    await mkdir(path);
  } catch (error) {
    // Somebody else may have made it since.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
  }
}

/** The system's reason in words, with the path as the user gave it. */
export function fileError(path: string, cause: unknown, what: "read" | "written" | "created"): DataError {
  const { code = "", message = String(cause) } = cause as NodeJS.ErrnoException; // whatever fs throws has both
  return new DataError(path, `cannot be ${what}: ${reasons(what)[code] ?? message}`, { cause });
}

let temporaries = 0;

function reasons(what: string): Readonly<Record<string, string>> {
  return {
    ENOENT:
      what === "read"
        ? "there is no such file or folder. Check the path."
        : "its folder does not exist. Create it, or check the path.",
    EISDIR: "it is a folder. Give the name of a file.",
    EEXIST: "there is a file of that name. Give another name, or move the file.",
    ENOTDIR: "a part of its path is a file, not a folder. Check the path.",
    EACCES: "permission denied. Check who owns it, or choose another place.",
    EPERM: "permission denied. Check who owns it, or choose another place.",
    EROFS: "the file system is read-only. Choose another place.",
    EFBIG: "it is larger than a file may be here. See ulimit -f, or choose another place.",
    ENOSPC: "the disk is full. Free some space, or choose another place.",
  };
}

// The rename itself is durable only once the folder is flushed. Windows cannot open folders, and needs not.
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  if (!folder) return;
  try {
    await folder.sync();
  } catch {
    // Some network file systems refuse to flush folders; the file itself is flushed.
  } finally {
    await folder.close();
  }
}
