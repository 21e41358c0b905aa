// Routes of lists: home, search, and the old addresses of venues and years.
import type { Context, Hono } from "hono";
import type { Kysely } from "kysely";
import { z } from "zod";
import { paperPath } from "../render/citations.ts";
import type { Tables } from "./database/schema.ts";
import type { Page, PageCache } from "./page-cache.ts";
import { homeOrder, homePage } from "./pages/home.ts";
import type { Frame } from "./pages/layout.ts";
import { pageLength } from "./pages/paper-list.ts";
import { searchPage } from "./pages/search.ts";
import { type ListAddress, listPath } from "./pages/tags.ts";
import { type CardFilter, cardOrders, countPapers, paperCards } from "./papers.ts";
import { viewerOf } from "./people/sessions.ts";
import { searchPapers } from "./search/search.ts";

export interface ListParts {
  readonly db: Kysely<Tables>;
  readonly pages: PageCache;
  readonly frameOf: (c: Context) => Frame;
  /** Keys of the papers that run in the page. */
  readonly running: readonly string[];
  /** Throws where the address has used up what it may ask. */
  readonly limit: (c: Context) => void;
  readonly missing: (c: Context, what: string) => Promise<Response>;
}

const mostPages = 100_000;
const page = z.coerce.number().int().min(1).max(mostPages).catch(1);
const words = (most: number) =>
  z
    .string()
    .transform(
      (text) =>
        text
          .toWellFormed()
          .replace(/\p{Cc}/gu, " ")
          .trim()
          .slice(0, most) || undefined,
    )
    .optional();
const yes = z
  .string()
  .transform((text) => text === "yes" || undefined)
  .optional();
export const homeQuery = z.object({ order: z.enum(cardOrders).catch(homeOrder), page });
export const searchQuery = z.object({
  q: words(200),
  tag: words(200),
  venue: words(300),
  year: z.coerce.number().int().min(1000).max(9999).optional().catch(undefined),
  runs: yes,
  reproduced: yes,
  page,
});

export function mountLists(app: Hono, { db, pages, frameOf, running, limit, missing }: ListParts): void {
  app.get("/", async (c) => {
    const { order, page: number } = homeQuery.parse(c.req.query());
    const frame = frameOf(c);
    const make = async (): Promise<Page | undefined> => {
      if (number > 1) limit(c);
      const [shown, papers] = await Promise.all([
        number === 1 ? paperCards(db, { filter: { keys: running } }) : [],
        paperCards(db, { order, limit: pageLength + 1, offset: (number - 1) * pageLength }),
      ]);
      if (papers.length === 0 && number > 1) return undefined;
      const hasMore = papers.length > pageLength;
      return {
        body: await homePage(frame, { running: shown, papers: papers.slice(0, pageLength), order, number, hasMore }),
        shows: ["votes", "visits"],
      };
    };
    return (
      (await pages.answer(c, `home ${frame.origin} ${order} ${number}`, make)) ??
      missing(c, `The list of papers has no page ${number}.`)
    );
  });

  app.get("/search", async (c) => {
    limit(c);
    const address: ListAddress = searchQuery.parse(c.req.query());
    const { q, page: number = 1 } = address;
    const filter = filterOf(address, running);
    const offset = (number - 1) * pageLength;
    if (q !== undefined) {
      const found = await searchPapers(db, q, { filter, limit: pageLength + 1, offset });
      if (found.hits.length === 0 && number > 1) return missing(c, `The list of what was found has no page ${number}.`);
      const result = { ...found, hits: found.hits.slice(0, pageLength) };
      return html(c, await searchPage(frameOf(c), { address, result, hasMore: found.hits.length > pageLength }));
    }
    const [papers, total] = await Promise.all([
      paperCards(db, { filter, order: "year", limit: pageLength + 1, offset }),
      countPapers(db, filter),
    ]);
    if (papers.length === 0 && number > 1) return missing(c, `The list of papers has no page ${number}.`);
    const hits = papers.slice(0, pageLength).map((card) => ({ ...card, snippet: null }));
    const result = { hits, total, more: false, corrected: null };
    return html(c, await searchPage(frameOf(c), { address, result, hasMore: papers.length > pageLength }));
  });

  // ShortScience's addresses.
  app.get("/venue", (c) => {
    const { key, year } = z.object({ key: words(300), year: searchQuery.shape.year }).parse(c.req.query());
    return c.redirect(listPath({ venue: key, year }), 301);
  });
  app.get("/year", (c) => {
    const { year } = z.object({ year: searchQuery.shape.year }).parse(c.req.query());
    return c.redirect(listPath({ year }), 301);
  });
  app.get("/random", async (c) => {
    limit(c);
    const total = await countPapers(db);
    const [paper] = await paperCards(db, { limit: 1, offset: Math.floor(Math.random() * total) });
    if (!paper) return missing(c, "There are no papers yet.");
    return c.redirect(paperPath(paper.bibtexKey), 302);
  });
}

export function filterOf({ tag, venue, year, runs, reproduced }: ListAddress, running: readonly string[]): CardFilter {
  return { tag, venue, year, keys: runs ? running : undefined, reproduced };
}

const html = (c: Context, body: string) =>
  c.html(body, 200, { "Cache-Control": viewerOf(c) ? "private, no-store" : "no-cache" });
