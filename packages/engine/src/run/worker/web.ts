// A runtime in a Web Worker of the page: WASM blocks the thread it runs on, so this keeps the page's free.
import { wasm } from "../../lower/wasm.ts";
import type { Runtime } from "../runtime.ts";
import { remoteRuntime } from "./protocol.ts";

/**
 * A runtime that lives in the given Web Worker, whose script calls `serveRuntime(port, webRuntime(…))`. Loads no part
 * of ONNX Runtime here. Releasing it ends the worker.
 *
 * @example
 * const runtime = webWorkerRuntime(new Worker(new URL("./engine.worker.ts", import.meta.url), { type: "module" }));
 *
 * @throws Error from every later call, when the worker's script fails
 */
export function webWorkerRuntime(worker: Worker): Runtime {
  const { runtime, fail } = remoteRuntime(
    {
      postMessage: (message) => worker.postMessage(message),
      listen: (onMessage) => worker.addEventListener("message", ({ data }) => onMessage(data)),
    },
    wasm,
    async () => worker.terminate(),
  );
  worker.addEventListener("error", (event) => {
    fail(new Error(`runtime: its worker failed: ${event.message || "its script could not be loaded"}`));
  });
  return runtime;
}
