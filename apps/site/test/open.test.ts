import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDatabase } from "../src/server/database/open.ts";
import { explainOpening, systemFault } from "../src/server/database/pglite-errors.ts";
import { withEmptyDatabase } from "./empty-database.ts";
import { noPostgres, startPostgres } from "./postgres.ts";

const folder = mkdtempSync(join(tmpdir(), "reprise-open-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const root = process.getuid?.() === 0;

test("a query that takes too long is given up with SQLSTATE 57014; the next one works", async () => {
  const directory = await withEmptyDatabase(join(folder, "slow"));
  const { db, close } = await openDatabase({ directory }, { queryTimeout: 300 });
  await expect(sql`select pg_sleep(1)`.execute(db)).rejects.toMatchObject({
    code: "57014",
    message: "the query took longer than 300 ms",
  });
  await new Promise((resolve) => setTimeout(resolve, 1000)); // PGlite cannot break it off
  expect((await sql<{ one: number }>`select ${1}::int as one`.execute(db)).rows).toEqual([{ one: 1 }]);
  await close();
});

test.each([
  ["without pg_control", (files: string) => rmSync(join(files, "global/pg_control"))],
  ["with an empty pg_control", (files: string) => truncateSync(join(files, "global/pg_control"))],
  ["without tables", (files: string) => rmSync(join(files, "base"), { recursive: true })],
  ["of another version", (files: string) => writeFileSync(join(files, "PG_VERSION"), "12\n")],
])("a database %s is told as damaged, with what to do, and the folder is given back", async (name, damage) => {
  const directory = await withEmptyDatabase(join(folder, name));
  damage(join(directory, "pglite"));
  await expect(openDatabase({ directory })).rejects.toThrow(
    /^the database in .*pglite could not be opened: its files, made by PostgreSQL \d+, are damaged or of another version \(.+\)\. Put a copy of the folder in its place; or move the folder away and start again, which takes the papers from the content folder and loses what readers wrote$/,
  );
  rmSync(directory, { recursive: true });
  await (await openDatabase({ directory: await withEmptyDatabase(directory) })).close();
});

/** Mounts a small file system where this user may; null elsewhere. */
function mountSmall(name: string, options: string): string | null {
  const place = join(folder, name);
  mkdirSync(place);
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", place]).status === 0 ? place : null;
}
const small = mountSmall("small", "size=30m");
afterAll(() => {
  if (small) spawnSync("umount", [small]);
});

test.skipIf(!small)(
  `a full disk is told${small ? "" : " (skipped: this user may not mount a file system)"}`,
  async () => {
    const directory = join(small ?? "", "data");
    await expect(openDatabase({ directory })).rejects.toThrow(
      `the database in ${join(directory, "pglite")} could not be opened: the disk is full; make space and start again (ENOSPC)`,
    );
    writeFileSync(join(small ?? "", "filler"), "");
    spawnSync("mount", ["-o", "remount,size=200m", small ?? ""]);
    rmSync(directory, { recursive: true });
    await (await openDatabase({ directory: await withEmptyDatabase(directory) })).close(); // once there is space
    spawnSync("mount", ["-o", "remount,ro", small ?? ""]);
    await expect(openDatabase({ directory })).rejects.toThrow(
      `the data folder ${directory} cannot be written (EROFS): its file system is read-only; mount it writable, or give another folder with --data-dir DIR`,
    );
    spawnSync("mount", ["-o", "remount,rw", small ?? ""]);
  },
);

test.skipIf(root)(`a folder without rights is told${root ? " (skipped: root may write everywhere)" : ""}`, async () => {
  const directory = join(folder, "no-rights");
  mkdirSync(directory);
  chmodSync(directory, 0o500);
  await expect(openDatabase({ directory })).rejects.toThrow(
    `the data folder ${directory} cannot be written (EACCES): this user may not write there; change the folder's owner or rights, or give another folder`,
  );
});

test("numbers of WebAssembly's system interface are told in words", () => {
  expect(explainOpening(folder, { name: "ErrnoError", errno: 2 }).message).toBe(
    `the database in ${folder} could not be opened: this user may not write there; change the folder's owner or rights (EACCES)`,
  );
  expect(explainOpening(folder, { errno: 99 }).message).toContain("damaged or of another version (error 99)");
  expect(systemFault({ errno: 51 })).toEqual({
    message: "the disk is full; make space and start again",
    code: "53100",
  });
  expect(systemFault({ errno: 29 })).toEqual({ message: "the disk reports a fault; check it", code: "58030" });
  expect(systemFault(new Error("other"))).toBeNull();
});

describe.skipIf(noPostgres)(`on PostgreSQL${noPostgres ? ` (skipped: ${noPostgres})` : ""}`, () => {
  let [url, stop]: [string, () => void] = ["", () => {}];
  const at = (database: string, user = "reprise") =>
    url.replace("reprise@", `${user}@`).replace(/\/postgres$/, `/${database}`);
  const query = async (text: string, database = "postgres") => {
    const client = new pg.Client({ connectionString: at(database) });
    await client.connect();
    await client.query(text);
    await client.end();
  };
  beforeAll(async () => {
    ({ url, stop } = await startPostgres());
  });
  afterAll(() => stop());

  test("a database of another encoding is refused, with how to make one", async () => {
    await query("create database latin encoding 'LATIN1' locale 'C' template template0");
    await expect(openDatabase({ url: at("latin") })).rejects.toThrow(
      /cannot be used: its encoding is LATIN1, which has no room for most of the world's letters\. Create one in UTF-8: createdb --encoding=UTF8 --template=template0 NAME\.$/,
    );
  });

  test("a database that only reads is refused, with how to let it be written", async () => {
    await query("create database quiet");
    await query("alter database quiet set default_transaction_read_only = on");
    await expect(openDatabase({ url: at("quiet") })).rejects.toThrow(
      /cannot be used: it is set to be read only\. Let it be written: alter database "quiet" reset default_transaction_read_only/,
    );
  });

  test("a user without the right to make tables is told which right", async () => {
    await query("create user guest");
    await expect(openDatabase({ url: at("postgres", "guest") })).rejects.toThrow(
      /guest@.*cannot be used: permission denied for schema public\. Give the user the right to make tables: alter database NAME owner to USER/,
    );
  });

  test("a database that is not there, and a user that is not, are told", async () => {
    await expect(openDatabase({ url: at("nowhere") })).rejects.toThrow(
      /cannot be used: database "nowhere" does not exist\. Create it first: createdb --encoding=UTF8 NAME\.$/,
    );
    await expect(openDatabase({ url: at("postgres", "nobody") })).rejects.toThrow(
      /cannot be used: role "nobody" does not exist\. Check the user in the URL, and pg_hba\.conf on the server\.$/,
    );
  });

  test("a query that takes too long is broken off; a migration is not", async () => {
    await query("create database slow");
    const { db, close } = await openDatabase({ url: at("slow") }, { queryTimeout: 200 });
    await expect(sql`select pg_sleep(5)`.execute(db)).rejects.toMatchObject({ code: "57014" });
    expect((await sql<{ one: number }>`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
    await close();
  });
});
