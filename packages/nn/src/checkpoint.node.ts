// Checkpoints and logs in files. A checkpoint takes the place of the old one only when it is whole and on the disk; a log
// is a line of JSON per record, appended.
import { open, readFile, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { createFolder, fileError, readBytes, writeFileAtomic } from "@reprise/data/node";
import { type CheckpointLayouts, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { Checkpoint } from "./trainer.ts";

/** Writes a checkpoint; a process killed meanwhile leaves the old file whole. @throws DataError when it cannot be written */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint, layouts: CheckpointLayouts): Promise<void> {
  await createFolder(dirname(path));
  await writeFileAtomic(path, encodeCheckpoint(checkpoint, layouts));
}

/** Reads a checkpoint. @throws ModelError when it is damaged or another network's, DataError when it cannot be read */
export async function loadCheckpoint(path: string, layouts: CheckpointLayouts): Promise<Checkpoint> {
  return decodeCheckpoint(await readBytes(path), layouts, { source: path });
}

/** An open log. */
export interface LogWriter {
  append(record: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a JSONL log. After a resume from step `afterStep`, records of later steps and a line that a kill cut short are
 * dropped first, so that the log reads as if the run had never stopped; 0 starts it anew.
 *
 * @throws DataError when the file cannot be written
 */
export async function openLog(path: string, { afterStep = 0 } = {}): Promise<LogWriter> {
  await createFolder(dirname(path));
  try {
    const file = await open(path, "a");
    await truncate(path, keptBytes(await readFile(path, "utf8"), afterStep));
    return {
      async append(record) {
        await file.appendFile(`${JSON.stringify(record)}\n`);
      },
      close: () => file.close(),
    };
  } catch (cause) {
    throw fileError(path, cause, "written");
  }
}

/** Bytes of the leading whole records that are not past a step. */
function keptBytes(log: string, afterStep: number): number {
  let kept = 0;
  if (afterStep === 0) return kept;
  for (const line of log.split(/(?<=\n)/)) {
    const step = line.endsWith("\n") ? stepOf(line) : null;
    if (step === null || step > afterStep) break;
    kept += Buffer.byteLength(line);
  }
  return kept;
}

/** The step of a record; 0 for a record without one, null for what is no record. */
function stepOf(line: string): number | null {
  try {
    const { step = 0 } = JSON.parse(line) as { step?: unknown };
    return typeof step === "number" ? step : null;
  } catch {
    return null;
  }
}
