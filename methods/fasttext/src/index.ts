export { type AutotuneOptions, autotune, parseMetric, type Trial } from "./autotune.ts";
export { type QuantizeOptions, quantize } from "./compress.ts";
export { completeSettings, type LossName, type ModelName, publishedTable1, type Settings } from "./config.ts";
export { CorpusError, type TextSource } from "./corpus.ts";
export { type CurvePoint, Evaluation, evaluate, f1, type LabelCounts, precision, recall } from "./evaluate.ts";
export { type Evidence, evidence, type TreeStep, treePath } from "./explain.ts";
export { formatNumber } from "./format.ts";
export type { Kernel } from "./kernel.ts";
export { type LoadOptions, load } from "./load.ts";
export { type ClassifiedLine, Model, type Prediction, type PredictOptions, probabilityOf } from "./model.ts";
export { ModelFileError } from "./model-file.ts";
export { analogies, type Neighbour, nearest } from "./neighbours.ts";
export { type Pretrained, parseVectors } from "./pretrained.ts";
export { readableKernel } from "./readable.ts";
export { type Suggestion, type TaggedText, Tagger } from "./tagger.ts";
export { webThreads } from "./threads/web.ts";
export {
  DivergedError,
  type Epoch,
  type LearnOptions,
  type Progress,
  type RunThreads,
  type TrainOptions,
  train,
  type Validation,
} from "./train.ts";
export { wasmKernel } from "./wasm.ts";
