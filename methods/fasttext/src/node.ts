// Files on Node: training text in, models in and out.
import { closeSync, fstatSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Spill } from "./corpus.ts";
import type { Kernel } from "./kernel.ts";
import { Model } from "./model.ts";
import { ModelFileError, readModel } from "./model-file.ts";
import { writeAside } from "./threads/node.ts";
import { wasmKernel } from "./wasm.ts";
import { writeWhole } from "./write/node.ts";

/**
 * Loads a .bin or .ftz model; matrices are read piece by piece into place.
 *
 * @throws ModelFileError, and the system's error when the file cannot be opened
 */
export function loadModel(
  path: string,
  { label = "__label__", kernel = wasmKernel }: { label?: string; kernel?: Kernel } = {},
): Model {
  const file = openSync(path, "r");
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new ModelFileError(`${path}: this is no file; expected a .bin or .ftz model.`);
    // Read straight into place, each page would be met for the first time twice: by the system and by this program.
    const buffer = new Uint8Array(1 << 18);
    const reading = readModel(path, stat.size, label, { index: kernel.fillSlots });
    for (let step = reading.next(); ; step = reading.next()) {
      if (step.done) return new Model(step.value.tables, step.value.header, kernel);
      const { target } = step.value;
      for (let at = 0; at < target.length; ) {
        const count = readSync(file, buffer, 0, Math.min(buffer.length, target.length - at), null);
        if (count === 0) throw new ModelFileError(`${path}: the file became shorter while it was read.`);
        target.set(buffer.subarray(0, count), at);
        at += count;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Saves the model as a .bin or .ftz file. */
export function saveModel(model: Model, path: string): void {
  writeWhole(path, model.bytes());
}

/** The same in a thread of its own; the model must not change until it is done. */
export function saveModelAside(model: Model, path: string): Promise<void> {
  return writeAside(path, [...model.bytes()]);
}

export { filePieces } from "./read/node.ts";
export { nodeThreads } from "./threads/node.ts";
export { writeWhole } from "./write/node.ts";

/**
 * Puts token blocks into a file that nobody else sees and that vanishes with the process: for corpora larger than
 * memory. `folder` needs 4 bytes a token.
 */
export function spillFile(folder: string = tmpdir()): Spill {
  const path = join(folder, `reprise-tokens-${process.pid}-${Date.now()}`);
  const file = openSync(path, "wx+");
  unlinkSync(path); // the open file stays usable and is freed even when the process is killed
  let end = 0;
  return {
    put(block) {
      const position = end;
      const bytes = new Uint8Array(block.buffer, block.byteOffset, block.byteLength);
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, position + at);
      end += bytes.length;
      const { length } = block;
      return {
        length,
        read() {
          const read = new Uint8Array(4 * length);
          for (let at = 0; at < read.length; ) {
            const count = readSync(file, read, at, read.length - at, position + at);
            if (count === 0) throw new Error("The file of tokens put aside became shorter.");
            at += count;
          }
          return new Int32Array(read.buffer);
        },
      };
    },
    close: () => closeSync(file),
  };
}
