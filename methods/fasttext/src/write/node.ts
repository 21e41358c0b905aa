// Files that are there whole or not at all.
import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";

/** Writes pieces beside the path, syncs, and renames: the file is there whole or as it was. */
export function writeWhole(path: string, pieces: Iterable<Uint8Array | string>): void {
  const beside = `${path}.${process.pid}.tmp`;
  const file = openSync(beside, "w");
  try {
    const buffer = new Uint8Array(1 << 20);
    const encoder = new TextEncoder();
    let held = 0;
    const flush = () => {
      writeAll(file, buffer.subarray(0, held));
      held = 0;
    };
    for (const piece of pieces) {
      const bytes = typeof piece === "string" ? encoder.encode(piece) : piece;
      if (held + bytes.length > buffer.length) flush();
      if (bytes.length > buffer.length) writeAll(file, bytes);
      else {
        buffer.set(bytes, held);
        held += bytes.length;
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
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, Math.min(bytes.length - at, 1 << 30));
}
