// The parts of the engine that need Node.
export { type NodeRuntimeOptions, nodeRuntime } from "./run/node.ts";
export { nodeWorkerRuntime } from "./run/worker/node.ts";
