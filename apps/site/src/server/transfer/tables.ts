// The tables of a site as a backup writes them: every one there is, in an order in which they can be filled again.
import { type Kysely, sql, type Transaction } from "kysely";
import type { Tables } from "../database/schema.ts";

export interface TableShape {
  readonly name: string;
  /** Without those that the database computes. */
  readonly columns: readonly string[];
  /** Its primary key, by which its rows are ordered. */
  readonly key: readonly string[];
  /** Columns that number the rows. */
  readonly identities: readonly string[];
}

/** What tells the schema, not the site. */
const notCopied = ["migrations"];

/** Each after the tables that it points to. */
export async function tablesOf(db: Kysely<Tables> | Transaction<Tables>): Promise<TableShape[]> {
  const { rows } = await sql<TableShape & { needs: string[] }>`
    select c.relname as name,
      (select json_agg(a.attname order by a.attnum) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
      (select json_agg(a.attname order by place) from pg_index i
        cross join unnest(i.indkey::int[]) with ordinality k(number, place)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
        where i.indrelid = c.oid and i.indisprimary) as key,
      (select coalesce(json_agg(a.attname), '[]') from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and a.attidentity <> '') as identities,
      (select coalesce(json_agg(distinct f.relname), '[]') from pg_constraint k join pg_class f on f.oid = k.confrelid
        where k.conrelid = c.oid and k.contype = 'f' and f.oid <> c.oid) as needs
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
      and c.relname not in (${sql.join(notCopied)})
    order by c.relname`.execute(db);
  const ordered: TableShape[] = [];
  let left = rows;
  while (left.length > 0) {
    const free = left.filter(({ needs }) => needs.every((need) => ordered.some(({ name }) => name === need)));
    if (free.length === 0) throw new Error(`tables point to each other in a circle: ${left.map(({ name }) => name)}`);
    for (const { needs: _, key, ...table } of free) ordered.push({ ...table, key: key ?? table.columns });
    left = left.filter((table) => !free.includes(table));
  }
  return ordered;
}

export interface AppliedMigration {
  readonly name: string;
  readonly sha256: string;
}

/** The schema, by which a backup finds out whether it fits. */
export function migrationsOf(db: Kysely<Tables> | Transaction<Tables>): Promise<AppliedMigration[]> {
  return db.selectFrom("migrations").select(["name", "sha256"]).orderBy("name").execute();
}
