import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publish, readResults } from "../src/index.node.ts";
import type { ResultRecord } from "../src/index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-publish-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const record = (id: string): ResultRecord => ({
  ...{ id, table: id.split("/")[0]!, row: "FC10(1)", column: "test error", claimed: "20%" },
  ...{ value: "14.52%", interval: "13.84 to 15.22% (10000 images)", number: 0.1452, low: 0.1384, high: 0.1522 },
  ...{ examples: 10000, command: "reprise reproduce KEY --seed 0", seed: 0, dataSha256: "abc", version: "0.1.0" },
  ...{ machine: "a machine", seconds: 12, date: "2026-11-24T00:00:00.000Z" },
});
const row = (name: string, id: string | null) => ({
  ...{ name, claimed: { value: "20%", source: "Table 1" }, reproduced: null },
  ...(id === null ? {} : { record: id }),
});
const write = (rows: readonly object[]) =>
  writeFile(join(folder, "results.json"), JSON.stringify({ tables: [{ caption: "A table", metric: "error", rows }] }));
const rows = async () => (await readResults(folder)).tables.flatMap((table) => table.rows);

test("fills in what was reproduced and leaves the rest, the claims above all", async () => {
  const before = [row("ours", "table1/a"), row("another table's", "table2/a"), row("never run", null)];
  await write(before);
  await publish(folder, [record("table1/a"), record("table1/b")]);
  const { value, interval, command, seed, dataSha256, version, machine, seconds, date } = record("table1/a");
  expect(await rows()).toEqual([
    { ...before[0], reproduced: { value, interval, command, seed, dataSha256, version, machine, seconds, date } },
    before[1],
    before[2],
  ]);
});

test("a row whose record is not there is an error, unless its data was not at hand", async () => {
  await write([row("ours", "table1/a"), row("lost", "table1/z")]);
  await copyFile(join(folder, "results.json"), join(folder, "before.json"));
  await expect(publish(folder, [record("table1/a")])).rejects.toThrow(
    /results\.json: row "lost" names the record table1\/z, which does not exist; the records are table1\/a$/,
  );
  await publish(folder, [record("table1/a")], ["table1/z"]);
  expect((await rows()).map(({ reproduced }) => reproduced === null)).toEqual([false, true]);
});

test("a file that cannot be filled in is named", async () => {
  await expect(readResults(join(folder, "nowhere"))).rejects.toThrow(/nowhere\/results\.json: cannot be read/);
  await writeFile(join(folder, "results.json"), '{"tables": []}');
  await expect(readResults(folder)).rejects.toThrow(
    'results.json: has no row with a "record"; give each row that can be reproduced the id of its record.',
  );
  await writeFile(join(folder, "results.json"), "{");
  await expect(readResults(folder)).rejects.toThrow(/results\.json: is not JSON: /);
});
