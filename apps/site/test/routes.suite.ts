// What every route answers; run on PGlite and on PostgreSQL by the files beside this one.
import { fileURLToPath } from "node:url";
import type { Hono } from "hono";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApp } from "../src/server/app.ts";
import { webAssets } from "../src/server/assets.ts";
import { buildWeb } from "../src/server/build-web.ts";
import { readContent } from "../src/server/content.ts";
import { type Database, type DatabasePlace, openDatabase } from "../src/server/database/open.ts";
import { seed } from "../src/server/seed.ts";

export const fixtureContent = fileURLToPath(new URL("./fixtures/content", import.meta.url));

/** Declares the tests; `place` is asked for once, before the first of them. */
export function routesSuite(place: () => Promise<DatabasePlace>): void {
  let database: Database;
  let app: Hono;
  beforeAll(async () => {
    database = await openDatabase(await place());
    await seed(database.db, readContent(fixtureContent));
    app = createApp({
      db: database.db,
      assets: webAssets(await buildWeb()),
      origin: "https://reprise.test",
      contentDir: fixtureContent,
      panels: { "journals/corr/SampleRun21": "estimate-pi" },
    });
  });
  afterAll(() => database?.close());

  test("home lists every paper with its authors, venue, year and first paragraph, the newest first", async () => {
    const response = await app.request("/");
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(html).toContain("Ada Sample, Émile Fixture");
    expect(html).toContain("Proceedings of the Test Suite");
    expect(html).toContain("A sample paper asks how little text");
    expect(html).not.toContain("What to watch out for");
    expect(html.indexOf("Gradients of a Sample")).toBeLessThan(html.indexOf("An Older Sample"));
  });

  test("a paper's page has its escaped title, its summary with MathML, and links to the papers it cites", async () => {
    const response = await app.request("/paper?bibtexKey=journals/corr/SampleRun21");
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(html).toContain("<h1>Gradients of a Sample, and Other &lt;Fixtures&gt; &amp; Angles</h1>");
    expect(html).toContain("<math");
    expect(html).toContain('href="/paper?bibtexKey=journals/corr/SampleOld19"');
  });

  test("an encoded key is the same key", async () => {
    const response = await app.request("/paper?bibtexKey=journals%2Fcorr%2FSampleRun21");
    expect(response.status).toBe(200);
  });

  test("an unknown key is 404 and says which", async () => {
    const response = await app.request("/paper?bibtexKey=journals/corr/Nobody00");
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("journals/corr/Nobody00");
  });
}
