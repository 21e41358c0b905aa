// Files on Node: training text in, models in and out.
import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Model } from "./model/model.ts";
import { writeWhole } from "./model/write.node.ts";
import { writeAside } from "./parallel/threads.node.ts";
import type { Spill } from "./text/corpus.ts";

/** Saves the model as a .bin or .ftz file. */
export function saveModel(model: Model, path: string): void {
  writeWhole(path, model.bytes());
}

/** The same in a thread of its own; the model must not change until it is done. */
export function saveModelAside(model: Model, path: string): Promise<void> {
  return writeAside(path, [...model.bytes()]);
}

export { loadModel } from "./model/load.node.ts";
export { writeWhole } from "./model/write.node.ts";
export { nodeThreads } from "./parallel/threads.node.ts";
export { filePieces } from "./text/files.node.ts";

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
