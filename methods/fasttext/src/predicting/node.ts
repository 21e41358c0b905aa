// What it takes to read a model and classify a text on Node, and no more: programs that do only this start sooner.
export { evaluate, f1, type LabelCounts, precision, recall } from "../evaluate.ts";
export { formatNumber } from "../format.ts";
export type { Kernel } from "../kernel.ts";
export { loadModel } from "../load/node.ts";
export { type Model, probabilityOf } from "../model.ts";
export { filePieces } from "../read/node.ts";
export { readableKernel } from "../readable.ts";
