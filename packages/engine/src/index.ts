// What a user of the engine calls. Files of Node and of ONNX Runtime Web have entries of their own: ./node, ./web, ./webgpu.

// Compiling and running

export { type Compiled, type CompileOptions, compile, type Inputs, type Program, trace } from "./compile.ts";
export type { Resident, RunOptions, Runtime, Session, SessionOptions } from "./run/runtime.ts";
export { type Port, remoteRuntime, serveRuntime } from "./run/worker/protocol.ts";
export { webWorkerRuntime } from "./run/worker/web.ts";

// Differentiation

export { type GradientOptions, gradient } from "./grad.ts";

// ONNX files

export { cutOnnx } from "./onnx/cut.ts";
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
export {
  type Dimension,
  type NodeProto,
  type ReadExternal,
  type ValueInfo,
  writeNode,
  writeTensor,
} from "./onnx/schema.ts";
export { type Field, fieldsOf, MessageWriter, ModelError, text as textOf } from "./onnx/wire.ts";

// Training

export { type AdamOptions, adam, type Optimizer, type OptimizerStep, type SgdOptions, sgd } from "./optim.ts";
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

// A minimiser of any smooth function, in a box or without

export { Box } from "./lbfgsb/box.ts";
export { LbfgsB, type LbfgsBOptions, type StopReason } from "./lbfgsb/lbfgsb.ts";
export { type Minimum, minimize } from "./lbfgsb/minimize.ts";
export { type Chunk, Objective } from "./objective.ts";

// Arrays, types and graphs

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

// The table of operators, and how graphs are lowered for a target: for tools and targets of one's own

export { inBlocks } from "./lower/blocked.ts";
export { cpu } from "./lower/cpu.ts";
export { type LoweringRule, lower, simplify, type Target } from "./lower/lower.ts";
export { reference } from "./lower/reference.ts";
export { wasm } from "./lower/wasm.ts";
export { webgpu } from "./lower/webgpu.ts";
export type { OpDef } from "./ops/op.ts";
export { table as operators } from "./ops/table.ts";

// Elementwise arithmetic, comparisons and functions, with NumPy broadcasting

export {
  abs,
  add,
  and,
  cast,
  ceil,
  clip,
  div,
  equal,
  erf,
  exp,
  floor,
  greater,
  greaterOrEqual,
  isInf,
  isNan,
  type Limits,
  leakyRelu,
  less,
  lessOrEqual,
  log,
  max,
  min,
  mod,
  mul,
  neg,
  not,
  or,
  pow,
  reciprocal,
  relu,
  round,
  sigmoid,
  sign,
  softplus,
  sqrt,
  stopGradient,
  straightThrough,
  sub,
  tanh,
  where,
  within,
  xor,
} from "./ops/build/elementwise.ts";
export type { Operand } from "./ops/build/operand.ts";

// Activations, circular and hyperbolic functions

export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  boundedRelu,
  celu,
  cos,
  cosh,
  elu,
  hardSigmoid,
  hardSwish,
  pRelu,
  selu,
  sin,
  sinh,
  softsign,
  tan,
  thresholdedRelu,
} from "./ops/build/activation.ts";

// Reductions, softmax, sorting

export {
  argMax,
  argMin,
  cumSum,
  logSoftmax,
  type ReduceOptions,
  reduceL1,
  reduceL2,
  reduceLogSum,
  reduceLogSumExp,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProd,
  reduceSum,
  reduceSumSquare,
  softmax,
  sumTo,
  topK,
} from "./ops/build/reduce.ts";

// Matrix products

export { type GemmOptions, gemm, matMul } from "./ops/build/linalg.ts";

// Layout: shapes, parts, constants of a shape

export {
  concat,
  constant,
  expand,
  flatten,
  full,
  identity,
  pad,
  padWith,
  reshape,
  type SliceAxis,
  slice,
  split,
  transpose,
  transposeLast,
} from "./ops/build/layout.ts";

// Elements at computed places

export {
  gather,
  gatherElements,
  gatherND,
  oneHot,
  type ScatterOptions,
  scatterElements,
  scatterND,
  trilu,
} from "./ops/build/indexing.ts";

// Selection of elements and boxes

export { type NonMaxSuppressionOptions, nonMaxSuppression, nonZero } from "./ops/build/select.ts";

// Convolution and pooling

export {
  averagePool,
  averagePoolGrad,
  type ConvOptions,
  conv,
  convInputGrad,
  convTranspose,
  convWeightGrad,
  globalAveragePool,
  globalMaxPool,
  maxPool,
  maxPoolAt,
  maxPoolGrad,
  type PoolOptions,
} from "./ops/build/conv.ts";

// Normalisation

export {
  type BatchNormOptions,
  batchNormalization,
  batchNormalizationTraining,
  layerNormalization,
  lrn,
} from "./ops/build/normalize.ts";

// Regions, resizing, quantisation, sums over named axes

export { dequantizeLinear, einsum, quantizeLinear, type ResizeOptions, resize } from "./ops/build/detect.ts";

// Functions of several nodes

export {
  adaptiveAveragePool,
  adaptiveMaxPool,
  type BatchNormState,
  batchNorm,
  gelu,
  groupNorm,
  instanceNorm,
  mish,
  type RoiAlignOptions,
  roiAlign,
  roundStraightThrough,
  silu,
} from "./ops/composite.ts";

// Losses

export {
  type ClassLossOptions,
  negativeLogLikelihood,
  type Reduction,
  reduceLoss,
  sigmoidCrossEntropy,
  smoothL1,
  softmaxCrossEntropy,
} from "./ops/loss.ts";
