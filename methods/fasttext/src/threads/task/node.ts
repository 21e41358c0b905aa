// What a training thread on Node can be asked for, and how it answers. door/node.mjs loads this file.
import { parentPort } from "node:worker_threads";
import { doEncode, type EncodeWork, type ReadWork, readPart } from "../../parts.ts";
import { type SharedText, takePart } from "../../read/node.ts";
import { doWork, type ThreadWork } from "../../wasm.ts";
import { writeWhole } from "../../write/node.ts";
import type { Answer } from "../pool/node.ts";

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

parentPort?.on("message", (task: Task) => {
  try {
    const { value, moved = [] } = perform(task);
    parentPort?.postMessage({ value } satisfies Answer, moved);
  } catch (error) {
    parentPort?.postMessage({ error } satisfies Answer);
  }
});
