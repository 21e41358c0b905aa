// Checkpoints and logs in files. A checkpoint is written beside the old one and takes its place only when it is whole
// and on the disk; a log is a line of JSON per record, appended.
import { type FileHandle, mkdir, open, readFile, rename, truncate, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { type CheckpointLayouts, decodeCheckpoint, encodeCheckpoint } from "../checkpoint.ts";
import type { Checkpoint } from "../trainer.ts";

/** Writes a checkpoint; a process killed meanwhile leaves the old file whole. @throws Error when the path cannot be written */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint, layouts: CheckpointLayouts): Promise<void> {
  await writeAtomically(path, encodeCheckpoint(checkpoint, layouts));
}

/**
 * Reads a checkpoint.
 *
 * @throws ModelError when it is damaged or another network's, Error when it cannot be read
 */
export async function loadCheckpoint(path: string, layouts: CheckpointLayouts): Promise<Checkpoint> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new Error(
      `${path}: cannot be read (${(cause as NodeJS.ErrnoException).code}); give a file that training wrote`,
      {
        cause,
      },
    );
  }
  return decodeCheckpoint(bytes, layouts, { source: path });
}

/** Appends one record to a log. */
export interface LogWriter {
  append(record: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a JSONL log. After a resume from step `afterStep`, records of later steps and a line that a kill cut short are
 * dropped first, so that the log reads as if the run had never stopped; 0 starts it anew.
 *
 * @throws Error when the file cannot be written
 */
export async function openLog(path: string, { afterStep = 0 } = {}): Promise<LogWriter> {
  await mkdir(dirname(path), { recursive: true }).catch(unwritable(path));
  const old = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw unwritable(path)(error);
  });
  let kept = 0;
  for (const line of old.split(/(?<=\n)/)) {
    const step = line.endsWith("\n") ? stepOf(line) : null;
    if (step === null || step > afterStep) break;
    if (afterStep > 0) kept += Buffer.byteLength(line);
  }
  const file: FileHandle = await open(path, "a").catch(unwritable(path));
  await truncate(path, kept);
  return {
    async append(record) {
      await file.appendFile(`${JSON.stringify(record)}\n`);
    },
    close: () => file.close(),
  };
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

async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch(unwritable(path));
  const beside = `${path}.${process.pid}.part`;
  const file = await open(beside, "w").catch(unwritable(path));
  try {
    await file.writeFile(bytes);
    await file.sync();
    await file.close();
    await rename(beside, path);
  } catch (error) {
    await file.close().catch(() => {});
    await unlink(beside).catch(() => {});
    throw unwritable(path)(error as NodeJS.ErrnoException);
  }
}

const unwritable =
  (path: string) =>
  (cause: NodeJS.ErrnoException): never => {
    throw new Error(`${path}: cannot be written (${cause.code}); choose another path, or make room and allow writing`, {
      cause,
    });
  };
