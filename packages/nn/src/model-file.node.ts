// A model of the user's as bytes that stand alone: weights in files beside it are put into it.
import { closeSync, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, isAbsolute, join, sep } from "node:path";
import { fileError, readBytes } from "@reprise/data/node";
import { ModelError, withExternalData } from "@reprise/engine";

/**
 * The bytes of an ONNX file, with the weights that it keeps in files of its folder or below, as PyTorch writes them. Paths
 * and links that lead out of the folder are not followed.
 *
 * @throws DataError if it cannot be read; ModelError naming it where a file beside it is missing, cut off or elsewhere, or
 *         where the whole is more than 2 GB
 */
export async function readModelFile(path: string): Promise<Uint8Array> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw fileError(path, cause, "read");
  });
  if (size > 0x7fffffff)
    throw new ModelError(
      `${path}: it has ${size} bytes; an ONNX file holds at most 2 GB. Export it with its weights in files beside it.`,
    );
  const bytes = await readBytes(path);
  const folder = realpathSync(dirname(path));
  try {
    return withExternalData(bytes, (location, offset, length) => readPart(folder, location, offset, length));
  } catch (cause) {
    if (cause instanceof Outside) throw new ModelError(`${path}: ${cause.message}`, { cause });
    // Whoever opens the file says that it is not a model, in one way for all.
    if (cause instanceof ModelError && !cause.message.startsWith("with its weights")) return bytes;
    throw new ModelError(`${path}: ${(cause as Error).message}`, { cause });
  }
}

/** A file beside the model that cannot be taken. */
class Outside extends Error {}

function readPart(folder: string, location: string, offset: number, length: number): Uint8Array {
  const says = `its weights in "${location}"`;
  if (isAbsolute(location) || location.split(/[\\/]/).includes(".."))
    throw new Outside(`${says} lie outside the model's folder; such files are not opened`);
  let file: string;
  try {
    file = realpathSync(join(folder, location));
  } catch {
    throw new Outside(
      `${says} are missing: there is no such file beside the model. Put it there; both belong together.`,
    );
  }
  if (!file.startsWith(folder + sep))
    throw new Outside(`${says} lie outside the model's folder; such files are not opened`);
  const handle = openSync(file, "r");
  try {
    const info = fstatSync(handle);
    if (!info.isFile()) throw new Outside(`${says} are not a file`);
    if (!(offset >= 0 && length >= 0 && offset + length <= info.size))
      throw new Outside(
        `${says} need bytes ${offset} to ${offset + length}, the file has ${info.size}; it is cut off or of another model`,
      );
    const data = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const count = readSync(handle, data, at, Math.min(length - at, 1 << 30), offset + at);
      if (count === 0) throw new Outside(`${says} ended while they were read`);
      at += count;
    }
    return data;
  } finally {
    closeSync(handle);
  }
}
