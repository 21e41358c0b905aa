export {
  completeSettings,
  type GivenSettings,
  type LossName,
  type ModelName,
  publishedTable1,
  type Settings,
} from "./config.ts";
export type { Kernel } from "./kernel/kernel.ts";
export { wasmKernel } from "./kernel/wasm.ts";
export type { ClassifiedLine } from "./model/classifier.ts";
export { type QuantizeOptions, quantize } from "./model/compress.ts";
export {
  type CurvePoint,
  Evaluation,
  evaluate,
  f1,
  type LabelCounts,
  type LabelFigures,
  precision,
  recall,
} from "./model/evaluate.ts";
export { type Evidence, evidence, type TreeStep, treePath } from "./model/explain.ts";
export { formatNumber } from "./model/format.ts";
export { type LoadOptions, load } from "./model/load.ts";
export { Model, type Prediction, type PredictOptions, probabilityOf } from "./model/model.ts";
export { ModelFileError } from "./model/model-file.ts";
export { analogies, mostSimilar, type Neighbour, nearest } from "./model/neighbours.ts";
export { webThreads } from "./parallel/threads.web.ts";
export { readableKernel } from "./reference/readable.ts";
export { type Suggestion, type TaggedText, Tagger, taggerNeeds } from "./tagger.ts";
export { CorpusError, type Limits, type Spill } from "./text/corpus.ts";
export type { ReusableText, TextSource, WholeText } from "./text/source.ts";
export { type AutotuneOptions, autotune, parseMetric, type Trial } from "./training/autotune.ts";
export { checkContinues } from "./training/continue.ts";
export type { Epoch, Validation } from "./training/epochs.ts";
export { type Pretrained, parseVectors, readVectors } from "./training/pretrained.ts";
export { DivergedError, type Progress, type RunThreads, type TrainOptions } from "./training/run.ts";
export { type LearnOptions, train } from "./training/train.ts";
