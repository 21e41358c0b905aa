// reprise site: the data of a site out into a file and back.
import { resolve } from "node:path";
import { type ProgressLine, type Verb, verb } from "@reprise/experiment";
import { backupSite, type Database, openDatabase, restoreSite, type TransferProgress } from "@reprise/site";

const dataDir = {
  kind: "text",
  placeholder: "dir",
  default: ".reprise",
  help: "folder of the built-in database",
} as const;
const file = { name: "file", help: "JSON Lines, packed where the name ends in .gz" } as const;
const notes = () => "DATABASE_URL=postgres://… means that PostgreSQL database instead of the built-in one.";

/** Opens the database for one piece of work and closes it. */
async function withDatabase<T>(directory: string, work: (database: Database) => Promise<T>): Promise<T> {
  const url = process.env.DATABASE_URL;
  const database = await openDatabase(url ? { url } : { directory: resolve(directory) });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

function teller(progress: ProgressLine, what: string): (event: TransferProgress) => void {
  return ({ done }) => progress.show(`${done.toLocaleString("en")} rows ${what}`);
}

export const verbs: readonly Verb[] = [
  verb({
    name: "backup",
    summary: "write everything that a site holds to a file, private texts and passwords' hashes included",
    arguments: [file],
    options: { dataDir },
    notes: () =>
      `${notes()} It may run beside a server on PostgreSQL; the built-in database belongs to one process, whose own nightly backups serve --backup-dir writes.`,
    async run({ args: [path = ""], options, signal, progress }) {
      const rows = await withDatabase(options.dataDir, ({ db }) =>
        backupSite(db, path, { signal, onProgress: teller(progress, "written") }),
      );
      progress.end();
      return { result: { file: path, rows }, text: () => `${rows.toLocaleString("en")} rows in ${path}` };
    },
  }),
  verb({
    name: "restore",
    summary: "fill a new, empty site from a backup: all of it or nothing",
    arguments: [file],
    options: { dataDir },
    notes,
    async run({ args: [path = ""], options, signal, progress }) {
      const rows = await withDatabase(options.dataDir, ({ db }) =>
        restoreSite(db, path, { signal, onProgress: teller(progress, "restored") }),
      );
      progress.end();
      return { result: { file: path, rows }, text: () => `${rows.toLocaleString("en")} rows restored from ${path}` };
    },
  }),
];
