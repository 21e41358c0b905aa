// What it takes to read a model and classify a text on Node, and no more: programs that do only this start sooner.
export { completeSettings, type LossName, type ModelName, type Settings } from "./config.ts";
export type { Kernel } from "./kernel/kernel.ts";
export { evaluate, f1, type LabelCounts, precision, recall } from "./model/evaluate.ts";
export { formatNumber } from "./model/format.ts";
export { loadModel } from "./model/load.node.ts";
export { type Model, probabilityOf } from "./model/model.ts";
export { readableKernel } from "./reference/readable.ts";
export { filePieces } from "./text/files.node.ts";
