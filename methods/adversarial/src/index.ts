// Attacks, by one interface

export { type Rate, rateOf } from "@reprise/data";
// What is attacked, from @reprise/nn
export {
  type Classifier,
  type DifferentiableClassifier,
  type ImageFormat,
  imageSize,
  leadingLabel,
  type ModelInput,
  modelInput,
  NoGradientError,
  type OnnxClassifier,
  type OnnxClassifierOptions,
  type OnnxScores,
  onnxClassifier,
  onnxScores,
  predictedLabel,
  type ScoreDifferentiable,
  softmax,
} from "@reprise/nn";
export { type ApgdOptions, apgd } from "./attacks/apgd.ts";
export type { Attack, Found } from "./attacks/attack.ts";
export { type BimOptions, bim } from "./attacks/bim.ts";
export { type CarliniWagnerOptions, carliniWagner } from "./attacks/carlini-wagner.ts";
export { type DdnOptions, ddn } from "./attacks/ddn.ts";
export { type DeepFoolOptions, deepFool } from "./attacks/deepfool.ts";
export { type AttackFacts, type AttackName, attackFacts, attackNames, factsOf } from "./attacks/facts.ts";
export { fgsm } from "./attacks/fgsm.ts";
export {
  type Criterion,
  type CriterionOptions,
  type Goal,
  type Margin,
  marginOf,
  reached,
  targeted,
  untargeted,
} from "./attacks/goal.ts";
export { type HopSkipJumpOptions, hopSkipJump } from "./attacks/hop-skip-jump.ts";
export { given, quantised } from "./attacks/lattice.ts";
export { type LbfgsOptions, lbfgs } from "./attacks/lbfgs.ts";
export { type MiFgsmOptions, miFgsm } from "./attacks/mi-fgsm.ts";
export { gaussianNoise, type NoiseAttackOptions, saltAndPepper, uniformNoise } from "./attacks/noise.ts";
export type { Norm } from "./attacks/norm.ts";
export type { PenaltySearchOptions } from "./attacks/penalty-search.ts";
export { type PgdOptions, pgd } from "./attacks/pgd.ts";
export {
  type AttackEvent,
  type AttackResult,
  type AttackRow,
  type AttackStatus,
  type KeptRow,
  type KeptRows,
  type RunAttackOptions,
  runAttack,
} from "./attacks/run-attack.ts";
export type { SearchStep } from "./attacks/search.ts";
export { type SquareOptions, square } from "./attacks/square.ts";
export { attackByName, type NamedAttackOptions } from "./attacks/table.ts";
// Reports
export { type BoundsOptions, type LayerBound, type ModelBounds, modelBounds } from "./bounds.ts";
// The paper's settings and tables
export { type ClaimedColumn, type ClaimedTable, claimed, claimedTestErrorBelow, published } from "./config.ts";
export { type Distance, distanceBetween } from "./distance.ts";
export { type FigureOptions, figure, type Pictured } from "./figure.ts";
export { type Perturbation, type PerturbOptions, perturb } from "./perturb.ts";
export {
  type AttackReportText,
  type AttackSummary,
  attackMarkdown,
  attackSummary,
  summaryCells,
  summaryHead,
  summaryHints,
} from "./report/attack-report.ts";
export { curveFigure } from "./report/curve-figure.ts";
export { gradientMaskingChecks, type MaskingCheck, type MaskingOptions } from "./report/gradient-masking.ts";
export { type HistogramOptions, histogramFigure } from "./report/histogram-figure.ts";
export { type CurvePoint, distanceCurve, type SecurityCurve, securityCurve } from "./report/robustness.ts";
export { transferCsv, transferFigure, transferMarkdown } from "./report/transfer-report.ts";
export { criterionFor, randomTarget, type Target, type TargetOptions } from "./targets.ts";
// Images made for one model, shown to others
export {
  amplify,
  gaussianControl,
  inducedError,
  meanDistortion,
  type NoiseOptions,
  type TransferOptions,
  type TransferRow,
  type TransferTable,
  transferTable,
} from "./transfer.ts";
