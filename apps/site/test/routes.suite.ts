// What every route answers; run on PGlite and on PostgreSQL by the files beside this one.
import { fileURLToPath } from "node:url";
import type { Hono } from "hono";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AppParts, createApp } from "../src/server/app.ts";
import { ortPath, webAssets } from "../src/server/assets.ts";
import { buildWeb } from "../src/server/build-web.ts";
import { readContent } from "../src/server/content.ts";
import { type Database, type DatabasePlace, openDatabase } from "../src/server/database/open.ts";
import { seed } from "../src/server/seed.ts";
import { TagSuggester } from "../src/server/tag-suggestions.ts";
import { answersSuite } from "./answers.suite.ts";
import { samplePaper } from "./sample-paper.ts";
import { searchSuite } from "./search.suite.ts";
import { tagsSuite } from "./tags.suite.ts";
import { withdrawalSuite } from "./withdrawal.suite.ts";

const fixtureContent = fileURLToPath(new URL("./fixtures/content", import.meta.url));
const sample = "/paper?bibtexKey=journals/corr/SampleRun21";

/** Declares the tests; `place` is asked for once, before the first of them. */
export function routesSuite(place: () => Promise<DatabasePlace>): void {
  let database: Database;
  let app: Hono;
  const log: string[] = [];
  let tags: TagSuggester;
  const make = async (more: Partial<AppParts> = {}) =>
    createApp({
      db: database.db,
      tags,
      assets: webAssets(await buildWeb()),
      origin: "https://reprise.test",
      contentDir: fixtureContent,
      papers: [samplePaper],
      log: (line) => log.push(line),
      ...more,
    });
  const get = async (path: string, init?: RequestInit) => {
    const response = await app.request(path, init);
    return { response, status: response.status, text: await response.clone().text() };
  };
  beforeAll(async () => {
    database = await openDatabase(await place());
    tags = new TagSuggester(database.db);
    expect(await seed(database.db, readContent(fixtureContent))).toHaveLength(3);
    app = await make();
  });
  afterAll(async () => {
    await tags?.close();
    await database?.close();
  });

  test("home lists every paper with its authors, venue, year and first paragraph, the newest first", async () => {
    const { status, text } = await get("/");
    expect(status).toBe(200);
    expect(text).toContain("Ada Sample, Émile Fixture");
    expect(text).toContain("Proceedings of the Test Suite");
    expect(text).toContain("A sample paper asks how little text");
    expect(text).not.toContain("What to watch out for");
    expect(text.indexOf("Gradients of a Sample")).toBeLessThan(text.indexOf("An Older Sample"));
  });

  test("home leads to the panel of the paper that has one, and only of that", async () => {
    const { text } = await get("/");
    expect(new Set(text.match(/href="[^"]*#run"/g))).toEqual(new Set([`href="${sample}#run"`]));
    // First of all what runs, as a picture.
    const [picture, list] = [
      text.indexOf("/content/journals/corr/SampleRun21/run/points.png"),
      text.indexOf('<ol class="papers"'),
    ];
    expect([picture > 0, picture < list]).toEqual([true, true]);
    expect(text).toContain(`href="${sample}#run"`);
  });

  test("a paper's page has its escaped title, its summary with MathML, and links to the papers it cites", async () => {
    const { status, text } = await get(sample);
    expect(status).toBe(200);
    expect(text).toContain("<h1>Gradients of a Sample, and Other &lt;Fixtures&gt; &amp; Angles</h1>");
    expect(text).toContain('<annotation encoding="application/x-tex">\\|r\\|_2</annotation>');
    expect(text).toContain('<a href="/paper?bibtexKey=journals/corr/SampleOld19" class="cite">Sample 2019</a>');
    expect(text).toContain(
      '<a href="/paper?bibtexKey=journals/corr/Unknown99" class="cite">journals/corr/Unknown99</a>',
    );
    expect(text).toContain('href="https://arxiv.org/abs/2101.00001"');
    expect(text).toContain("Project page");
  });

  test("a paper's tags stand on its page, on the home page and in its structured data; others have none", async () => {
    const list =
      '<ul class="tags" aria-label="Tags"><li><a href="/search?tag=gradients+%26+angles">gradients &amp; angles</a></li><li><a href="/search?tag=samples">samples</a></li></ul>';
    const { text } = await get(sample);
    expect(text).toContain(list);
    const data = /<script type="application\/ld\+json">(.*?)<\/script>/s.exec(text)?.[1] ?? "";
    expect(JSON.parse(data)["@graph"][0].keywords).toEqual(["gradients & angles", "samples"]);
    expect((await get("/")).text.match(/class="tags"/g)).toHaveLength(1);
    expect((await get("/")).text).toContain(list);
    expect((await get("/paper?bibtexKey=journals/corr/SampleOld19")).text).not.toContain('class="tags"');
  });

  test("claimed and reproduced stand in columns of their own, with source and provenance", async () => {
    const { text } = await get(sample);
    const row = (name: string) => new RegExp(`<tr><th scope="row">${name}</th>(.*?)</tr>`, "s").exec(text)?.[1] ?? "";
    const [claimed = "", reproduced = ""] = row("FC10\\(1e-4\\)").split('<td class="reproduced">');
    expect(claimed).toContain("0.062");
    expect(claimed).toContain("Table 1");
    expect(claimed).not.toContain("0.0634");
    expect(reproduced).toContain("0.0634");
    expect(reproduced).toContain("5f70bf18a086");
    expect(reproduced).not.toContain("Table 1");
    expect(row("FC100-100-10")).toMatch(/not yet run: <code>reprise reproduce/);
    expect(row("Ours only")).toMatch(/not in the paper.*>not run</s); // nothing says how
    expect(text).toContain('<p class="note">Means of three runs, &lt;1 s each.</p>');
  });

  test("the run section names its panel and shows the stored result", async () => {
    const { text } = await get(sample);
    expect(text).toContain('id="run"');
    expect(text).toContain('data-panel="estimate-pi"');
    expect(text).toContain("π by 20,000 points");
    expect(text).toContain('src="/content/journals/corr/SampleRun21/run/points.png"');
    expect(text).toContain(
      "Stored run of <code>reprise estimate-pi --points 20000 --seed 1</code> on A processor, 2 cores, Node 24, 2026-11-30.",
    );
    expect((await get("/paper?bibtexKey=journals/corr/SampleOld19")).text).not.toContain('id="run"');
  });

  test("crawlers find one address, a description, a card and structured data", async () => {
    const { text } = await get(sample);
    expect(text).toContain(`<link rel="canonical" href="https://reprise.test${sample}">`);
    expect(text).toMatch(/<meta name="description" content="A sample paper asks [^"]*formula \\\|r\\\|_2/);
    expect(text).toContain('<meta property="og:type" content="article">');
    const data = /<script type="application\/ld\+json">(.*?)<\/script>/s.exec(text)?.[1] ?? "";
    expect(data).not.toContain("<");
    expect(JSON.parse(data)["@graph"][0]).toMatchObject({
      "@type": "ScholarlyArticle",
      name: "Gradients of a Sample, and Other <Fixtures> & Angles",
      author: [{ name: "Ada Sample" }, { name: "Émile Fixture" }],
    });
  });

  test.each(["journals%2Fcorr%2FSampleRun21", "journals/corr/SampleRun21"])("key %s finds the paper", async (key) => {
    expect((await get(`/paper?bibtexKey=${key}`)).status).toBe(200);
  });

  test.each([
    ["/p/journals/corr/SampleRun21", sample],
    ["/paper?bibtexKey=conf/test/SampleRun21", sample],
    ["/paper?bibtexKey=arXiv:2101.00001", sample],
  ])("%s leads to the one address of the paper", async (path, to) => {
    const { response, status } = await get(path);
    expect(status).toBe(301);
    expect(response.headers.get("Location")).toBe(to);
  });

  test.each([
    ["/paper?bibtexKey=journals/corr/Nobody00", "journals/corr/Nobody00"],
    ["/paper?bibtexKey=%3Cscript%3Ealert(1)%3C/script%3E", "&lt;script&gt;alert(1)"],
    ["/paper", "names no paper"],
    ["/paper.bib?bibtexKey=x", "“x”"],
    ["/nothing/here", "/nothing/here"],
    ["/assets/nothing.js", "/assets/nothing.js"],
    ["/content/journals/corr/SampleRun21/paper.json", "paper.json"],
    ["/content/journals/corr/SampleRun21/data/PROVENANCE.md", "Nothing is at"],
    ["/content/journals/corr/SampleRun21/run/../data/none.ftz", "Nothing is at"],
    ["/content/..%2F..%2F..%2Fpackage.json", "Nothing is at"],
    ["/content/..%2F..%2F..%2Fsrc%2Fweb%2Ffavicon.svg", "Nothing is at"],
    ["/assets/mnist-subset/..%2Fpackage.json", "Nothing is at"],
    [`${ortPath}..%2F..%2Fpackage.json`, "Nothing is at"],
  ])("%s is 404, says what is missing and is not indexed", async (path, says) => {
    const { status, text } = await get(path);
    expect(status).toBe(404);
    expect(text).toContain(says);
    expect(text).toContain('content="noindex"');
    expect(text).not.toContain("<script>alert");
  });

  test("a panel's data file is sent as it is, packed", async () => {
    const { response, status } = await get("/content/journals/corr/SampleRun21/data/lines.txt.gz");
    expect(status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/gzip");
    expect(response.headers.get("Content-Encoding")).toBeNull();
  });

  test("of a package, the files that a paper declares are sent, and no others", async () => {
    const { response, status } = await get("/assets/mnist-subset/t10k-labels-idx1-ubyte.gz");
    expect(status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/gzip");
    expect((await get("/assets/mnist-subset/PROVENANCE.md")).status).toBe(404);
  });

  test("the BibTeX entry downloads under the paper's key", async () => {
    const { response, text } = await get("/paper.bib?bibtexKey=journals/corr/SampleRun21");
    expect(response.headers.get("Content-Type")).toMatch("application/x-bibtex");
    expect(response.headers.get("Content-Disposition")).toBe('attachment; filename="journals_corr_SampleRun21.bib"');
    expect(text).toMatch(/^@article\{journals\/corr\/SampleRun21,.*\}\n$/s);
  });

  test("about, robots.txt, sitemap.xml, healthz and the icon answer", async () => {
    expect((await get("/about")).text).toContain("Claimed");
    expect((await get("/robots.txt")).text).toContain("Sitemap: https://reprise.test/sitemap.xml");
    const { text } = await get("/sitemap/1.xml");
    expect(text.match(/<loc>/g)).toHaveLength(5);
    expect(text).toContain("<loc>https://reprise.test/paper?bibtexKey=journals/corr/SampleRun21</loc>");
    expect(await (await app.request("/healthz")).json()).toEqual({ status: "ok" });
    expect((await get("/favicon.svg")).response.headers.get("Content-Type")).toBe("image/svg+xml");
  });

  test("a page the reader has is 304 without a body; gzip gives the same page", async () => {
    const first = await get(sample);
    const etag = first.response.headers.get("ETag") ?? "";
    const again = await get(sample, { headers: { "If-None-Match": etag } });
    expect([again.status, again.text]).toEqual([304, ""]);
    expect(again.response.headers.get("Content-Security-Policy")).not.toBeNull();
    expect((await get(sample, { headers: { "If-None-Match": '"other"' } })).status).toBe(200);
    const packed = await app.request(sample, { headers: { "Accept-Encoding": "gzip" } });
    expect(packed.headers.get("Content-Encoding")).toBe("gzip");
    const stream = packed.body?.pipeThrough(new DecompressionStream("gzip"));
    expect(await new Response(stream).text()).toBe(first.text);
  });

  test("HEAD has the headers and no body", async () => {
    const { response, status, text } = await get("/", { method: "HEAD" });
    expect([status, text]).toEqual([200, ""]);
    expect(response.headers.get("ETag")).not.toBeNull();
  });

  test.each(["/", "/paper?bibtexKey=none", "/assets/none.js", "/healthz", `${ortPath}ort-wasm-simd-threaded.mjs`])(
    "%s carries every security header",
    async (path) => {
      const { headers } = (await get(path)).response;
      const policy = headers.get("Content-Security-Policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("media-src blob:;"); // a reader's own videos
      expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
      expect(policy).toContain("style-src 'self';");
      expect(headers.get("Cross-Origin-Opener-Policy")).toBe("same-origin");
      expect(headers.get("Cross-Origin-Embedder-Policy")).toBe("require-corp");
      expect(headers.get("Cross-Origin-Resource-Policy")).toBe("same-origin");
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(headers.get("Referrer-Policy")).toBe("strict-origin-when-cross-origin");
      expect(headers.get("Permissions-Policy")).toContain("camera=()");
    },
  );

  test.each([
    [{ "Sec-Fetch-Site": "cross-site" }, 403],
    [{ "Sec-Fetch-Site": "same-site" }, 403],
    [{ "Sec-Fetch-Site": "cross-site", Origin: "http://localhost" }, 403],
    [{ Origin: "https://evil.test", "Content-Type": "application/json" }, 403],
    [{ Origin: "null" }, 403],
    [{}, 403],
    [{ Origin: "http://localhost" }, 405],
    [{ "Sec-Fetch-Site": "same-origin" }, 405],
  ])("a POST with %j answers %i", async (headers, status) => {
    expect((await get("/", { method: "POST", headers: headers as HeadersInit, body: "{}" })).status).toBe(status);
  });

  test("ONNX Runtime's WASM comes from this server, typed, and for a year", async () => {
    const { response, status } = await get(`${ortPath}ort-wasm-simd-threaded.wasm`, { method: "HEAD" });
    expect(status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/wasm");
    expect(Number(response.headers.get("Content-Length"))).toBeGreaterThan(5e6);
    expect(response.headers.get("Cache-Control")).toContain("immutable");
    expect((await get("/assets/ort/0.0.0/ort-wasm-simd-threaded.wasm")).status).toBe(404);
  });

  test("scripts before the panel is used are under 30 kB, styles too, as sent", async () => {
    const { text } = await get(sample);
    const size = async (pattern: RegExp) => {
      let bytes = 0;
      for (const [, path] of text.matchAll(pattern)) {
        const response = await app.request(path ?? "", { headers: { "Accept-Encoding": "gzip" } });
        expect(response.headers.get("Content-Encoding")).toBe("gzip");
        bytes += (await response.arrayBuffer()).byteLength;
      }
      return bytes;
    };
    expect(await size(/<script[^>]* src="([^"]+)"/g)).toBeLessThan(30_000);
    expect(await size(/<link rel="stylesheet" href="([^"]+)"/g)).toBeLessThan(30_000);
  });

  test("content that did not change is left alone; changed content keeps what readers wrote", async () => {
    const content = readContent(fixtureContent);
    expect(await seed(database.db, content)).toEqual([]);
    const { db } = database;
    const reader = await db
      .insertInto("users")
      .values({ name: "reader", display_name: "A Reader" })
      .returning("id")
      .executeTakeFirstOrThrow();
    const paper = await db
      .selectFrom("papers")
      .select("id")
      .where("bibtex_key", "=", "journals/corr/SampleOld19")
      .executeTakeFirstOrThrow();
    await db
      .insertInto("summaries")
      .values({
        paper_id: paper.id,
        user_id: reader.id,
        source: "Mine.",
        html: "<p>Mine.</p>",
        teaser_html: "",
        teaser_text: "",
      })
      .execute();
    const changed = content.map((entry) =>
      entry.paper.bibtexKey === "journals/corr/SampleOld19"
        ? {
            ...entry,
            summary: "Rewritten.",
            sha256: "other",
            paper: { ...entry.paper, authors: ["Ada Sample", "New Name"] },
          }
        : entry,
    );
    expect(await seed(db, changed)).toEqual(["journals/corr/SampleOld19"]);
    app = await make();
    const { text } = await get("/paper?bibtexKey=journals/corr/SampleOld19");
    expect(text).toContain("<p>Rewritten.</p>");
    expect(text).not.toContain("one paragraph only");
    expect(text).toContain("<p>Mine.</p>");
    expect(text).toContain("Ada Sample, New Name");
  });

  tagsSuite(() => ({ app, db: database.db }));
  searchSuite(() => ({ app, db: database.db }));
  answersSuite(() => ({ app, db: database.db, make }));
  withdrawalSuite(() => ({ app, db: database.db, make }));

  test("an alias that names another paper already is refused with its name, and nothing is half written", async () => {
    const content = readContent(fixtureContent).map((entry) =>
      entry.paper.bibtexKey === "journals/corr/SampleOld19"
        ? { ...entry, sha256: "again", paper: { ...entry.paper, title: "Stolen", aliases: ["conf/test/SampleRun21"] } }
        : entry,
    );
    await expect(seed(database.db, content)).rejects.toThrow(/SampleOld19.*alias "conf\/test\/SampleRun21" already/);
    expect((await get("/paper?bibtexKey=journals/corr/SampleOld19")).text).not.toContain("Stolen");
  });

  test("transactions of different callers do not mix, and a failed one leaves nothing", async () => {
    const { db } = database;
    const add = (name: string, fail: boolean) =>
      db.transaction().execute(async (trx) => {
        await trx.insertInto("venues").values({ name }).execute();
        await sql`select pg_sleep(0.01)`.execute(trx);
        if (fail) throw new Error("changed my mind");
      });
    const ends = await Promise.allSettled([add("a", false), add("b", true), add("c", false), add("d", true)]);
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
    const rows = await db.selectFrom("venues").select("name").where("name", "in", ["a", "b", "c", "d"]).execute();
    expect(rows.map(({ name }) => name).sort()).toEqual(["a", "c"]);
  });

  test("a broken statement rejects with its SQLSTATE and the next one works", async () => {
    await expect(sql`select * from no_such_table`.execute(database.db)).rejects.toMatchObject({ code: "42P01" });
    expect((await sql<{ two: number }>`select 1 + ${1}::int as two`.execute(database.db)).rows).toEqual([{ two: 2 }]);
  });

  test("a failure inside a route is 500 without its reason, which is logged", async () => {
    const broken = createApp({
      tags,
      db: database.db,
      assets: {
        entry: () => {
          throw new Error("secret detail");
        },
        mount: () => {},
      },
      origin: "https://reprise.test",
      contentDir: fixtureContent,
      papers: [],
      log: (line) => log.push(line),
    });
    const response = await broken.request("/about");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
    expect(response.headers.get("Content-Security-Policy")).not.toBeNull();
    expect(log.at(-1)).toMatch(/^[-\d]{10}T[:.\d]+Z 500 \d+ ms GET \/about: Error: secret detail$/);
  });
}
