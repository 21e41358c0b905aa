// What it takes to train a model, and no more: programs that do only this start sooner.
export type { ModelName } from "./config.ts";
export type { Model } from "./model/model.ts";
export { checkContinues } from "./training/continue.ts";
export { parseVectors, readVectors } from "./training/pretrained.ts";
export { DivergedError, type Progress } from "./training/run.ts";
export { type LearnOptions, train } from "./training/train.ts";
