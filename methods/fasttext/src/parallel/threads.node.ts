// Training threads on Node: the side that starts them and asks.
import { availableParallelism } from "node:os";
import type { TrainStatus } from "../kernel/kernel.ts";
import type { ThreadWork } from "../kernel/wasm.ts";
import { type Division, firstPart, isFileText, sharedText } from "../text/files.node.ts";
import type { RunThreads } from "../training/run.ts";
import { encodeWork, type ReadPart } from "./parts.ts";
import type { Task } from "./task.node.ts";
import { workers } from "./workers.node.ts";

const ask = <T>(task: Task, moved?: readonly ArrayBuffer[]) => workers.run(task, moved) as Promise<T>;

/** Runs each piece of work in a worker thread. */
export function threadsOnNode(division?: Division): RunThreads {
  return Object.assign((work: readonly ThreadWork[]) => work.map((train) => ask<TrainStatus>({ train })), {
    cores: availableParallelism(),
    prepare: (count) => workers.prepare(count),
    readAside(text, count, most, read) {
      const claims = new BigInt64Array(new SharedArrayBuffer(8));
      const shared =
        typeof text === "object" && isFileText(text) ? sharedText(text, count, most, claims, division) : undefined;
      if (!shared) return undefined;
      const others = Array.from({ length: count - 1 }, () => ask<ReadPart | undefined>({ read, text: shared }));
      return { first: firstPart(shared), others };
    },
    encodeAside(share, encoding, lines) {
      const { work, moved } = encodeWork(share, encoding, lines);
      return ask<number>({ encode: work }, moved);
    },
  } satisfies Partial<RunThreads>);
}

export const nodeThreads = threadsOnNode();

/** `writeWhole` in a thread of its own. Pieces of shared memory are not copied: leave them as they are meanwhile. */
export async function writeAside(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  await ask({ write: pieces, path });
}
