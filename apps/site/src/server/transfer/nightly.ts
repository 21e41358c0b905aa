// A backup a day, made by the server itself: the built-in database belongs to its process.
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Kysely } from "kysely";
import type { Tables } from "../database/schema.ts";
import { dayOf } from "../pages/day.ts";
import { backupSite } from "./backup.ts";

const kept = 14;
const hour = 3_600_000;
const named = /^site-\d{4}-\d\d-\d\d\.jsonl\.gz$/;

/** Writes today's backup unless it exists, and deletes all but the newest fourteen. */
export async function dailyBackup(db: Kysely<Tables>, folder: string, today: Date): Promise<string | undefined> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `site-${dayOf(today)}.jsonl.gz`);
  if (existsSync(file)) return undefined;
  await backupSite(db, file);
  const all = readdirSync(folder)
    .filter((name) => named.test(name))
    .sort();
  for (const name of all.slice(0, -kept)) await rm(join(folder, name));
  return file;
}

/** Looks every hour. The one returned ends it, after a backup under way. */
export function backUpDaily(
  db: Kysely<Tables>,
  folder: string,
  log: (line: string) => void,
): { readonly close: () => Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const look = () => {
    running = running.then(() =>
      dailyBackup(db, folder, new Date()).then(
        (file) => {
          if (file) log(`backup: ${file}`);
        },
        (error: Error) => log(`no backup was made: ${error.message}`),
      ),
    );
  };
  look();
  const timer = setInterval(look, hour).unref();
  return {
    close: () => {
      clearInterval(timer);
      return running;
    },
  };
}
