// A site's data into a file and back, by the command line.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "@reprise/site";
import { afterAll, expect, test } from "vitest";
import { inProcess } from "./in-process.ts";

const folder = mkdtempSync(join(tmpdir(), "reprise-site-"));
afterAll(() => rmSync(folder, { recursive: true }));

// Making a database takes seconds; that another one has every row afterwards, the site's transfer tests show.
test("site backup writes a file, site restore refuses a site that is not empty", { timeout: 120_000 }, async () => {
  const [directory, file] = [join(folder, "data"), join(folder, "site.jsonl.gz")];
  const { db, close } = await openDatabase({ directory });
  await db.insertInto("users").values({ name: "kept", display_name: "Kept" }).execute();
  await close();
  expect(await inProcess("site", ["backup", file, "--data-dir", directory])).toBe(`1 row in ${file}`);
  expect(JSON.parse(await inProcess("site", ["backup", file, "--data-dir", directory, "--json"]))).toEqual({
    file,
    rows: 1,
  });
  expect(existsSync(file)).toBe(true);
  await expect(inProcess("site", ["restore", file, "--data-dir", directory])).rejects.toThrow(
    "the site is not empty: table users has rows.",
  );
});

test("serve --contact takes an address that begins with https: or mailto: only", async () => {
  await expect(inProcess("serve", ["--contact", "me"])).rejects.toThrow(
    '--contact is "me": give an address that begins with https: or mailto:.',
  );
});
