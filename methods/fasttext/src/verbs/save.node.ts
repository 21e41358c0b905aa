// What was learnt goes to disk: whole files, and another place for the model when the one asked for fails.
import { existsSync, statfsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { saveModel, saveModelAside, writeWhole } from "../index.node.ts";
import type { Model } from "../index.ts";
import { bytesText } from "./progress.node.ts";

/** Training may take hours: whether its result can be written is looked at before. */
export function checkPlace(output: string): void {
  const folder = dirname(output);
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new Error(`${output}.bin cannot be written: there is no folder ${folder}.`);
}

/** The same for its size, once that is known. */
export function checkRoom(output: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(output));
  if (bavail * bsize < bytes)
    throw new Error(
      `${output}.bin will take ${bytesText(bytes)}, and ${dirname(output)} has ${bytesText(bavail * bsize)} left; ` +
        "free some of it, or choose another -output.",
    );
}

/**
 * Writes the model, its .vec file and, when asked for, its .output file: model and vectors at once with several threads.
 *
 * @throws an error that names the file that failed, why, and where the model is now
 */
export async function saveLearnt(
  model: Model,
  name: string,
  extension: string,
  { threads, withOutput }: { readonly threads: number; readonly withOutput: boolean },
): Promise<void> {
  const file = `${name}.${extension}`;
  const save = async () => (threads > 1 ? saveModelAside(model, file) : saveModel(model, file));
  const saved = save().then(
    () => undefined,
    (error: Error) => error,
  );
  const texts = { vec: () => model.vectorLines(), ...(withOutput ? { output: () => model.outputLines() } : {}) };
  const failed: string[] = [];
  for (const [ending, lines] of Object.entries(texts))
    try {
      writeWhole(`${name}.${ending}`, lines());
    } catch (error) {
      failed.push(`${name}.${ending} could not be written: ${reasonOf(error)}.`);
    }
  const error = await saved;
  if (error) failed.unshift(`${file} could not be written: ${reasonOf(error)}. ${rescue(model, file)}`);
  else if (failed.length > 0) failed.push(`The model itself is in ${file}.`);
  if (failed.length > 0) throw new Error(failed.join(" "));
}

/** Puts the model into the system's folder for temporary files. @returns what to tell the user */
function rescue(model: Model, file: string): string {
  const path = join(tmpdir(), `${process.pid}-${basename(file)}`);
  try {
    saveModel(model, path);
    return `The model is in ${path}; ${file} is as it was.`;
  } catch (error) {
    return `Nor could ${path}: ${reasonOf(error)}. What was learnt is lost; ${file} is as it was.`;
  }
}

/** "no space left on device" of "ENOSPC: no space left on device, write". */
function reasonOf(error: unknown): string {
  const { message } = error as Error;
  return /^[A-Z]+: ([^,]+),/.exec(message)?.[1] ?? message;
}
