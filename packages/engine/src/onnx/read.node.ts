// ONNX models on disk, with weights in files beside them.
import { closeSync, fstatSync, openSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { importOnnx, type OnnxModel } from "./import.ts";
import { ModelError } from "./wire.ts";

/**
 * Reads a model file; weights in other files are read from its folder or below, links that lead elsewhere are refused.
 *
 * @example
 * const model = readOnnx("resnet.onnx"); // and resnet.onnx.data beside it
 *
 * @throws ModelError naming the file, when it or one beside it is missing, cut off, or outside the folder
 */
export function readOnnx(path: string): OnnxModel {
  const name = basename(path);
  let bytes: Uint8Array;
  try {
    const { size } = statSync(path);
    if (size > 0x7fffffff)
      throw new ModelError(
        `${path}: it has ${size} bytes; an ONNX file holds at most 2 GB. Export it with its weights in files beside it.`,
      );
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError(`${path}: cannot be read: ${reason(error)}`, { cause: error });
  }
  const folder = realpathSync(dirname(path));
  return importOnnx(bytes, {
    name,
    external(location, offset, length) {
      let file: string;
      try {
        file = realpathSync(join(folder, location));
      } catch (error) {
        throw new ModelError(`its weights in "${location}" cannot be read: ${reason(error)}`, { cause: error });
      }
      if (!file.startsWith(folder + sep))
        throw new ModelError(`its weights in "${location}" lie outside the model's folder; such files are not opened`);
      const handle = openSync(file, "r");
      try {
        const size = fstatSync(handle).size;
        if (offset + length > size)
          throw new ModelError(
            `its weights need bytes ${offset} to ${offset + length} of "${location}", which has ${size}; the file is cut off or of another model`,
          );
        // By position: such files may be larger than one array can be.
        const data = new Uint8Array(length);
        for (let at = 0; at < length; ) {
          const count = readSync(handle, data, at, Math.min(length - at, 1 << 30), offset + at);
          if (count === 0) throw new ModelError(`its weights in "${location}" ended while they were read`);
          at += count;
        }
        return data;
      } finally {
        closeSync(handle);
      }
    },
  });
}

function reason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : (error as Error).message;
}
