// The database of a site: PGlite in the data folder, or PostgreSQL when a URL is given; always at the newest schema.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { lockFolder } from "./lock.ts";
import { migrate } from "./migrate.ts";
import { pgliteDialect } from "./pglite-dialect.ts";
import type { Tables } from "./schema.ts";

/** An open database. `close` ends the connections and gives the data folder back. */
export interface Database {
  readonly db: Kysely<Tables>;
  readonly close: () => Promise<void>;
}

/** Where the data lives: a folder for PGlite or the URL of a PostgreSQL database. */
export type DatabasePlace = { readonly directory: string } | { readonly url: string };

/**
 * Opens and migrates the database.
 *
 * @throws Error in one line: folder locked or not writable, PostgreSQL not reachable, migration refused
 */
export async function openDatabase(place: DatabasePlace): Promise<Database> {
  const { db, unlock } = "url" in place ? await openPostgres(place.url) : openPglite(place.directory);
  const close = async () => {
    try {
      await db.destroy();
    } finally {
      unlock();
    }
  };
  try {
    await migrate(db);
    return { db, close };
  } catch (error) {
    await close().catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

function openPglite(directory: string) {
  const unlock = lockFolder(directory);
  const files = join(directory, "pglite");
  mkdirSync(files, { recursive: true });
  return { db: new Kysely<Tables>({ dialect: pgliteDialect(files) }), unlock };
}

async function openPostgres(url: string) {
  let pool: pg.Pool;
  try {
    pool = new pg.Pool({ connectionString: url, max: 8, connectionTimeoutMillis: 5000 });
  } catch (cause) {
    throw unreachable(url, cause);
  }
  pool.on("error", () => {}); // an idle connection dropped by the server; the next query opens another
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    await sql`select 1`.execute(db);
  } catch (cause) {
    await pool.end().catch(() => {});
    throw unreachable(url, cause);
  }
  return { db, unlock: () => {} };
}

function unreachable(url: string, cause: unknown): Error {
  const { message, code } = cause as { message?: string; code?: string };
  return new Error(
    `the PostgreSQL database of DATABASE_URL (${withoutPassword(url)}) cannot be used: ${message || code}. Check the URL and that the server runs, or unset DATABASE_URL to use the built-in database.`,
    { cause },
  );
}

function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url);
    if (parsed.password !== "") parsed.password = "…";
    return decodeURI(parsed.href);
  } catch {
    return "not a URL";
  }
}
