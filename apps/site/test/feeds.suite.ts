// Feeds, twins of pages for programs, and exports for reference managers; run on both databases.
import { createHash } from "node:crypto";
import { plugins } from "@citation-js/core";
import "@citation-js/plugin-ris";
import { SaxesParser } from "saxes";
import { describe, expect, test } from "vitest";
import { documentOf } from "../src/server/documents/papers.ts";
import { paperDocument, paperEntry, personDocument } from "../src/server/documents/schemas.ts";
import { cslJson, csv, type Reference, ris } from "../src/server/exports/formats.ts";
import { findPaper } from "../src/server/papers.ts";
import { Client, somebody } from "./client.ts";
import type { Made } from "./people.suite.ts";
import { paper, summaryForm } from "./summaries.suite.ts";

const key = "journals/corr/SampleOld19";
const sampleKey = "journals/corr/SampleRun21";

/** Elements of an XML document with their texts, read by a parser that refuses what is not well-formed. */
function elements(text: string): { name: string; attributes: Record<string, string>; text: string }[] {
  const parser = new SaxesParser({ xmlns: true });
  const found: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: (typeof found)[number][] = [];
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    const values = Object.entries(attributes).map(([each, { value }]) => [each, value]);
    const element = { name, attributes: Object.fromEntries(values) as Record<string, string>, text: "" };
    found.push(element);
    open.push(element);
  });
  parser.on("text", (part) => {
    const inner = open.at(-1);
    if (inner) inner.text += part;
  });
  parser.on("closetag", () => void open.pop());
  parser.write(text).close();
  return found;
}

export function feedsSuite(made: () => Made): void {
  const known = async (name: string) => {
    const client = await somebody(made().app, name);
    await made().db.updateTable("users").set({ trusted_at: new Date() }).where("name", "=", name).execute();
    return client;
  };
  const get = (path: string) => new Client(made().app).get(path);

  describe("feeds", () => {
    test("of all, a venue, a tag, a person and a paper, in three formats, without what is private or unsigned", async () => {
      const client = await known("fed");
      await client.post("/write", summaryForm("In the feed: $a<b$ & <i>more</i> ]]>.", { bibtexKey: sampleKey }));
      const other = await known("unfed");
      await other.post("/write", summaryForm("Not in any feed.", { visibility: "private" }));
      const unsigned = await known("unsigned-fed");
      await unsigned.post("/write", summaryForm("Unsigned in the feed.", { anonymous: "yes", bibtexKey: sampleKey }));
      const filters = [
        ["", true],
        [`?venue=${encodeURIComponent("Proceedings of the Test Suite")}`, true],
        [`?tag=${encodeURIComponent("gradients & angles")}`, true],
        ["?user=fed", true],
        ["?user=unfed", false],
        ["?user=unsigned-fed", false],
        [`?bibtexKey=${sampleKey}`, true],
        [`?bibtexKey=${key}`, false],
      ] as const;
      for (const [query, has] of filters) {
        const [rss, atom, json] = await Promise.all(
          ["/rss.xml", "/atom.xml", "/feed.json"].map((path) => get(path + query)),
        );
        const types = [rss, atom, json].map((answer) => answer?.headers.get("Content-Type"));
        expect(types).toEqual(
          ["application/rss+xml", "application/atom+xml", "application/feed+json"].map(
            (type) => `${type}; charset=utf-8`,
          ),
        );
        for (const { text } of [rss!, atom!, json!]) {
          expect([query, text.includes("In the feed:")]).toEqual([query, has]);
          expect(text).not.toMatch(/Not in any feed|>unsigned-fed<|"unsigned-fed"/);
          expect([query, text.includes("Unsigned in the feed.")]).toEqual([query, has && query !== "?user=fed"]);
        }
        const rssNames = new Set(elements(rss!.text).map(({ name }) => name));
        for (const name of ["title", "link", "description", "atom:link"]) expect(rssNames).toContain(name);
        const entries = elements(atom!.text);
        const count = entries.filter(({ name }) => name === "entry").length;
        for (const name of ["id", "title", "updated"]) // what RFC 4287 asks of the feed and of each entry
          expect(entries.filter((element) => element.name === name)).toHaveLength(count + 1);
        for (const { text } of entries.filter(({ name }) => name === "updated"))
          expect(text).toMatch(/^\d{4}-\d\d-\d\dT00:00:00\.000Z$/);
        const feed = JSON.parse(json!.text) as { version: string; items: { id: string }[] };
        expect(feed.version).toBe("https://jsonfeed.org/version/1.1");
        expect(feed.items).toHaveLength(count);
        expect(new Set(feed.items.map(({ id }) => id)).size).toBe(count);
      }
      const { text } = await get("/rss.xml?user=fed");
      expect(text).toContain("<dc:creator>fed</dc:creator>");
      expect(text).toContain(`<shortscience:bibtexkey>${sampleKey}</shortscience:bibtexkey>`);
      expect(text).toMatch(/<shortscience:votes>1</);
      expect(text).toContain("00:00:00 GMT</pubDate>");
    });

    test("pages lead to their feeds; what has none is 404", async () => {
      expect((await get(paper)).text).toContain(`href="/atom.xml?bibtexKey=${encodeURIComponent(key)}"`);
      expect((await get("/user?name=fed")).text).toContain('href="/rss.xml?user=fed"');
      expect((await get("/search?tag=samples")).text).toContain('href="/feed.json?tag=samples"');
      for (const query of [
        "?venue=Nowhere",
        "?tag=none",
        "?user=nobody-here",
        "?bibtexKey=no/such",
        "?tag=%00",
        "?tag=a&user=b",
      ])
        expect([query, (await get(`/rss.xml${query}`)).status]).toEqual([query, 404]);
    });
  });

  describe("twins and exports", () => {
    test("a paper's JSON has its summaries with their hashes, its claims and records; its Markdown the same", async () => {
      const answer = await get(`/paper.json?bibtexKey=${sampleKey}`);
      const document = paperDocument.parse(JSON.parse(answer.text));
      expect(document.results[0]?.rows[0]?.claimed).toEqual({ value: "0.062", source: "Table 1" });
      const mine = document.summaries.find(({ author }) => author?.name === "fed");
      expect(mine?.sha256).toBe(createHash("sha256").update("In the feed: $a<b$ & <i>more</i> ]]>.").digest("hex"));
      expect(document.summaries.find(({ markdown }) => markdown.startsWith("Unsigned"))?.author).toBeNull();
      const { text, headers } = await get(`/paper.md?bibtexKey=${sampleKey}`);
      expect(headers.get("Content-Type")).toBe("text/markdown; charset=utf-8");
      expect(text).toMatch(/^# Gradients of a Sample, and Other \\<Fixtures\\> & Angles\n/);
      expect(text).toContain("| FC10(1e-4) | 0.062 | Table 1 | 0.0634 |");
      expect(text).toContain("## Summary by somebody who does not say who");
      expect((await get(`/paper.json?bibtexKey=no/such`)).status).toBe(404);
    });

    test("lists and people as JSON and Markdown, a list in parts", async () => {
      const list = JSON.parse((await get("/search.json?tag=samples")).text) as { papers: unknown[]; next: unknown };
      expect(list.papers.map((entry) => paperEntry.parse(entry).bibtexKey)).toContain(sampleKey);
      expect((await get("/search.json?q=gradients")).text).toContain(sampleKey);
      const home = JSON.parse((await get("/index.json")).text) as { papers: unknown[]; next: string | null };
      for (const entry of home.papers) paperEntry.parse(entry);
      expect((await get("/index.md")).text).toContain("- [Gradients of a Sample");
      const person = personDocument.parse(JSON.parse((await get("/user.json?name=fed")).text));
      expect(person.summaries).toHaveLength(1);
      expect((await get("/user.md?name=fed")).text).toMatch(/^# fed\n\nfed, here since /);
      expect((await get("/user.json?name=unsigned-fed")).text).toContain('"summaries":[]');
      expect((await get("/user.json?name=nobody-here")).status).toBe(404);
    });

    test("reference managers read the exports back", async () => {
      const { text, headers } = await get(`/paper.ris?bibtexKey=${sampleKey}`);
      expect(headers.get("Content-Disposition")).toBe('attachment; filename="journals_corr_SampleRun21.ris"');
      const [read] = plugins.input.chain(text, { forceType: "@ris/file" }) as Record<string, unknown>[];
      expect(read).toMatchObject({
        type: "article-journal",
        title: "Gradients of a Sample, and Other <Fixtures> & Angles",
        author: [
          { family: "Sample", given: "Ada" },
          { family: "Fixture", given: "Émile" },
        ],
        DOI: "10.1000/sample.21",
        "container-title": "Proceedings of the Test Suite",
      });
      const csl = plugins.input.chain((await get(`/paper.csl.json?bibtexKey=${sampleKey}`)).text, {}) as {
        id: string;
      }[];
      expect(csl[0]).toMatchObject({ id: sampleKey, issued: { "date-parts": [[2021]] } });
      for (const end of ["bib", "ris", "csl.json", "csv"])
        expect([end, (await get(`/search.${end}?tag=samples`)).text.includes(sampleKey)]).toEqual([end, true]);
    });

    test("a paper's page tells reference managers what it is about", async () => {
      const { text } = await get(`/paper?bibtexKey=${sampleKey}`);
      expect(text).toContain(
        '<meta name="citation_title" content="Gradients of a Sample, and Other &lt;Fixtures&gt; &amp; Angles">',
      );
      expect(text.match(/name="citation_author"/g)).toHaveLength(2);
      for (const tag of ['citation_publication_date" content="2021"', 'citation_doi" content="10.1000/sample.21"'])
        expect(text).toContain(`<meta name="${tag}>`);
      expect(text).toContain('<meta name="citation_pdf_url" content="https://arxiv.org/pdf/2101.00001">');
      for (const end of ["json", "md", "bib", "ris", "csl.json"])
        expect(text).toContain(`/paper.${end}?bibtexKey=${sampleKey}`);
    });

    test("one's own summaries come as a zip of Markdown, for oneself alone", async () => {
      const client = await known("zipped");
      await client.post("/write", summaryForm("Mine, and private.", { visibility: "private" }));
      const response = await made().app.request("/account/summaries.zip", {
        headers: { Cookie: [...client.cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      });
      expect(response.headers.get("Content-Type")).toBe("application/zip");
      const { unzipSync, strFromU8 } = await import("fflate");
      const files = Object.entries(unzipSync(new Uint8Array(await response.arrayBuffer())));
      expect(files.map(([name]) => name)).toEqual(["journals_corr_SampleOld19.md"]);
      expect(strFromU8(files[0]![1])).toBe("Mine, and private.\n");
      expect((await get("/account/summaries.zip")).status).toBe(303);
    });

    test("security.txt and the sitemaps stand where crawlers look", async () => {
      const { text } = await get("/.well-known/security.txt");
      expect(text).toMatch(/^Contact: https:\/\/reprise\.test\/about$/m);
      const expires = Date.parse(/^Expires: (.*)$/m.exec(text)?.[1] ?? "");
      expect(expires).toBeGreaterThan(Date.now() + 150 * 24 * 3600_000);
      expect(elements((await get("/sitemap.xml")).text).filter(({ name }) => name === "loc")).toEqual([
        { name: "loc", attributes: {}, text: "https://reprise.test/sitemap/1.xml" },
      ]);
      elements((await get("/sitemap/1.xml")).text);
      expect((await get("/sitemap/2.xml")).status).toBe(404);
    });

    test("a spreadsheet computes nothing of an export; no title breaks its format", async () => {
      const found = await findPaper(made().db, sampleKey);
      const site = { db: made().db, origin: "https://reprise.test", panelOf: () => undefined };
      const base: Reference = await documentOf(site, found!);
      const evil = { ...base, title: '=cmd|"x"\r\nER  - \nTY  - JOUR', authors: ["+1", "Ada van der Sample 0001"] };
      expect(csv([evil]).split("\r\n")[1]).toContain(`"'=cmd|""x""`);
      expect(ris([evil]).match(/^ER {2}- /gm)).toHaveLength(1);
      expect(ris([evil])).toContain("AU  - van der Sample, Ada\r\n");
      expect(JSON.parse(cslJson([evil]))).toMatchObject([{ author: [{ literal: "+1" }, { family: "Sample" }] }]);
    });
  });

  describe("the API, version 1", () => {
    /** A client made of the site's own OpenAPI document: operations by their names. */
    async function clientOf() {
      const { paths } = JSON.parse((await get("/api/openapi.json")).text) as {
        paths: Record<string, { get?: { operationId: string; parameters?: { name: string; in: string }[] } }>;
      };
      return async (operation: string, values: Record<string, string> = {}, headers: Record<string, string> = {}) => {
        const [path, { get: asked } = {}] = Object.entries(paths).find(
          ([, each]) => each.get?.operationId === operation,
        )!;
        const query = new URLSearchParams();
        let address = path;
        for (const [name, value] of Object.entries(values))
          if (asked?.parameters?.some((each) => each.name === name && each.in === "path"))
            address = address.replace(`{${name}}`, encodeURIComponent(value).replaceAll("%2F", "/"));
          else query.set(name, value);
        const answer = await new Client(made().app).get(`${address}${query.size > 0 ? `?${query}` : ""}`, headers);
        return { ...answer, json: answer.text === "" ? null : JSON.parse(answer.text) };
      };
    }

    test("its routes answer as its OpenAPI document says, lists in pages that miss and repeat nothing", async () => {
      const ask = await clientOf();
      const keys: string[] = [];
      for (let cursor: string | null = "0"; cursor !== null; ) {
        const { json }: { json: { items: unknown[]; next: string | null } } = await ask("listPapers", {
          limit: "2",
          cursor,
        });
        keys.push(...json.items.map((item) => paperEntry.parse(item).bibtexKey));
        cursor = json.next;
      }
      const shown = await made()
        .db.selectFrom("papers")
        .select("bibtex_key")
        .where("withdrawn_at", "is", null)
        .execute();
      expect(keys.toSorted()).toEqual(shown.map((row) => row.bibtex_key).toSorted());
      expect((await ask("listPapers", { tag: "samples" })).json.items).toHaveLength(1);
      const { json, headers } = await ask("getPaper", { key: sampleKey });
      expect(paperDocument.parse(json).bibtexKey).toBe(sampleKey);
      expect([headers.get("Access-Control-Allow-Origin"), headers.get("RateLimit-Policy")]).toEqual([
        "*",
        '"lookups";q=300;w=10',
      ]);
      const again = await ask("getPaper", { key: sampleKey }, { "If-None-Match": headers.get("ETag") ?? "" });
      expect([again.status, again.text]).toEqual([304, ""]);
      expect(personDocument.parse((await ask("getPerson", { name: "fed" })).json).summaries).toHaveLength(1);
      expect((await ask("listTags")).json.items).toContainEqual({ name: "samples", papers: 1 });
      expect((await ask("listVenues")).json.items).toContainEqual({
        name: "Proceedings of the Test Suite",
        papers: expect.any(Number),
      });
    });

    test("what goes wrong is a problem of RFC 9457", async () => {
      const ask = await clientOf();
      const wrong = [
        [await ask("getPaper", { key: "no/such" }), 404, "No paper has this key, DOI or arXiv id."],
        [await ask("getPerson", { name: "nobody-here" }), 404, "There is nobody of this name."],
        [await ask("listPapers", { cursor: "x" }), 400, /not a cursor of an answer/],
        [await ask("listPapers", { colour: "red" }), 400, /Unrecognized key: "colour"/],
      ] as const;
      for (const [{ status, json, headers }, expected, detail] of wrong) {
        expect([status, json.status, headers.get("Content-Type")]).toEqual([
          expected,
          expected,
          "application/problem+json",
        ]);
        expect(json.detail).toMatch(detail);
      }
      const { text, status } = await get("/api/v1/nothing");
      expect([status, JSON.parse(text).detail]).toEqual([404, "The API has nothing at /api/v1/nothing."]);
    });
  });
}
