// Standard input and output as they are: pipes, which Node makes non-blocking.
import { writeSync } from "node:fs";

/** All bytes to standard output; where it is full, waits for its reader. */
export function writeOut(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += whenReady(() => writeSync(1, bytes, at));
}

/** Reads or writes a pipe, again and again until it is ready. */
export function whenReady(transfer: () => number): number {
  for (;;) {
    try {
      return transfer();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); // ms
    }
  }
}
