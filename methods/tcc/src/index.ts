// Temporal cycle-consistency: losses as graphs and on arrays, encoders, training, alignment, metrics.
export { type Embedding, type EmbedOptions, embed, rawFrames } from "./embed.ts";
export { type Encoder, type EncoderSpec, encoderOf } from "./encoder.ts";
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
export { alignmentTau, type KendallOptions, kendallTau, type PairTau } from "./metrics/kendall.ts";
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
export { type EncoderKind, type Objective, presets, type TrainSettings } from "./settings.ts";
export {
  type Best,
  type TccCheckpoint,
  type TccEvent,
  type TccModel,
  type Trained,
  type TrainOptions,
  train,
  untrained,
} from "./train.ts";
export { frameCount, type Sequence } from "./video.ts";
