// The database of a site: PGlite in the data folder, or PostgreSQL when a URL is given; always at the newest schema.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { type LockOptions, lockFolder } from "./lock.ts";
import { migrate } from "./migrate.ts";
import { pgliteDialect } from "./pglite-dialect.ts";
import { explainOpening } from "./pglite-errors.ts";
import type { Tables } from "./schema.ts";

/** An open database. `close` ends the connections and gives the data folder back. */
export interface Database {
  readonly db: Kysely<Tables>;
  readonly close: () => Promise<void>;
}

/** Where the data lives: a folder for PGlite or the URL of a PostgreSQL database. */
export type DatabasePlace = { readonly directory: string } | { readonly url: string };

const defaultTimeout = 20_000;

/** How a database is opened. */
export interface OpenOptions extends Pick<LockOptions, "onLost"> {
  /** Milliseconds after which a query is given up with SQLSTATE 57014; migrations have no limit. */
  readonly queryTimeout?: number;
}

/**
 * Opens and migrates the database.
 *
 * @throws Error in one line: folder locked or not writable, PostgreSQL not reachable or not to be written, migration refused
 */
export function openDatabase(place: DatabasePlace, options: OpenOptions = {}): Promise<Database> {
  return "url" in place ? openPostgres(place.url, options) : openPglite(place.directory, options);
}

async function openPglite(
  directory: string,
  { onLost, queryTimeout = defaultTimeout }: OpenOptions,
): Promise<Database> {
  const unlock = await lockFolder(directory, onLost ? { onLost } : {});
  let limit = Number.POSITIVE_INFINITY;
  let db: Kysely<Tables> | undefined;
  const close = async () => {
    try {
      await db?.destroy();
    } finally {
      unlock();
    }
  };
  try {
    const files = join(directory, "pglite");
    try {
      mkdirSync(files, { recursive: true });
    } catch (cause) {
      throw explainOpening(files, cause);
    }
    db = new Kysely<Tables>({ dialect: pgliteDialect(files, () => limit) });
    await migrate(db);
    limit = queryTimeout;
    return { db, close };
  } catch (error) {
    await close().catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

async function openPostgres(url: string, { queryTimeout = defaultTimeout }: OpenOptions): Promise<Database> {
  let reached = false;
  try {
    const before = postgres(url, { max: 1 }); // a connection without time-outs: migrations take as long as they take
    try {
      await sql`select 1`.execute(before);
      reached = true;
      await checkPostgres(before);
      await migrate(before);
    } finally {
      await before.destroy();
    }
    const db = postgres(url, {
      max: 8,
      statement_timeout: queryTimeout,
      idle_in_transaction_session_timeout: 2 * queryTimeout,
      query_timeout: 2 * queryTimeout, // a server that is gone without a word does not keep its own time-out
    });
    return { db, close: () => db.destroy() };
  } catch (cause) {
    throw unusable(url, cause, reached);
  }
}

function postgres(url: string, options: pg.PoolConfig): Kysely<Tables> {
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 5000, ...options });
  pool.on("error", () => {}); // an idle connection dropped by the server; the next query opens another
  // One that is lent while the server drops it: its query fails, and the event, heard by nobody, would end the process.
  pool.on("connect", (client) => client.on("error", () => {}));
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

/** Finds out before anything is written what would fail later with less to tell. */
async function checkPostgres(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<{ encoding: string; standby: boolean; readOnly: string; database: string }>`select
    current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby,
    current_setting('default_transaction_read_only') as "readOnly", current_database() as database`.execute(db);
  const [{ encoding, standby, readOnly, database } = { encoding: "", standby: false, readOnly: "", database: "" }] =
    rows;
  if (encoding !== "UTF8")
    throw new Error(
      `its encoding is ${encoding}, which has no room for most of the world's letters. Create one in UTF-8: createdb --encoding=UTF8 --template=template0 NAME`,
    );
  if (standby) throw new Error("the server is a standby, which only reads. Give the address of the primary server");
  if (readOnly === "on")
    throw new Error(
      `it is set to be read only. Let it be written: alter database "${database}" reset default_transaction_read_only (or the same for the user)`,
    );
}

const advice: Readonly<Record<string, string>> = {
  "25006":
    "The database only reads: give the address of the primary server, or take the setting default_transaction_read_only back.",
  "28000": "Check the user in the URL, and pg_hba.conf on the server.",
  "28P01": "Check user and password in the URL.",
  "3D000": "Create it first: createdb --encoding=UTF8 NAME.",
  "42501":
    "Give the user the right to make tables: alter database NAME owner to USER, or grant create on schema public to USER.",
  "53100": "The disk of the PostgreSQL server is full: make space there and start again.",
  "53300": "The server has no free connection: raise max_connections, or stop what holds them.",
  "57P03": "The server is starting up or shutting down: try again in a moment.",
};
const reach = "Check the URL and that the server runs, or unset DATABASE_URL to use the built-in database.";

/** @param reached  a query was answered: what is wrong is not the way there */
function unusable(url: string, cause: unknown, reached: boolean): Error {
  const { message, ...error } = cause as { message?: string; code?: string; cause?: { code?: string } };
  const code = error.code ?? error.cause?.code ?? ""; // of a migration's error, what was the matter
  const reason = (message || code || String(cause)).replace(/\s*\n\s*/g, " ").replace(/\.$/, "");
  const hint = advice[code] ?? (reached || /^[0-9A-Z]{5}$/.test(code) ? "" : reach);
  return new Error(
    `the PostgreSQL database of DATABASE_URL (${withoutPassword(url)}) cannot be used: ${reason}. ${hint}`.trim(),
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
