// The attack
export { type DifferentiableClassifier, imageSize, predictedLabel, softmax } from "./differentiable-classifier.ts";
export { type Distance, distanceBetween } from "./distance.ts";
// Its optimiser, of use by itself
export { Box } from "./lbfgsb/box.ts";
export { LbfgsB, type LbfgsBOptions, type StopReason } from "./lbfgsb/lbfgsb.ts";
export { type Minimum, minimize } from "./lbfgsb/minimize.ts";
export type { PenaltySearchOptions, SearchStep } from "./penalty-search.ts";
export { type Perturbation, type PerturbEvent, type PerturbOptions, type PerturbStatus, perturb } from "./perturb.ts";
export type { Target } from "./targets.ts";
