export { type LogWriter, loadCheckpoint, openLog, saveCheckpoint } from "./checkpoint.node.ts";
