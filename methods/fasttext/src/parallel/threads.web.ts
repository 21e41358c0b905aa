// Training threads in a page.
import type { TrainStatus } from "../kernel/kernel.ts";
import type { ThreadWork } from "../kernel/wasm.ts";

/** Runs each piece of work in a Web Worker; undefined where memory cannot be shared (no cross-origin isolation). */
export const webThreads: ((work: readonly ThreadWork[]) => Promise<TrainStatus>[]) | undefined =
  globalThis.crossOriginIsolated ? (work) => work.map(inWorker) : undefined;

function inWorker(share: ThreadWork): Promise<TrainStatus> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./web-worker.ts", import.meta.url), { type: "module" });
    const end = () => worker.terminate();
    worker.onmessage = ({ data }: MessageEvent<TrainStatus>) => {
      end();
      resolve(data);
    };
    worker.onerror = (event) => {
      end();
      reject(new Error(`A training worker failed: ${event.message}`));
    };
    worker.postMessage(share);
  });
}
