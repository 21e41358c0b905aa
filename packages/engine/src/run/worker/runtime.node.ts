// A runtime in a worker thread of Node: onnxruntime-node blocks the thread it runs on, so this keeps the main one free.
import { Worker } from "node:worker_threads";
import { cpu } from "../../lower/cpu.ts";
import { reference } from "../../lower/reference.ts";
import { webgpu } from "../../lower/webgpu.ts";
import type { NodeRuntimeOptions } from "../runtime.node.ts";
import type { Runtime } from "../runtime.ts";
import { remoteRuntime } from "./protocol.ts";

const targets = { cpu, webgpu, reference };

/**
 * A runtime on ONNX Runtime's native CPU provider, in a thread of its own. Release it, or the process stays alive.
 *
 * @throws Error from every later call, when the thread dies
 */
export function nodeWorkerRuntime(options: NodeRuntimeOptions = {}): Runtime {
  const worker = new Worker(new URL("./thread.node.ts", import.meta.url), { workerData: options });
  const { runtime, fail } = remoteRuntime(
    {
      postMessage: (message) => worker.postMessage(message),
      listen: (onMessage) => worker.on("message", onMessage),
    },
    targets[options.target ?? "cpu"],
    async () => {
      await worker.terminate();
    },
  );
  worker.on("error", (error) => fail(new Error(`runtime: its thread failed: ${error.message}`, { cause: error })));
  worker.on("exit", (code) => fail(new Error(`runtime: its thread ended with code ${code}`)));
  return runtime;
}
