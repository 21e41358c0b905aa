// The thread that nodeWorkerRuntime starts.
import { parentPort, workerData } from "node:worker_threads";
import { type NodeRuntimeOptions, nodeRuntime } from "../runtime.node.ts";
import { serveRuntime } from "./protocol.ts";

const port = parentPort!;
serveRuntime(
  { postMessage: (message) => port.postMessage(message), listen: (onMessage) => port.on("message", onMessage) },
  nodeRuntime(workerData as NodeRuntimeOptions),
);
