// The run that fastText's page shows before anything is pressed is what its panel's defaults give today; times aside.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { storedRun } from "../src/web/panels/fasttext/stored-run.node.ts";

test("fastText's stored run has the precision, last losses and counts of a run now", { timeout: 60_000 }, async () => {
  const content = fileURLToPath(new URL("../content/journals/corr/JoulinGBM16", import.meta.url));
  const stored = JSON.parse(readFileSync(`${content}/run/result.json`, "utf8"));
  const made = await storedRun(content);
  const timed = ["Time", "Words/s"];
  const untimed = ({ columns, rows }: { columns: readonly string[]; rows: readonly (readonly string[])[] }) =>
    rows.map((row) => row.filter((_, i) => !timed.includes(columns[i]!)));
  expect(untimed(stored.table)).toEqual(untimed(made.table));
  // Losses are told as time goes by: only the last ones are at the same place.
  const atTheEnd = (words: string) => words.match(/[\d.]+ at epoch 15\.0/g);
  expect(atTheEnd(stored.image.alt)).toHaveLength(2);
  expect(atTheEnd(stored.image.alt)).toEqual(atTheEnd(made.figure.alt));
  const sentence = (caption: string) => caption.slice(caption.indexOf("Right on held-out lines"));
  expect(sentence(stored.caption)).toBe(sentence(made.caption));
});
