// Decoded frames of video files on disk, so that the next run need not decode them again. What was not used for longest
// goes first where there is no room.
import { createHash } from "node:crypto";
import { readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DataError, decodeNpy, encodeNpy, ndArray, type VideoFrames } from "@reprise/data";
import { createFolder, writeFileAtomic } from "@reprise/data/node";

export interface FrameCache {
  readonly folder: string;
  /** Bytes of all entries together. */
  readonly limit: number;
}

/** Raised when the same file and options give other frames. */
const VERSION = 1;

/**
 * The frames of a file, from the cache where they are there. A file is known by its path, size and time of change.
 *
 * @param options  what decoding depends on besides the file
 */
export async function cachedFrames(
  path: string,
  options: unknown,
  cache: FrameCache | undefined,
  decode: () => Promise<VideoFrames>,
): Promise<VideoFrames> {
  if (!cache) return decode();
  const { size, mtimeMs } = await stat(path);
  const key = createHash("sha256")
    .update(JSON.stringify([VERSION, resolve(path), size, mtimeMs, options]))
    .digest("hex");
  const file = join(cache.folder, `${key}.npy`);
  const kept = await read(file);
  if (kept) return kept;
  const { shape, data } = await decode();
  const bytes = encodeNpy(ndArray("uint8", shape, data));
  if (bytes.length <= cache.limit) {
    await createFolder(cache.folder);
    await makeRoom(cache, bytes.length);
    await writeFileAtomic(file, bytes);
  }
  return { shape, data };
}

/** Reads an entry and marks it as used now; undefined if it is missing or damaged. */
async function read(file: string): Promise<VideoFrames | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (!bytes) return undefined;
  try {
    const { dtype, shape, data } = decodeNpy(bytes, file);
    if (dtype !== "uint8" || shape.length !== 4) return undefined;
    const now = new Date();
    await utimes(file, now, now).catch(() => {}); // another run may just have made room
    return { shape: shape as VideoFrames["shape"], data: data as Uint8Array };
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

async function makeRoom({ folder, limit }: FrameCache, wanted: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{64}\.npy$/.test(name));
  const entries = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      const found = await stat(file).catch(() => undefined); // gone meanwhile
      return { file, size: found?.size ?? 0, used: found?.mtimeMs ?? 0 };
    }),
  );
  let total = entries.reduce((sum, { size }) => sum + size, wanted);
  for (const { file, size } of entries.sort((a, b) => a.used - b.used)) {
    if (total <= limit) return;
    await rm(file, { force: true });
    total -= size;
  }
}
