// A run that was stopped goes on where it was.
import { join } from "node:path";
import { Journal, type RunKey } from "@reprise/experiment/node";

/** What to tell whoever stops a run. */
export function stoppedHint(out: string | undefined, journal: Journal | undefined): string {
  if (out === undefined) return "Nothing was written; with --out it could go on later.";
  if (!journal || journal.kept === 0) return "Nothing was finished yet; the same command starts anew.";
  return `What was found so far is in ${join(out, "partial")}; the same command goes on from there.`;
}

/** Results of an earlier run of the same command that was stopped. @throws DataError if they are of another */
export async function openJournal(out: string, key: RunKey): Promise<Journal> {
  const journal = await Journal.open(join(out, "partial"), key);
  const known = journal.size === 1 ? "1 result is" : `${journal.size} results are`;
  if (journal.size > 0) process.stderr.write(`${known} known from the run before; going on.\n`);
  return journal;
}
