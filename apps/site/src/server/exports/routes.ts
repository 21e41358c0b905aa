// The twins of pages for programs (.json, .md), and papers for reference managers and tables (.bib, .ris, .csl.json, .csv).
import type { Context, Hono } from "hono";
import type { Kysely } from "kysely";
import type { Tables } from "../database/schema.ts";
import { listMarkdown, paperMarkdown, personMarkdown } from "../documents/markdown.ts";
import { documentOf, entriesOf, keysOf } from "../documents/papers.ts";
import { personOf } from "../documents/people.ts";
import type { PaperEntry } from "../documents/schemas.ts";
import { filterOf, homeQuery, searchQuery } from "../lists.ts";
import type { Page, PageCache } from "../page-cache.ts";
import { listPath } from "../pages/tags.ts";
import type { PaperView } from "../papers.ts";
import { searchPapers } from "../search/search.ts";
import { bibtex, cslJson, csv, ris } from "./formats.ts";

export interface ExportParts {
  readonly db: Kysely<Tables>;
  readonly pages: PageCache;
  readonly originOf: (c: Context) => string;
  readonly panelOf: (bibtexKey: string) => string | undefined;
  /** Keys of the papers that run in the page. */
  readonly running: readonly string[];
  /** Throws where the address has used up what it may ask. */
  readonly limit: (c: Context) => void;
  readonly missing: (c: Context, what: string) => Promise<Response>;
  /** A page about the paper of this key; 404 for an unknown key, 410 for a withdrawn paper. */
  readonly aboutPaper: (
    c: Context,
    what: string,
    key: string,
    make: (paper: PaperView) => Promise<Page>,
  ) => Promise<Response>;
}

const json = "application/json; charset=utf-8";
const markdown = "text/markdown; charset=utf-8";

/** By the end of the address. */
const references = {
  bib: { write: bibtex, type: "application/x-bibtex; charset=utf-8" },
  ris: { write: ris, type: "application/x-research-info-systems; charset=utf-8" },
  "csl.json": { write: cslJson, type: "application/vnd.citationstyles.csl+json; charset=utf-8" },
  csv: { write: csv, type: "text/csv; charset=utf-8" },
} as const;

const perPage = { references: 1000, twins: 100 } as const;

export function mountExports(app: Hono, parts: ExportParts): void {
  const { db, pages, originOf, panelOf, running, limit, missing, aboutPaper } = parts;
  const site = (c: Context) => ({ db, origin: originOf(c), panelOf });

  for (const [end, { write, type }] of Object.entries(references))
    app.get(`/paper.${end}`, (c) =>
      aboutPaper(c, `/paper.${end}`, c.req.query("bibtexKey") ?? "", async (paper) => {
        const document = await documentOf(site(c), { ...paper, summaries: [] });
        return { body: write([document]), type, headers: attachment(`${paper.bibtexKey}.${end}`) };
      }),
    );
  app.get("/paper.json", (c) =>
    aboutPaper(c, "/paper.json", c.req.query("bibtexKey") ?? "", async (paper) => ({
      body: JSON.stringify(await documentOf(site(c), paper)),
      type: json,
    })),
  );
  app.get("/paper.md", (c) =>
    aboutPaper(c, "/paper.md", c.req.query("bibtexKey") ?? "", async (paper) => ({
      body: paperMarkdown(await documentOf(site(c), paper)),
      type: markdown,
    })),
  );

  /** Some papers of the list that the query names, and whether there are more. */
  async function listed(c: Context, most: number) {
    limit(c);
    const address = searchQuery.parse(c.req.query());
    const { q, page = 1 } = address;
    const window = { filter: filterOf(address, running), limit: most + 1, offset: (page - 1) * most };
    const keys =
      q === undefined
        ? await keysOf(db, { ...window, order: "year" })
        : (await searchPapers(db, q, window)).hits.map(({ bibtexKey }) => bibtexKey);
    const next = keys.length > most ? listPath({ ...address, page: page + 1 }).slice("/search".length) : undefined;
    return { papers: await entriesOf(db, originOf(c), keys.slice(0, most)), next };
  }
  const nextLink = (c: Context, path: string, next: string | undefined): Record<string, string> =>
    next === undefined ? {} : { Link: `<${originOf(c)}${path}${next}>; rel="next"` };
  const titleOf = (c: Context) => `Papers: ${Object.values(c.req.query()).join(", ") || "all"}`;

  for (const [end, { write, type }] of Object.entries(references))
    app.get(`/search.${end}`, async (c) => {
      const { papers, next } = await listed(c, perPage.references);
      return c.body(write(papers), 200, {
        ...{ "Content-Type": type, "Cache-Control": "no-cache" },
        ...attachment(`papers.${end}`),
        ...nextLink(c, `/search.${end}`, next),
      });
    });
  app.get("/search.json", async (c) => {
    const { papers, next } = await listed(c, perPage.twins);
    const body = { papers, next: next === undefined ? null : `${originOf(c)}/search.json${next}` };
    return c.json(body, 200, { "Cache-Control": "no-cache", ...nextLink(c, "/search.json", next) });
  });
  app.get("/search.md", async (c) => {
    const { papers, next } = await listed(c, perPage.twins);
    return c.body(listMarkdown(titleOf(c), papers), 200, {
      ...{ "Content-Type": markdown, "Cache-Control": "no-cache" },
      ...nextLink(c, "/search.md", next),
    });
  });

  const home = (path: string, type: string, write: (papers: readonly PaperEntry[], next: string | null) => string) =>
    app.get(path, (c) => {
      const { order, page } = homeQuery.parse(c.req.query());
      return pages.answer(c, `home ${originOf(c)} ${path} ${order} ${page}`, async () => {
        limit(c);
        const keys = await keysOf(db, { order, limit: perPage.twins + 1, offset: (page - 1) * perPage.twins });
        const papers = await entriesOf(db, originOf(c), keys.slice(0, perPage.twins));
        const next = keys.length > perPage.twins ? `${originOf(c)}${path}?order=${order}&page=${page + 1}` : null;
        return { body: write(papers, next), type, shows: ["votes", "visits"] };
      });
    });
  home("/index.json", json, (papers, next) => JSON.stringify({ papers, next }));
  home("/index.md", markdown, (papers) => listMarkdown("Reprise", papers));

  app.get("/user.json", async (c) => {
    limit(c);
    const person = await personOf(db, originOf(c), c.req.query("name") ?? "");
    return person ? c.json(person, 200, noCache) : missing(c, "There is nobody of this name.");
  });
  app.get("/user.md", async (c) => {
    limit(c);
    const person = await personOf(db, originOf(c), c.req.query("name") ?? "");
    if (!person) return missing(c, "There is nobody of this name.");
    return c.body(personMarkdown(person), 200, { ...noCache, "Content-Type": markdown });
  });
}

const noCache = { "Cache-Control": "no-cache" } as const;

function attachment(name: string): Record<string, string> {
  return { "Content-Disposition": `attachment; filename="${name.replace(/[^\w.-]+/g, "_")}"` };
}
