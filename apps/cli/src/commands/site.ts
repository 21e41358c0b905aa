// reprise site: the data of a site out into a file and back.
import { resolve } from "node:path";
import { type ProgressLine, type Verb, verb } from "@reprise/experiment";
import {
  backupSite,
  type Database,
  exportSite,
  importSite,
  openDatabase,
  Renderer,
  restoreSite,
  type TransferProgress,
} from "@reprise/site";

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

const counted = (rows: number) => `${rows.toLocaleString("en")} ${rows === 1 ? "row" : "rows"}`;

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
      return { result: { file: path, rows }, text: () => `${counted(rows)} in ${path}` };
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
      return { result: { file: path, rows }, text: () => `${counted(rows)} restored from ${path}` };
    },
  }),
  verb({
    name: "export",
    summary: "write what everybody may read of a site to a file: people's names, papers, summaries, comments",
    arguments: [file],
    options: { dataDir },
    notes,
    async run({ args: [path = ""], options, signal, progress }) {
      const lines = await withDatabase(options.dataDir, ({ db }) =>
        exportSite(db, path, { signal, onProgress: teller(progress, "written") }),
      );
      progress.end();
      return {
        result: { file: path, lines },
        text: () => `${lines.toLocaleString("en")} people and papers in ${path}`,
      };
    },
  }),
  verb({
    name: "import",
    summary: "take the file of another site's export into a new site; interrupted, it goes on",
    arguments: [file],
    options: { dataDir },
    notes,
    async run({ args: [path = ""], options, signal, progress, onStop, command }) {
      onStop(() => `What was taken in is kept. To go on: ${command}`);
      const renderer = new Renderer();
      const papers = await withDatabase(options.dataDir, ({ db }) =>
        importSite(db, renderer, path, { signal, onProgress: ({ done }) => progress.show(`line ${done}`) }),
      ).finally(() => renderer.close());
      progress.end();
      return { result: { file: path, papers }, text: () => `${papers.toLocaleString("en")} papers from ${path}` };
    },
  }),
];
