import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "../src/server/database/migrate.ts";
import { type Database, openDatabase } from "../src/server/database/open.ts";
import { withEmptyDatabase } from "./empty-database.ts";

let database: Database;
let [folder, from] = ["", ""];
const count = async () =>
  (await sql<{ n: number }>`select count(*)::int as n from extra`.execute(database.db)).rows[0]?.n;
const write = (name: string, text: string) => writeFileSync(join(from, name), text);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "reprise-migrate-"));
  database = await openDatabase({ directory: await withEmptyDatabase(join(folder, "data")) });
  await sql`delete from migrations`.execute(database.db); // from here on, the folder below is all there is
  from = join(folder, "migrations");
  mkdirSync(from);
  write("0001-a.sql", "create table extra (n integer); insert into extra values (1); -- two statements");
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

test("what is missing is applied once, in order; files of another kind are not read", async () => {
  write("notes.txt", "not SQL");
  expect(await migrate(database.db, { from })).toEqual(["0001-a.sql"]);
  expect(await migrate(database.db, { from })).toEqual([]);
  write("0003-c.sql", "insert into extra select max(n) * 10 from extra;");
  write("0002-b.sql", "insert into extra values (7);");
  expect(await migrate(database.db, { from })).toEqual(["0002-b.sql", "0003-c.sql"]);
  expect((await sql`select n from extra order by n`.execute(database.db)).rows).toEqual([
    { n: 1 },
    { n: 7 },
    { n: 70 },
  ]);
});

test("a failing migration names its file and undoes those before it in the same run", async () => {
  write("0004-d.sql", "insert into extra values (100);");
  write("0005-e.sql", "insert into no_such_table values (1);");
  await expect(migrate(database.db, { from })).rejects.toThrow(/migration 0005-e\.sql failed: .*no_such_table/);
  expect(await count()).toBe(3);
  write("0005-e.sql", "insert into extra values (101);");
  expect(await migrate(database.db, { from })).toEqual(["0004-d.sql", "0005-e.sql"]);
});

test("two migrations at once apply everything once", async () => {
  write("0006-f.sql", "insert into extra values (102);");
  const done = await Promise.all([migrate(database.db, { from }), migrate(database.db, { from })]);
  expect(done.flat()).toEqual(["0006-f.sql"]);
});

test("an applied file that changed is refused by name", async () => {
  write("0006-f.sql", "insert into extra values (103);");
  await expect(migrate(database.db, { from })).rejects.toThrow(
    /migration 0006-f\.sql has changed since it was applied/,
  );
});

test("a database with a migration that this version does not know is refused", async () => {
  rmSync(join(from, "0006-f.sql"));
  await expect(migrate(database.db, { from })).rejects.toThrow(/made by a newer Reprise: it has migration 0006-f\.sql/);
});
