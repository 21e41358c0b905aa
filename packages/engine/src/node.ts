// The parts of the engine that need Node.
export { readOnnx } from "./onnx/read/node.ts";
export { type NodeRuntimeOptions, nodeRuntime } from "./run/node.ts";
export { nodeWorkerRuntime } from "./run/worker/node.ts";
