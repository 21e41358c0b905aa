// A run of an attack that was stopped goes on where it was.
import { join } from "node:path";
import { Journal, type RunKey } from "./journal.ts";

/** What to tell whoever stops an attack. */
export const stoppedHint = (out: string | undefined): string =>
  out === undefined
    ? "Nothing was written; with --out it could go on later."
    : `The images so far are in ${join(out, "partial")}; the same command goes on from there.`;

/** Rows of an earlier run of the same command that was stopped. @throws DataError if they are of another */
export async function openJournal(out: string, key: RunKey): Promise<Journal> {
  const journal = await Journal.open(join(out, "partial"), key);
  if (journal.size > 0) process.stderr.write(`${journal.size} images are known from the run before; going on.\n`);
  return journal;
}
