// Training threads on Node: the side that starts them and asks.
import type { TrainStatus } from "../kernel.ts";
import { encodeWork, type ReadPart } from "../parts.ts";
import { isFileText, partsOf } from "../read/node.ts";
import type { RunThreads } from "../run.ts";
import type { ThreadWork } from "../wasm.ts";
import { ThreadPool } from "./pool/node.ts";
import type { Task } from "./task/node.ts";

const pool = new ThreadPool(new URL("./door/node.mjs", import.meta.url));
const ask = <T>(task: Task, moved?: readonly ArrayBuffer[]) => pool.run(task, moved) as Promise<T>;

/**
 * Runs each piece of work in a worker thread.
 *
 * @param threadStart  bytes that one thread reads while another starts; shorter texts are read by one
 */
export function threadsOnNode(threadStart?: number): RunThreads {
  return Object.assign((work: readonly ThreadWork[]) => work.map((train) => ask<TrainStatus>({ train })), {
    prepare: (count) => pool.prepare(count),
    readAside(text, count, most, read) {
      const parts = isFileText(text) ? partsOf(text, count, most, threadStart) : undefined;
      if (!parts) return undefined;
      const [first, ...others] = parts;
      return {
        first: first!,
        others: others.map(({ path, from, to }) => ask<ReadPart>({ read, path, from, to })),
      };
    },
    encodeAside(part, encoding, lines) {
      const { work, moved } = encodeWork(part, encoding, lines);
      return ask<number>({ encode: work }, moved);
    },
  } satisfies Partial<RunThreads>);
}

export const nodeThreads = threadsOnNode();

/** `writeWhole` in a thread of its own. Pieces of shared memory are not copied: leave them as they are meanwhile. */
export async function writeAside(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  await ask({ write: pieces, path });
}
