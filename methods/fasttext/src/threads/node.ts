// Training threads on Node: this file is both the side that starts them and what runs in each.
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { TrainStatus } from "../kernel.ts";
import { doWork, type ThreadWork } from "../wasm.ts";

const mark = "reprise-fasttext";

/** Runs each piece of work in a worker thread. */
export async function nodeThreads(work: readonly ThreadWork[]): Promise<TrainStatus[]> {
  return Promise.all(
    work.map(
      (share) =>
        new Promise<TrainStatus>((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url), { workerData: { [mark]: share } });
          worker.once("message", resolve);
          worker.once("error", reject);
        }),
    ),
  );
}

if (!isMainThread && workerData?.[mark]) parentPort!.postMessage(doWork(workerData[mark]));
