import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readContent } from "../src/server/content.ts";

const fixtures = fileURLToPath(new URL("./fixtures/content", import.meta.url));
const own = fileURLToPath(new URL("../content", import.meta.url));
let folder = "";
const file = (name: string) => join(folder, "journals/corr/SampleRun21", name);
const edit = (name: string, change: (value: Record<string, unknown>) => void) => {
  const value = JSON.parse(readFileSync(file(name), "utf8"));
  change(value);
  writeFileSync(file(name), JSON.stringify(value));
};
const hashOf = () => readContent(folder).find(({ paper }) => paper.bibtexKey.endsWith("SampleRun21"))?.sha256;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "reprise-content-"));
  cpSync(fixtures, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the site's own five papers are complete", () => {
  const content = readContent(own);
  expect(content.map(({ paper }) => paper.bibtexKey).sort()).toEqual([
    "journals/corr/HeGDG17",
    "journals/corr/JoulinGBM16",
    "journals/corr/SzegedyZSBEGF13",
    "journals/corr/abs-1903-12269",
    "journals/corr/abs-1904-07846",
  ]);
  for (const { summary, paper } of content) {
    expect(summary.split(/\s+/).length, paper.bibtexKey).toBeGreaterThanOrEqual(400);
    expect(paper.tags.length, paper.bibtexKey).toBeGreaterThan(1);
    expect(paper.bibtex, paper.bibtexKey).toContain(`{${paper.bibtexKey},`);
  }
});

test("the hash follows every file that a page is made of", () => {
  const hashes = [hashOf()];
  writeFileSync(file("summary.md"), "Other words.");
  hashes.push(hashOf());
  edit("results.json", (value) => Object.assign(value, { tables: [] }));
  hashes.push(hashOf());
  edit("run/result.json", (value) => Object.assign(value, { title: "Other" }));
  hashes.push(hashOf());
  edit("paper.json", (value) => Object.assign(value, { title: "Other" }));
  hashes.push(hashOf());
  expect(new Set(hashes).size).toBe(5);
  expect(hashOf()).toBe(hashes.at(-1));
});

test.each([
  ["a missing summary", () => rmSync(file("summary.md")), /SampleRun21\/summary\.md is missing: a paper needs/],
  ["JSON cut off", () => writeFileSync(file("results.json"), '{"tables": ['), /results\.json is not JSON: /],
  ["a missing field", () => edit("paper.json", (v) => delete v.title), /paper\.json does not have the shape.*title/s],
  ["an unknown field", () => edit("paper.json", (v) => Object.assign(v, { titel: "x" })), /paper\.json.*titel/s],
  ["a year that is text", () => edit("paper.json", (v) => Object.assign(v, { year: "2021" })), /paper\.json.*year/s],
  [
    "a link that runs code",
    () => edit("paper.json", (v) => Object.assign(v, { links: [{ label: "x", url: "javascript:alert(1)" }] })),
    /paper\.json.*links\[0\]\.url/s,
  ],
  [
    "a key that is not the folder's",
    () => edit("paper.json", (v) => Object.assign(v, { bibtexKey: "journals/corr/Other" })),
    /bibtexKey is "journals\/corr\/Other", but the folder is journals\/corr\/SampleRun21/,
  ],
  [
    "a number of ours without its command",
    () =>
      edit("results.json", (v) => {
        const [table] = v.tables as { rows: { reproduced: Record<string, unknown> }[] }[];
        delete table?.rows[0]?.reproduced.command;
      }),
    /results\.json.*reproduced\.command/s,
  ],
  [
    "a stored run without its machine",
    () => edit("run/result.json", (v) => delete v.machine),
    /result\.json.*at machine/s,
  ],
  ["a stored run without its moment", () => edit("run/result.json", (v) => delete v.date), /result\.json.*at date/s],
  [
    "a NUL character",
    () => writeFileSync(file("summary.md"), "One\0two"),
    /summary\.md holds a NUL character: is it a text in UTF-8\?$/,
  ],
  [
    "an image outside the run folder",
    () => edit("run/result.json", (v) => Object.assign(v.image as object, { file: "../../x.png" })),
    /result\.json.*image\.file/s,
  ],
])("%s is one error that names the file and the field", (_, damage, message) => {
  damage();
  expect(() => readContent(folder)).toThrow(message);
});
