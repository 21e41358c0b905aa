// Papers whose folder is gone, and the days of summaries: a part of routes.suite.ts.
import { fileURLToPath } from "node:url";
import type { Hono } from "hono";
import type { Kysely } from "kysely";
import { expect, test } from "vitest";
import type { AppParts } from "../src/server/app.ts";
import { readContent } from "../src/server/content.ts";
import type { Tables } from "../src/server/database/schema.ts";
import { seed } from "../src/server/seed.ts";

const content = readContent(fileURLToPath(new URL("./fixtures/content", import.meta.url)));
const sampleKey = "journals/corr/SampleRun21";
const sample = `/paper?bibtexKey=${sampleKey}`;

interface Parts {
  readonly app: Hono;
  readonly db: Kysely<Tables>;
  readonly make: (more?: Partial<AppParts>) => Promise<Hono>;
}

/** Declares the tests; the site is asked for in each of them. */
export function withdrawalSuite(site: () => Parts): void {
  const text = async (path: string) => (await (await site().make()).request(path)).text();
  const status = async (path: string) => (await (await site().make()).request(path)).status;

  test("a summary's day is the one its author gives, on the page, in its data and in the sitemap; never today", async () => {
    const undated = await text(sample);
    expect(undated).toMatch(/Summary by <a [^>]*>Reprise<\/a><\/p>/);
    expect(undated).not.toContain("dateModified");
    expect(await text("/sitemap/1.xml")).toMatch(/SampleRun21<\/loc><\/url>/);
    const withDay = (summaryDate: string) =>
      content.map((entry) =>
        entry.paper.bibtexKey === sampleKey
          ? { ...entry, sha256: summaryDate, paper: { ...entry.paper, summaryDate } }
          : entry,
      );
    expect(await seed(site().db, withDay("2024-02-29"))).toContain(sampleKey);
    const page = await text(sample);
    expect(page).toContain('>Reprise</a>, <time datetime="2024-02-29">29 February 2024</time>');
    expect(page).toContain('"dateModified":"2024-02-29"');
    expect(await text("/sitemap/1.xml")).toContain("SampleRun21</loc><lastmod>2024-02-29</lastmod>");
    expect(await seed(site().db, content)).toContain(sampleKey);
  });

  test("a paper whose folder is gone is withdrawn: 410, in no list; what readers wrote stays, and it comes back", async () => {
    const { db } = site();
    const log: string[] = [];
    const summaries = async () => (await db.selectFrom("summaries").select("id").execute()).length;
    const before = await summaries();
    const others = content.filter(({ paper }) => paper.bibtexKey !== sampleKey);
    expect(await seed(db, others, { log: (line) => log.push(line) })).toEqual([]);
    expect(log).toEqual([`content: the folder of ${sampleKey} is gone; the paper is withdrawn until it is back`]);
    for (const path of [sample, `/p/${sampleKey}`, `/paper.bib?bibtexKey=${sampleKey}`])
      expect([path, await status(path)]).toEqual([path, 410]);
    const page = await text(sample);
    expect(page).toContain(`key “${sampleKey}” was withdrawn`);
    expect(page).toContain('content="noindex"');
    expect(page).not.toContain("Gradients of a Sample");
    for (const path of ["/", "/sitemap/1.xml"]) expect(await text(path)).not.toContain("SampleRun21");
    expect(await status("/paper?bibtexKey=arXiv:2101.00001")).toBe(404);
    expect(await summaries()).toBe(before);
    expect(await seed(db, others)).toEqual([]);

    expect(await seed(db, content)).toEqual([sampleKey]);
    expect(await status(sample)).toBe(200);
    expect(await status("/paper?bibtexKey=arXiv:2101.00001")).toBe(301);
    expect(await text("/")).toContain("SampleRun21");
    expect(await summaries()).toBe(before);
  });

  test("a paper that moves to another key leaves its old one as an alias", async () => {
    const { db } = site();
    const key = "conf/test/Moved21";
    const moved = content.map((entry) =>
      entry.paper.bibtexKey === sampleKey
        ? {
            ...entry,
            sha256: "moved",
            paper: { ...entry.paper, bibtexKey: key, aliases: [...entry.paper.aliases, sampleKey] },
          }
        : entry,
    );
    expect(await seed(db, moved)).toEqual([key]);
    const app = await site().make();
    for (const old of [sampleKey, "arXiv:2101.00001"]) {
      const response = await app.request(`/paper?bibtexKey=${old}`);
      expect([response.status, response.headers.get("Location")]).toEqual([301, `/paper?bibtexKey=${key}`]);
    }
    expect(await seed(db, content)).toEqual([sampleKey]);
    expect(await status(`/paper?bibtexKey=${key}`)).toBe(410);
    expect(await status(sample)).toBe(200);
  });

  test("papers may exchange aliases", async () => {
    const { db } = site();
    const other = "journals/corr/SampleOld19";
    const aliases: Record<string, string[]> = {
      [sampleKey]: ["x/1"],
      [other]: ["conf/test/SampleRun21", "arXiv:2101.00001"],
    };
    const exchanged = content.map((entry) => {
      const own = aliases[entry.paper.bibtexKey];
      return own ? { ...entry, sha256: "exchanged", paper: { ...entry.paper, aliases: own } } : entry;
    });
    expect((await seed(db, exchanged)).sort()).toEqual([other, sampleKey]);
    const app = await site().make();
    expect((await app.request("/paper?bibtexKey=arXiv:2101.00001")).headers.get("Location")).toContain("SampleOld19");
    await seed(db, content);
  });

  test("a summary that is not rendered is named by its file, and nothing is half written", async () => {
    const broken = content.map((entry) =>
      entry.paper.bibtexKey === sampleKey
        ? { ...entry, sha256: "deep", summary: "> ".repeat(3000), paper: { ...entry.paper, title: "Half" } }
        : entry,
    );
    await expect(seed(site().db, broken)).rejects.toThrow(
      /SampleRun21\/summary\.md: line 1 is nested 3000 levels deep in lists and quotations; at most 50 are rendered$/,
    );
    expect(await text(sample)).not.toContain("Half");
  });
}
