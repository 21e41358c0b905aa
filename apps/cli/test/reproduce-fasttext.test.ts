// reprise reproduce for fastText: on sets of a few rows in the shape of the paper's.
import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ResultRecord } from "@reprise/experiment";
import { readResults } from "@reprise/experiment/node";
import { experiments } from "@reprise/fasttext/experiments";
import { paper } from "@reprise/fasttext/paper";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const { key } = paper;
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const content = fileURLToPath(new URL(`../../site/content/${key}/`, import.meta.url));
/** Every value that the paper can have. */
const values = experiments.values({
  parts: ["table1", "elsewhere"],
  settings: { seed: 0 },
  data: (name) => ({ name, sha256: "", load: async () => null }),
});
let folder: string;

function reprise(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, "reproduce", key, ...args], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

/** Rows of two classes, class by class, that a word or two give away. */
function rows(count: number): string {
  const row = (label: number, i: number) =>
    `"${label}","${label === 1 ? "Cup final" : "Shares fall"}, No. ${i % 7}","The ${label === 1 ? "team" : "bank"} said ""so"" on <br />day ${i % 5}; more."`;
  return [1, 2].flatMap((label) => Array.from({ length: count / 2 }, (_, i) => row(label, i))).join("\n");
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-reproduce-fasttext-"));
  await mkdir(join(folder, "data", "ag_news_csv"), { recursive: true });
  await writeFile(join(folder, "data", "ag_news_csv", "train.csv"), `${rows(400)}\n`);
  await writeFile(join(folder, "data", "ag_news_csv", "test.csv"), rows(40));
  await mkdir(join(folder, "half", "ag_news_csv"), { recursive: true });
  await writeFile(join(folder, "half", "ag_news_csv", "train.csv"), rows(4));
  await mkdir(join(folder, "half", "aclImdb"), { recursive: true });
  await mkdir(join(folder, "broken", "sogou_news_csv"), { recursive: true });
  await writeFile(join(folder, "broken", "sogou_news_csv", "train.csv"), '"1","a"\nno class, here\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("reprise reproduce, fastText", () => {
  const table1 = ["--data", "data", "--only", "table1", "--out", "run"];

  it("runs the sets that are there, names those that are not, and computes nothing twice", async () => {
    const first = await reprise(...table1, "--json");
    const { records, missing } = JSON.parse(first.stdout) as { records: ResultRecord[]; missing: string[] };
    expect(records.map(({ id, claimed }) => [id, claimed])).toEqual([
      ["table1/ag/bigrams", "92.5"],
      ["table1/ag/words", "91.5"],
    ]);
    for (const record of records) {
      expect(record).toMatchObject({ value: "100.0", interval: "91.2 to 100.0 (40 lines)", examples: 40, seed: 0 });
      expect(record.command).toBe(`reprise reproduce ${key} --data DIR --seed 0`);
    }
    expect(missing).toEqual([
      ...["Sogou", "DBpedia", "Yelp polarity", "Yelp full"],
      ...["Yahoo! Answers", "Amazon full", "Amazon polarity"],
    ]);
    const steps = join(folder, "run", "steps", "fasttext", "train-and-test");
    const kept = join(steps, globSync("*/result.json", { cwd: steps })[0]!);
    const { mtimeMs } = await stat(kept);
    const second = await reprise(...table1);
    expect((await stat(kept)).mtimeMs).toBe(mtimeMs);
    expect(second.stdout).toMatch(/AG News: bigrams +92\.5 +100\.0 /);
    expect(second.stdout).toMatch(/Not run: Sogou \(sogou_news_csv\), .*; not in data\./);
    // Another seed is another run; other data too.
    const other = JSON.parse((await reprise(...table1, "--seed", "1", "--json")).stdout) as { records: ResultRecord[] };
    expect(other.records[0]).toMatchObject({ seed: 1, dataSha256: records[0]!.dataSha256 });
    await writeFile(join(folder, "data", "ag_news_csv", "test.csv"), rows(20));
    const changed = JSON.parse((await reprise(...table1, "--json")).stdout) as { records: ResultRecord[] };
    expect(changed.records[0]!.examples).toBe(20);
    expect(changed.records[0]!.dataSha256).not.toBe(records[0]!.dataSha256);
  }, 120_000);

  it("publishes what was run, and leaves the rows whose data was missing", async () => {
    await copyFile(join(content, "results.json"), join(folder, "results.json"));
    const before = (await readResults(folder)).tables.flatMap((table) => table.rows);
    const { code, stderr } = await reprise(...table1, "--publish", ".");
    expect(code, stderr).toBe(0);
    const after = (await readResults(folder)).tables.flatMap((table) => table.rows);
    for (const [i, row] of after.entries())
      if (row.record?.startsWith("table1/ag/")) expect(row.reproduced).toMatchObject({ value: "100.0" });
      else expect(row).toEqual(before[i]);
  }, 60_000);

  it("reviews are files in folders, whose names decide nothing", async () => {
    const hashes: string[] = [];
    for (const [name, of] of [
      ["one", (i: number) => `${i}_9.txt`],
      ["two", (i: number) => `${1000 - i}.txt`],
    ] as const) {
      for (const part of ["train", "test"])
        for (const label of ["pos", "neg"]) {
          const place = join(folder, name, "aclImdb", part, label);
          await mkdir(place, { recursive: true });
          for (let i = 0; i < 20; i++) await writeFile(join(place, of(i)), `Film ${i} was ${label}.<br />`);
        }
      const { stdout } = await reprise("--data", name, "--only", "elsewhere", "--out", name, "--epochs", "1", "--json");
      const { records } = JSON.parse(stdout) as { records: ResultRecord[] };
      expect(records[0]).toMatchObject({ id: "elsewhere/imdb", examples: 40 });
      hashes.push(records[0]!.dataSha256, records[0]!.value);
    }
    expect(hashes.slice(2)).toEqual(hashes.slice(0, 2));
  }, 60_000);

  it("bad input: one line that says what", async () => {
    const cases: [args: string[], code: number, line: RegExp][] = [
      [["--only", "table2"], 2, /there is no "table2" of .*; choose of table1,elsewhere/],
      [["--only", "table1"], 1, /there is no data\. Not run: AG News \(ag_news_csv\).*give their folder with --data/],
      [
        ["--data", "broken", "--only", "table1"],
        1,
        /sogou_news_csv\/train\.csv: row 2 begins with "no class, here"; expected its class, a number, and a comma/,
      ],
      [["--data", "half", "--only", "table1"], 1, /ag_news_csv\/test\.csv: cannot be read: there is no such file/],
      [["--data", "half", "--only", "elsewhere"], 1, /aclImdb\/train\/pos: cannot be read: there is no such file/],
    ];
    for (const [args, code, line] of cases) {
      const outcome = await reprise(...args);
      expect(outcome.stderr).toMatch(line);
      expect([outcome.code, outcome.stdout]).toEqual([code, ""]);
    }
  }, 60_000);

  it("the questions of this repository: what the page shows is what the command gives", async () => {
    const { tables } = JSON.parse(await readFile(join(content, "results.json"), "utf8")) as {
      tables: { rows: { record?: string; reproduced: { value: string; dataSha256: string } | null }[] }[];
    };
    const shown = tables
      .flatMap(({ rows }) => rows)
      .find(({ record }) => record === "elsewhere/cooking/hierarchical-softmax");
    const { stdout } = await reprise("--only", "elsewhere", "--out", "quick", "--epochs", "1", "--json");
    const { records } = JSON.parse(stdout) as { records: ResultRecord[] };
    expect(records.map(({ id }) => id)).toEqual(
      values.filter(({ row }) => row === "Cooking questions").map(({ id }) => id),
    );
    expect(records[0]).toMatchObject({ examples: 3000, claimed: null });
    expect(shown?.reproduced?.dataSha256).toBe(records[0]!.dataSha256);
  }, 120_000);
});
