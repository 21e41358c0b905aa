// The whole of a site, private rows included, as one file; and back into an empty database of either kind.
import { type Kysely, sql, type Transaction } from "kysely";
import { z } from "zod";
import type { Tables } from "../database/schema.ts";
import { json, readLines, TransferError, writeLines } from "./lines.ts";
import { migrationsOf, type TableShape, tablesOf } from "./tables.ts";

/** Raised when files of before can no longer be read. */
const format = 1;

const header = z.strictObject({
  reprise: z.literal("backup"),
  format: z.int(),
  made: z.iso.datetime(),
  migrations: z.array(z.strictObject({ name: z.string(), sha256: z.string() })),
});
const row = z.strictObject({ table: z.string(), row: z.record(z.string(), z.unknown()) });

const atOnce = 500; // rows

export interface TransferProgress {
  readonly kind: "rows";
  readonly done: number;
  readonly total: null;
}

export interface TransferOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: TransferProgress) => void) | undefined;
}

/**
 * Writes every row of every table as it stands at one moment, while the site goes on.
 *
 * @returns rows written
 * @throws  Error when the file cannot be written; then nothing of it is left
 */
export async function backupSite(
  db: Kysely<Tables>,
  file: string,
  { signal, onProgress }: TransferOptions = {},
): Promise<number> {
  let rows = 0;
  await db.transaction().execute(async (trx) => {
    await sql`set transaction isolation level repeatable read, read only`.execute(trx);
    await sql`set local timezone to 'UTC'`.execute(trx); // times are written alike, whatever the server's zone
    async function* lines(): AsyncGenerator<string> {
      const migrations = await migrationsOf(trx);
      yield JSON.stringify({ reprise: "backup", format, made: new Date().toISOString(), migrations });
      for (const table of await tablesOf(trx))
        for await (const text of rowsOf(trx, table)) {
          signal?.throwIfAborted();
          if (++rows % atOnce === 0) onProgress?.({ kind: "rows", done: rows, total: null });
          yield `{"table":${JSON.stringify(table.name)},"row":${text}}`;
        }
    }
    await writeLines(file, lines());
  });
  return rows;
}

/** As the database writes them: what it reads again gives the same values on either kind. */
async function* rowsOf(trx: Transaction<Tables>, { name, columns, key }: TableShape): AsyncGenerator<string> {
  const list = (names: readonly string[]) => sql.join(names.map((each) => sql.ref(each)));
  await sql`declare backup_rows no scroll cursor for
    select row_to_json(r)::text as row from (select ${list(columns)} from ${sql.table(name)} order by ${list(key)}) r`.execute(
    trx,
  );
  for (;;) {
    const { rows } = await sql<{ row: string }>`fetch ${sql.raw(String(atOnce))} from backup_rows`.execute(trx);
    for (const { row: text } of rows) yield text;
    if (rows.length < atOnce) break;
  }
  await sql`close backup_rows`.execute(trx);
}

/**
 * Fills an empty database from a backup: all of it or nothing.
 *
 * @returns rows restored
 * @throws  TransferError by line: cut off, changed, of another version, unknown tables or columns, rows that do not fit
 * @throws  Error when the database holds anything
 */
export async function restoreSite(
  db: Kysely<Tables>,
  file: string,
  { signal, onProgress }: TransferOptions = {},
): Promise<number> {
  return db.transaction().execute(async (trx) => {
    await sql`set local timezone to 'UTC'`.execute(trx);
    await sql`set local statement_timeout to 0`.execute(trx);
    const tables = await tablesOf(trx);
    await mustBeEmpty(trx, tables);
    // The rows that triggers would write are in the file themselves.
    for (const { name } of tables) await sql`alter table ${sql.table(name)} disable trigger user`.execute(trx);
    let done = 0;
    let chunk: Chunk | undefined;
    const finish = async () => {
      if (!chunk) return;
      await insert(trx, file, chunk);
      done += chunk.rows.length;
      onProgress?.({ kind: "rows", done, total: null });
      chunk = undefined;
    };
    let place = -1;
    for await (const { line, text } of readLines(file)) {
      signal?.throwIfAborted();
      if (line === 1) {
        await checkHeader(trx, file, text);
        continue;
      }
      const read = row.safeParse(json(text));
      if (!read.success) throw new TransferError(file, line, `no row: expected {"table": …, "row": {…}}`);
      const table = tables.find(({ name }) => name === read.data.table);
      if (!table) throw new TransferError(file, line, `the table ${read.data.table} is unknown`);
      const names = Object.keys(read.data.row);
      const unknown = names.find((name) => !table.columns.includes(name));
      if (unknown !== undefined) throw new TransferError(file, line, `table ${table.name} has no column ${unknown}`);
      const missing = table.columns.find((name) => !names.includes(name));
      if (missing !== undefined)
        throw new TransferError(file, line, `the row of table ${table.name} lacks the column ${missing}`);
      const at = tables.indexOf(table);
      if (at < place)
        throw new TransferError(
          file,
          line,
          `a row of table ${table.name} stands after those of ${tables[place]?.name}`,
        );
      if (chunk && (chunk.table !== table || chunk.rows.length === atOnce)) await finish();
      place = at;
      chunk ??= { table, rows: [] };
      chunk.rows.push({ line, row: read.data.row });
    }
    await finish();
    for (const { name, identities } of tables) {
      for (const column of identities)
        await sql`select setval(pg_get_serial_sequence(${name}, ${column}), max(${sql.ref(column)})) from ${sql.table(name)}
          having max(${sql.ref(column)}) is not null`.execute(trx);
      await sql`alter table ${sql.table(name)} enable trigger user`.execute(trx);
    }
    return done;
  });
}

interface Chunk {
  readonly table: TableShape;
  readonly rows: { readonly line: number; readonly row: Readonly<Record<string, unknown>> }[];
}

async function mustBeEmpty(trx: Transaction<Tables>, tables: readonly TableShape[]): Promise<void> {
  for (const { name } of tables) {
    const { rows } = await sql`select from ${sql.table(name)} limit 1`.execute(trx);
    if (rows.length > 0)
      throw new Error(
        `the site is not empty: table ${name} has rows. A backup is restored into a new data folder (--data-dir) or a new database (DATABASE_URL).`,
      );
  }
}

async function checkHeader(trx: Transaction<Tables>, file: string, text: string): Promise<void> {
  const said = json(text) as { reprise?: unknown; format?: unknown } | undefined;
  if (said?.reprise !== "backup") throw new TransferError(file, 1, "this is no backup of a Reprise site");
  if (said.format !== format)
    throw new TransferError(file, 1, `the backup has format ${said.format}; this version reads format ${format}`);
  const read = header.safeParse(said);
  if (!read.success) throw new TransferError(file, 1, z.prettifyError(read.error).replace(/\s*\n\s*/g, "; "));
  const here = await migrationsOf(trx);
  const names = (list: readonly { name: string; sha256: string }[]) =>
    list.map(({ name, sha256 }) => `${name} ${sha256}`);
  const other = (a: typeof here, b: typeof here) =>
    names(a)
      .find((name) => !names(b).includes(name))
      ?.split(" ")[0];
  const newer = other(read.data.migrations, here);
  if (newer)
    throw new TransferError(file, 1, `made by another version of Reprise: it has migration ${newer}, unknown here`);
  const older = other(here, read.data.migrations);
  if (older)
    throw new TransferError(
      file,
      1,
      `made by an older version of Reprise, without migration ${older}: restore it with that version, then update`,
    );
}

/** Where the database refuses the rows together, it is asked for each, so that the line can be told. */
async function insert(trx: Transaction<Tables>, file: string, chunk: Chunk): Promise<void> {
  await sql`savepoint rows`.execute(trx);
  try {
    await insertRows(trx, chunk);
  } catch (cause) {
    await sql`rollback to savepoint rows`.execute(trx);
    for (const each of chunk.rows)
      await insertRows(trx, { ...chunk, rows: [each] }).catch((error: { message: string; detail?: string }) => {
        const { message, detail } = error;
        throw new TransferError(file, each.line, `table ${chunk.table.name}: ${detail ?? message}`, { cause: error });
      });
    throw cause;
  }
  await sql`release savepoint rows`.execute(trx);
}

async function insertRows(trx: Transaction<Tables>, { table: { name, columns }, rows }: Chunk): Promise<void> {
  const list = sql.join(columns.map((each) => sql.ref(each)));
  const values = JSON.stringify(rows.map(({ row: each }) => each));
  await sql`insert into ${sql.table(name)} (${list}) overriding system value
    select ${list} from json_populate_recordset(null::${sql.table(name)}, ${values}::json)`.execute(trx);
}
