// What a search has found so far: a line for each step, on the disk before the next begins, so that a run that is stopped
// or killed goes on to the same flips.
import { open, rm } from "node:fs/promises";
import { DataError } from "@reprise/data";
import { fileError, readBytes } from "@reprise/data/node";

/** By what a run is the same as another: settings, and the hashes of what went in. */
export type RunKey = Readonly<Record<string, unknown>>;

export interface Journal<Step> {
  /** Steps of an earlier run with the same key. */
  readonly known: readonly Step[];
  /** @throws DataError when it cannot be written, e.g. on a full disk */
  append(step: Step): Promise<void>;
  close(): Promise<void>;
  /** The run is complete. */
  remove(): Promise<void>;
}

/** @throws DataError when the file is another run's, or cannot be read or written */
export async function openJournal<Step>(path: string, key: RunKey): Promise<Journal<Step>> {
  const kept = await readKept<Step>(path, key);
  let file: Awaited<ReturnType<typeof open>>;
  const write = async (text: string): Promise<void> => {
    try {
      await file.appendFile(text);
      await file.sync();
    } catch (cause) {
      throw fileError(path, cause, "written");
    }
  };
  try {
    file = await open(path, "a");
    await file.truncate(kept.bytes);
  } catch (cause) {
    throw fileError(path, cause, "written");
  }
  if (kept.bytes === 0) await write(`${JSON.stringify({ key })}\n`);
  return {
    known: kept.steps,
    append: (step) => write(`${JSON.stringify(step)}\n`),
    close: () => file.close(),
    async remove() {
      await file.close();
      await rm(path, { force: true });
    },
  };
}

async function readKept<Step>(path: string, key: RunKey): Promise<{ steps: Step[]; bytes: number }> {
  let bytes: Uint8Array;
  try {
    bytes = await readBytes(path);
  } catch (error) {
    if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT")
      return { steps: [], bytes: 0 };
    throw error;
  }
  // A line that a kill has cut short has no end.
  const whole = bytes.lastIndexOf(10) + 1;
  const lines = new TextDecoder().decode(bytes.subarray(0, whole)).split("\n").slice(0, -1);
  let head: { key?: RunKey } | undefined;
  let steps: Step[];
  try {
    const [first, ...rest] = lines.map((line) => JSON.parse(line) as unknown);
    head = first as { key?: RunKey } | undefined;
    steps = rest as Step[];
  } catch (cause) {
    throw new DataError(path, "is damaged. Delete it; the search begins anew.", { cause });
  }
  if (!head) return { steps: [], bytes: 0 };
  const wanted = JSON.parse(JSON.stringify(key)) as RunKey;
  const found = head.key ?? {};
  const other = [...new Set([...Object.keys(found), ...Object.keys(wanted)])].find(
    (field) => JSON.stringify(found[field]) !== JSON.stringify(wanted[field]),
  );
  if (other === undefined) return { steps, bytes: whole };
  throw new DataError(
    path,
    `is of another search: ${other} is ${JSON.stringify(found[other])} there and ${JSON.stringify(wanted[other])} here. Finish that one with its own settings, give another --out, or delete the file.`,
  );
}
