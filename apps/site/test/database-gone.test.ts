// The database goes away, or its disk is full, while the site runs.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createApp } from "../src/server/app.ts";
import { webAssets } from "../src/server/assets.ts";
import { buildWeb } from "../src/server/build-web.ts";
import { databaseFault } from "../src/server/database/faults.ts";
import { type Database, openDatabase } from "../src/server/database/open.ts";
import { TagSuggester } from "../src/server/tag-suggestions.ts";
import { Client, quickPasswords, somebody } from "./client.ts";
import { withEmptyDatabase } from "./empty-database.ts";
import { noPostgres, startPostgres } from "./postgres.ts";

const contentDir = fileURLToPath(new URL("./fixtures/content", import.meta.url));

async function site({ db }: Database) {
  const tags = new TagSuggester(db);
  const log: string[] = [];
  const app = createApp({
    ...{ db, tags, assets: webAssets(await buildWeb()), origin: "https://reprise.test", contentDir, papers: [] },
    ...{ passwords: quickPasswords(), log: (line: string) => void log.push(line) },
  });
  return { app, log, writer: await somebody(app, "writer") };
}

async function answersWithout(database: Database, stop: () => unknown) {
  const { app, log, writer } = await site(database);
  const reader = new Client(app);
  const about = await reader.get("/about");
  await stop();
  const read = await reader.get("/search?q=anything");
  expect([read.status, read.headers.get("Retry-After"), read.headers.get("Cache-Control")]).toEqual([
    503,
    "5",
    "private, no-store",
  ]);
  expect(read.text).toContain("The database does not answer at present. Try again in a moment.");
  const sent = await writer.post("/comment", { ref: "0".repeat(32), text: "Mine." });
  expect(sent.status).toBe(503);
  expect(sent.text).toContain("What you sent was not saved: go back with your browser, where it still stands");
  expect((await reader.get("/about")).text).toBe(about.text); // what is kept goes on
  expect((await reader.get("/healthz")).status).toBe(503);
  expect(log.some((line) => / 503 \d+ ms GET \/search/.test(line))).toBe(true);
}

test("PGlite's thread has ended: 503 on a page that says so, for readers and for writers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "reprise-gone-"));
  const database = await openDatabase({ directory: await withEmptyDatabase(join(folder, "data")) });
  await answersWithout(database, () => database.close());
  rmSync(folder, { recursive: true });
});

test.skipIf(noPostgres)(
  `PostgreSQL was stopped: the same${noPostgres ? ` (skipped: ${noPostgres})` : ""}`,
  async () => {
    const postgres = await startPostgres();
    const database = await openDatabase({ url: postgres.url });
    await answersWithout(database, postgres.stop);
    await database.close();
  },
);

test.each([
  [{ code: "57014" }, "The database takes too long to answer."],
  [{ code: "53100" }, "The site's disk is full: it can be read, and nothing can be saved until its host makes space."],
  [{ code: "58030" }, "The database can be read only at present."],
  [{ code: "25006" }, "The database can be read only at present."],
  [{ code: "ECONNREFUSED", message: "" }, "The database does not answer at present."],
  [{ code: "57P01" }, "The database does not answer at present."],
  [{ message: "Connection terminated unexpectedly" }, "The database does not answer at present."],
  [{ code: "23505", message: "duplicate key" }, undefined],
  [new TypeError("x is not a function"), undefined],
])("%o is told as %j", (error, told) => {
  expect(databaseFault(error)).toBe(told);
});
