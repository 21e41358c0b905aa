export { completeSettings, type LossName, type ModelName, publishedTable1, type Settings } from "./config.ts";
export { CorpusError, type TextSource } from "./corpus.ts";
export { formatNumber } from "./format.ts";
export type { Kernel } from "./kernel.ts";
export { type ClassifiedLine, Model, type Prediction, type PredictOptions, probabilityOf } from "./model.ts";
export { ModelFileError } from "./model-file.ts";
export { readableKernel } from "./readable.ts";
export { DivergedError, type Progress, type TrainOptions, train } from "./train.ts";
export { wasmKernel } from "./wasm.ts";
