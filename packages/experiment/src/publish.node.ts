// Puts records into the results.json of a paper's folder: each row that names a record takes its values from it.
import { join } from "node:path";
import { DataError } from "@reprise/data";
import { readBytes, writeFileAtomic } from "@reprise/data/node";
import type { ResultRecord } from "./record.ts";

interface Row {
  readonly name: string;
  readonly claimed: { readonly value: string } | null;
  readonly record?: string | null;
  readonly reproduced: object | null;
}
interface Results {
  readonly tables: readonly { readonly rows: readonly Row[] }[];
}

/** The results.json of a paper's folder. @throws DataError when it is missing, is not JSON or names no record */
export async function readResults(folder: string): Promise<Results> {
  const path = join(folder, "results.json");
  const text = new TextDecoder().decode(await readBytes(path));
  let results: Results;
  try {
    results = JSON.parse(text) as Results;
  } catch (cause) {
    throw new DataError(path, `is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (!results?.tables?.some(({ rows }) => rows.some(({ record }) => record)))
    throw new DataError(path, 'has no row with a "record"; give each row that can be reproduced the id of its record.');
  return results;
}

/**
 * Fills in the reproduced values. Rows whose tables were not run stay as they are.
 *
 * @param without  records that there could be, and are not: their data was not at hand
 * @throws DataError for a row that names a record which the tables that were run do not have
 */
export async function publish(
  folder: string,
  records: readonly ResultRecord[],
  without: readonly string[] = [],
): Promise<void> {
  const path = join(folder, "results.json");
  const results = await readResults(folder);
  const byId = new Map(records.map((record) => [record.id, record]));
  const tables = new Set(records.map(({ table }) => table));
  const fill = (row: Row): Row => {
    if (!row.record) return row;
    const found = byId.get(row.record);
    if (found) {
      const { value, interval, command, seed, dataSha256, version, machine, seconds, date } = found;
      return { ...row, reproduced: { value, interval, command, seed, dataSha256, version, machine, seconds, date } };
    }
    if (!tables.has(row.record.split("/")[0]!) || without.includes(row.record)) return row;
    throw new DataError(
      path,
      `row "${row.name}" names the record ${row.record}, which does not exist; the records are ${records.map(({ id }) => id).join(", ")}`,
    );
  };
  const filled = { ...results, tables: results.tables.map((table) => ({ ...table, rows: table.rows.map(fill) })) };
  await writeFileAtomic(path, `${JSON.stringify(filled, null, 2)}\n`);
}
