// Brings the database to the newest schema: each file of migrations/ once, in order of its name, in one transaction.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Kysely, sql } from "kysely";
import type { Tables } from "./schema.ts";

const folder = fileURLToPath(new URL("./migrations/", import.meta.url));

/** Any number, as long as every process that migrates takes the same one. */
const MIGRATION_LOCK = 0x72657072;

/**
 * Applies what is missing; all of it or nothing.
 *
 * @param from  folder of `NNNN-name.sql` files
 * @returns     names of the migrations applied now
 * @throws      Error if an applied file was changed or removed, or when its SQL fails (the message names the file)
 */
export async function migrate(db: Kysely<Tables>, { from = folder }: { from?: string } = {}): Promise<string[]> {
  const files = readdirSync(from)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => {
      const text = readFileSync(`${from}/${name}`, "utf8");
      return { name, text, sha256: createHash("sha256").update(text).digest("hex") };
    });
  return db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(trx); // two servers starting on one database
    await sql`create table if not exists migrations (
      name text primary key, sha256 text not null, applied_at timestamptz not null default now())`.execute(trx);
    const applied = new Map(
      (await trx.selectFrom("migrations").select(["name", "sha256"]).execute()).map((row) => [row.name, row.sha256]),
    );
    const gone = [...applied.keys()].filter((name) => !files.some((file) => file.name === name));
    if (gone.length > 0)
      throw new Error(
        `the database was made by a newer Reprise: it has migration ${gone.join(", ")}, which this version does not know. Update Reprise, or use another --data-dir or DATABASE_URL.`,
      );
    const done: string[] = [];
    for (const { name, text, sha256 } of files) {
      const before = applied.get(name);
      if (before === sha256) continue;
      if (before !== undefined)
        throw new Error(
          `migration ${name} has changed since it was applied (checksum ${sha256.slice(0, 12)}, applied as ${before.slice(0, 12)}). Restore the file; changes go into a new one.`,
        );
      try {
        await sql.raw(text).execute(trx);
      } catch (cause) {
        throw new Error(`migration ${name} failed: ${(cause as Error).message}`, { cause });
      }
      await trx.insertInto("migrations").values({ name, sha256 }).execute();
      done.push(name);
    }
    return done;
  });
}
