// Files that are there whole or not at all.
import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";

/**
 * All bytes go through a buffer of this size. The copy costs less than a system call that meets each page of a model for
 * the first time, in a virtual machine a fifth.
 */
const bufferBytes = 1 << 18;

/** Writes pieces beside the path, syncs, and renames: the file is there whole or as it was. */
export function writeWhole(path: string, pieces: Iterable<Uint8Array | string>): void {
  const beside = `${path}.${process.pid}.tmp`;
  const file = openSync(beside, "w");
  try {
    const buffer = new Uint8Array(bufferBytes);
    const encoder = new TextEncoder();
    let held = 0;
    const flush = () => {
      writeAll(file, buffer.subarray(0, held));
      held = 0;
    };
    for (const piece of pieces) {
      const bytes = typeof piece === "string" ? encoder.encode(piece) : piece;
      for (let at = 0; at < bytes.length; ) {
        const count = Math.min(bytes.length - at, buffer.length - held);
        buffer.set(bytes.subarray(at, at + count), held);
        at += count;
        held += count;
        if (held === buffer.length) flush();
      }
    }
    flush();
    fsyncSync(file);
    closeSync(file);
    renameSync(beside, path);
  } catch (error) {
    try {
      closeSync(file);
    } catch {
      // already closed; the first error is the one to tell
    }
    unlinkSync(beside);
    throw error;
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
