// The parts of the engine that need Node.
export { readOnnx } from "./onnx/read.node.ts";
export { type NodeRuntimeOptions, nodeRuntime } from "./run/runtime.node.ts";
export { nodeWorkerRuntime } from "./run/worker/runtime.node.ts";
