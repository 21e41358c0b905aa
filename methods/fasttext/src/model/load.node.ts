// Models from files.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Kernel } from "../kernel/kernel.ts";
import { wasmKernel } from "../kernel/wasm.ts";
import { Model } from "./model.ts";
import { ModelFileError, readModel } from "./model-file.ts";

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
    if (!stat.isFile()) throw new ModelFileError(`${path}: this is not a file; expected a .bin or .ftz model.`);
    checkRoom(path, stat.size);
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

/** Smaller models are not worth the question. */
const largeBytes = 1e9;

/** A model takes as much memory as its file has bytes. @throws ModelFileError when the system has less */
function checkRoom(path: string, bytes: number): void {
  const free = process.availableMemory();
  if (bytes < largeBytes || bytes <= free) return;
  const [needed, left] = [bytes, free].map((amount) => `${(amount / 1e9).toFixed(1)} GB`);
  throw new ModelFileError(`${path}: this model needs ${needed} of memory, and ${left} are free.`);
}
