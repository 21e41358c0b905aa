// Training threads in a page.
import type { TrainStatus } from "../kernel.ts";
import type { ThreadWork } from "../wasm.ts";

/** Runs each piece of work in a Web Worker; undefined where memory cannot be shared (no cross-origin isolation). */
export const webThreads: ((work: readonly ThreadWork[]) => Promise<TrainStatus[]>) | undefined =
  globalThis.crossOriginIsolated ? runInWorkers : undefined;

async function runInWorkers(work: readonly ThreadWork[]): Promise<TrainStatus[]> {
  return Promise.all(
    work.map(
      (share) =>
        new Promise<TrainStatus>((resolve, reject) => {
          const worker = new Worker(new URL("./web-worker.ts", import.meta.url), { type: "module" });
          worker.onmessage = ({ data }: MessageEvent<TrainStatus>) => {
            worker.terminate();
            resolve(data);
          };
          worker.onerror = (event) => reject(new Error(`A training worker failed: ${event.message}`));
          worker.postMessage(share);
        }),
    ),
  );
}
