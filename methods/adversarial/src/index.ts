// The paper's settings and tables
export { type ClaimedColumn, type ClaimedTable, claimed, published } from "./config.ts";
export { type DifferentiableClassifier, imageSize, predictedLabel, softmax } from "./differentiable-classifier.ts";
export { type Distance, distanceBetween } from "./distance.ts";
export { type FigureOptions, figure } from "./figure.ts";
// Its optimiser, of use by itself
export { Box } from "./lbfgsb/box.ts";
export { LbfgsB, type LbfgsBOptions, type StopReason } from "./lbfgsb/lbfgsb.ts";
export { type Minimum, minimize } from "./lbfgsb/minimize.ts";
export { type OnnxClassifier, type OnnxClassifierOptions, onnxClassifier } from "./onnx-classifier.ts";
export type { PenaltySearchOptions, SearchStep } from "./penalty-search.ts";
export { type Perturbation, type PerturbEvent, type PerturbOptions, type PerturbStatus, perturb } from "./perturb.ts";
export type { Provenance, Store } from "./reproduce/cells.ts";
export { type Split, type TableName, tableNames } from "./reproduce/plan.ts";
export type { Target } from "./targets.ts";
// Images made for one model, shown to others
export {
  amplify,
  gaussianControl,
  inducedError,
  meanDistortion,
  type NoiseOptions,
  type Rate,
  rateOf,
  type TransferOptions,
  type TransferRow,
  type TransferTable,
  transferTable,
} from "./transfer.ts";
