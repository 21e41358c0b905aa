// Search over a made-up site of 20,000 papers and 60,000 summaries: milliseconds a query, on PGlite or on DATABASE_URL
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@reprise/data";
import { openDatabase } from "../apps/site/src/server/database/open.ts";
import { countPapers, paperCards } from "../apps/site/src/server/papers.ts";
import { searchPapers, suggestPapers } from "../apps/site/src/server/search/search.ts";
import { printMachine } from "./harness.ts";
import { makeSite, siteWords } from "./site-data.ts";

const papers = Number(process.env.PAPERS ?? 20_000);
const queries = Number(process.env.QUERIES ?? 200);
/** Kept for the next run where given: making the site takes minutes. */
const kept = process.env.SITE_DIR;
const url = process.env.DATABASE_URL;
const goal = 50; // ms, of nineteen queries in twenty

printMachine();
const directory = kept ?? mkdtempSync(join(tmpdir(), "reprise-search-"));
const isNew = !existsSync(join(directory, "pglite"));
const opening = performance.now();
const { db, close } = await openDatabase(url ? { url } : { directory }, { queryTimeout: 600_000 });
try {
  if (isNew || (url && (await countPapers(db)) === 0)) {
    console.log(`making a site of ${papers} papers, which takes some minutes`);
    await makeSite(db, { papers, summariesEach: 3, seed: 1 });
  } else console.log(`opened in ${Math.round(performance.now() - opening)} ms`);
  console.log(`${await countPapers(db)} papers, on ${url ? "PostgreSQL" : "PGlite"}`);
  const words = siteWords(1);
  const random = new Random(2);
  const below = (count: number) => Math.floor(random.uniform(0, count));
  const common = () => words[below(500)]!;
  const rare = () => words[below(words.length)]!;
  const slip = (word: string) => word.slice(0, 2) + word[3] + word[2] + word.slice(4); // two letters exchanged
  const kinds: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["one common word", () => searchPapers(db, common(), { limit: 21 })],
    ["two common words", () => searchPapers(db, `${common()} ${common()}`, { limit: 21 })],
    ["a common and a rare word", () => searchPapers(db, `${common()} ${rare()}`, { limit: 21 })],
    ["a rare word", () => searchPapers(db, rare(), { limit: 21 })],
    ["a word with a slip", () => searchPapers(db, slip(`${common()}`.padEnd(5, "e")), { limit: 21 })],
    ["a key", () => searchPapers(db, `journals/made/Paper${below(papers)}`, { limit: 21 })],
    ["a phrase", () => searchPapers(db, `"${common()} ${common()}"`, { limit: 21 })],
    ["one common word of a year", () => searchPapers(db, common(), { limit: 21, filter: { year: 1990 + below(36) } })],
    ["suggestions for three letters", () => suggestPapers(db, common().slice(0, 3))],
    ["the popular list", () => paperCards(db, { order: "popular", limit: 21 })],
  ];
  const all: number[] = [];
  for (const [name, run] of kinds) {
    await run();
    const times: number[] = [];
    for (let i = 0; i < queries; i++) {
      const start = performance.now();
      await run();
      times.push(performance.now() - start);
    }
    if (name !== "the popular list" && !name.startsWith("suggestions")) all.push(...times);
    console.log(`  ${name}: ${quantile(times, 0.5).toFixed(1)} ms, p95 ${quantile(times, 0.95).toFixed(1)} ms`);
  }
  console.log(
    `all searches: ${quantile(all, 0.5).toFixed(1)} ms, p95 ${quantile(all, 0.95).toFixed(1)} ms   goal ${goal}`,
  );
} finally {
  await close();
  if (!kept) rmSync(directory, { recursive: true, force: true });
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
