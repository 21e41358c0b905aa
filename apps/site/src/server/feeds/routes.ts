// /rss.xml, /atom.xml, /feed.json: of all summaries, or with ?venue=, ?tag=, ?user=, ?bibtexKey= of some.
import type { Context, Hono } from "hono";
import type { Kysely } from "kysely";
import type { Tables } from "../database/schema.ts";
import type { PageCache } from "../page-cache.ts";
import { atom, jsonFeed, rss } from "./formats.ts";
import { type FeedOf, feedContent } from "./items.ts";
import { feedFormats } from "./links.ts";

const writers = { "/rss.xml": rss, "/atom.xml": atom, "/feed.json": jsonFeed } as const;
const kinds = { venue: "venue", tag: "tag", user: "person", bibtexKey: "paper" } as const;
const longestName = 500;

export function mountFeeds(
  app: Hono,
  {
    db,
    pages,
    originOf,
    limit,
    missing,
  }: {
    readonly db: Kysely<Tables>;
    readonly pages: PageCache;
    readonly originOf: (c: Context) => string;
    /** Throws where the address has used up what it may ask. */
    readonly limit: (c: Context) => void;
    readonly missing: (c: Context, what: string) => Promise<Response>;
  },
): void {
  for (const { path, type } of feedFormats)
    app.get(path, async (c) => {
      const asked = Object.entries(kinds).flatMap(([parameter, kind]) => {
        const name = c.req.query(parameter);
        return name === undefined ? [] : [{ parameter, kind, name: name.slice(0, longestName).toWellFormed() }];
      });
      const [only, second] = asked;
      if (second) return missing(c, "A feed is of one venue, tag, person or paper; the address names several.");
      if (only && /\0|\ufffd/.test(only.name)) return missing(c, "No feed has this name.");
      const of: FeedOf = only ? { kind: only.kind, name: only.name } : { kind: "all" };
      const query = only ? `?${only.parameter}=${encodeURIComponent(only.name)}` : "";
      const origin = originOf(c);
      const answer = await pages.answer(c, `${origin} feed ${path}${query}`, async () => {
        limit(c);
        const content = await feedContent(db, of);
        if (!content) return undefined;
        const body = writers[path]({ ...content, origin, self: `${origin}${path}${query}` });
        return { body, type: `${type}; charset=utf-8`, shows: ["votes"] };
      });
      return answer ?? missing(c, `There is no ${only?.kind} of this name to have a feed.`);
    });
}
