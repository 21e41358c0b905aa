export { type LogWriter, loadCheckpoint, openLog, saveCheckpoint } from "./checkpoint.node.ts";
export { readModelFile } from "./model-file.node.ts";
