// Values, types and graphs

// Running
export { type Compiled, type CompileOptions, compile, type Inputs, type Program, trace } from "./compile.ts";
// Differentiation and optimizers
export { gradient } from "./grad.ts";
export { type Attrs, Graph, type Node, type Value } from "./ir/graph.ts";
export { bfloatToFloat, floatToHalf, halfToFloat } from "./ir/half.ts";
export {
  type Data,
  type DType,
  formatShape,
  formatType,
  type Shape,
  ShapeError,
  sizeOf,
  type Tensor,
  type Type,
  tensor,
} from "./ir/type.ts";
// A minimiser of any smooth function, in a box or without
export { Box } from "./lbfgsb/box.ts";
export { LbfgsB, type LbfgsBOptions, type StopReason } from "./lbfgsb/lbfgsb.ts";
export { type Minimum, minimize } from "./lbfgsb/minimize.ts";
export { inBlocks } from "./lower/blocked.ts";
export { cpu } from "./lower/cpu.ts";
export { type LoweringRule, lower, simplify, type Target } from "./lower/lower.ts";
export { reference } from "./lower/reference.ts";
export { wasm } from "./lower/wasm.ts";
export { webgpu } from "./lower/webgpu.ts";
export { type Chunk, Objective } from "./objective.ts";
// ONNX files
export { type ExportOptions, exportOnnx } from "./onnx/export.ts";
export { type ImportOptions, importOnnx, type OnnxModel } from "./onnx/import.ts";
export {
  declaredFloat32,
  type InterfaceValue,
  type OnnxInterface,
  onnxInterface,
  withExternalData,
  withFloat32,
} from "./onnx/interface.ts";
export type { Dimension, ReadExternal, ValueInfo } from "./onnx/schema.ts";
export { ModelError } from "./onnx/wire.ts";
// The vocabulary
export * from "./ops/build.ts";
export * from "./ops/composite.ts";
export * from "./ops/loss.ts";
export type { OpDef } from "./ops/op.ts";
export { table as operators } from "./ops/table.ts";
export { type AdamOptions, adam, type Optimizer, type OptimizerStep, type SgdOptions, sgd } from "./optim.ts";
export type { Resident, RunOptions, Runtime, Session, SessionOptions } from "./run/runtime.ts";
export { type Port, remoteRuntime, serveRuntime } from "./run/worker/protocol.ts";
export { webWorkerRuntime } from "./run/worker/web.ts";
export {
  flatten as flattenArrays,
  type Layout,
  layoutSize,
  Training,
  type TrainingProgram,
  type TrainingState,
  unflatten,
  type Values,
} from "./train-step.ts";
