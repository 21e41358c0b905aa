// What it takes to train a model, and no more: programs that do only this start sooner.
export type { ModelName } from "./config.ts";
export { checkContinues } from "./continue.ts";
export type { Model } from "./model.ts";
export { parseVectors } from "./pretrained.ts";
export { DivergedError, type Progress } from "./run.ts";
export { type LearnOptions, train } from "./train.ts";
