// Temporal cycle-consistency: losses as graphs and on arrays, encoders, training, alignment, metrics.

export { enclosedArea, nearestFrames, softDtw, type Warping, type WarpOptions, warp } from "./align.ts";
export { type CompareOptions, type Comparison, compareFrames, type FrameComparison } from "./compare.ts";
export { type Embedding, type EmbedOptions, embed, rawFrames } from "./embed.ts";
export { encoderOf } from "./encoder.ts";
export type { BackboneSpec, Encoder, EncoderKind, EncoderSpec, Pixels, Start, TrainBase } from "./encoder-spec.ts";
export { type EvaluateOptions, type Evaluation, evaluate } from "./evaluate.ts";
export { type FeatureNetwork, pooledFeatures } from "./features.ts";
export {
  type Cycles,
  cycleLosses,
  deterministicLoss,
  orderedPairs,
  pairLoss,
  similarities,
  softNearestNeighbour,
  stochasticLoss,
} from "./loss.ts";
export { type FewShot, fewShot, phaseAccuracy, retrieval, shareOf } from "./metrics/classification.ts";
export { meanAreaError, phasePath } from "./metrics/enclosed-area.ts";
export { alignmentTau, type KendallOptions, kendallTau, type PairTau } from "./metrics/kendall.ts";
export { type Labelled, type Progression, progression, progressTargets } from "./metrics/progression.ts";
export { type Svm, type SvmOptions, svm } from "./metrics/svm.ts";
export { decodeModel, encodeModel, type ModelFacts, type StoredPrecision } from "./model-file.ts";
export { type CycleLoss, defaults as lossDefaults, type TccLossOptions } from "./options.ts";
export {
  type Cycle,
  type CycleTrace,
  type Frames,
  type PlainOptions,
  type TccLoss,
  tccLoss,
  traceCycle,
} from "./plain.ts";
export { type Objective, presets, type TrainSettings } from "./settings.ts";
export {
  type BackboneFile,
  type Best,
  type GivenSettings,
  type TccCheckpoint,
  type TccEvent,
  type TccModel,
  type Trained,
  type TrainOptions,
  train,
  untrained,
} from "./train.ts";
export { frameCount, type Sequence } from "./video.ts";
