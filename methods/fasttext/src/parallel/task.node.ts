// What a training thread on Node can be asked for, and how it answers. door/node.mjs loads this file.
import { parentPort } from "node:worker_threads";
import { Memory } from "../kernel/memory.ts";
import { doWork, type ThreadWork } from "../kernel/wasm.ts";
import { writeWhole } from "../model/write.node.ts";
import { type SharedText, takePart } from "../text/files.node.ts";
import { bytesAhead, doEncode, type EncodeWork, type ReadPart, type ReadWork, readPart } from "./parts.ts";
import type { Answer } from "./pool.node.ts";

/** A task, under its name. */
export type Task =
  | { readonly train: ThreadWork }
  | { readonly read: ReadWork; readonly text: SharedText }
  | { readonly encode: EncodeWork }
  | { readonly write: readonly Uint8Array[]; readonly path: string };

function perform(task: Task): { value: unknown; moved?: ArrayBuffer[] } {
  if ("train" in task) return { value: doWork(task.train) };
  if ("encode" in task) return { value: doEncode(task.encode) };
  if ("read" in task) {
    const part = takePart(task.text);
    const value = part && readPart(task.read, part);
    return { value, moved: value?.blocks.map(({ buffer }) => buffer) ?? [] };
  }
  writeWhole(task.path, task.write);
  return { value: undefined };
}

/**
 * Memory to be touched while there is nothing to do: the first thread ranks the words that were read, and prepares lines that
 * were encoded.
 */
let ahead: { readonly memory: Memory; bytes: number } | undefined;
/** A task waits for this long at most, a millisecond or two. */
const touchedBytes = 1 << 18;
let scheduled = false;

/** Tasks come first. */
function touchLater(): void {
  if (!scheduled) setImmediate(touchAhead);
  scheduled = true;
}

function touchAhead(): void {
  scheduled = false;
  if (!ahead) return;
  const touched = ahead.memory.touchNext(Math.min(ahead.bytes, touchedBytes));
  ahead.bytes -= touched;
  if (touched === 0 || ahead.bytes <= 0) ahead = undefined;
  else touchLater();
}

parentPort?.on("message", (task: Task) => {
  if (!("encode" in task)) ahead = undefined;
  try {
    const { value, moved = [] } = perform(task);
    parentPort?.postMessage({ value } satisfies Answer, moved);
    if ("read" in task) {
      const { tokens } = (value as ReadPart | undefined)?.dictionary ?? { tokens: 0 };
      ahead = { memory: new Memory(task.read.memory), bytes: bytesAhead(task.read, tokens) };
    }
    touchLater();
  } catch (error) {
    parentPort?.postMessage({ error } satisfies Answer);
  }
});
