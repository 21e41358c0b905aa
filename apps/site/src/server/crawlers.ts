// What crawlers ask for first: robots.txt, the index of sitemaps and its parts, security.txt.
import type { Context, Hono } from "hono";
import { type Kysely, sql } from "kysely";
import { paperPath } from "../render/citations.ts";
import type { Tables } from "./database/schema.ts";
import type { PageCache } from "./page-cache.ts";
import { dayOf } from "./pages/day.ts";
import { xml } from "./xml.ts";

export interface CrawlerParts {
  readonly db: Kysely<Tables>;
  readonly pages: PageCache;
  readonly originOf: (c: Context) => string;
  /** Throws where the address has used up what it may ask. */
  readonly limit: (c: Context) => void;
  /** Where weaknesses are told: an address that begins with https: or mailto:. */
  readonly contact?: string | undefined;
  /** Addresses in one sitemap; the format allows 50,000. */
  readonly perSitemap?: number | undefined;
}

const forms = ["/write", "/add", "/sign-in", "/sign-up", "/report", "/comment", "/random", "/api/"];
const halfYear = 180 * 24 * 3600_000;

export function mountCrawlers(app: Hono, parts: CrawlerParts): void {
  const { db, pages, originOf, limit, contact, perSitemap = 10_000 } = parts;
  app.get("/robots.txt", (c) =>
    pages.answer(c, `${originOf(c)} /robots.txt`, async () => ({
      body: `User-agent: *\nAllow: /\n${forms.map((path) => `Disallow: ${path}\n`).join("")}Sitemap: ${originOf(c)}/sitemap.xml\n`,
      type: "text/plain; charset=utf-8",
      cacheControl: "public, max-age=3600",
    })),
  );

  app.get("/.well-known/security.txt", (c) => {
    const expires = new Date(Math.ceil((Date.now() + halfYear) / halfYear) * halfYear);
    const lines = [
      `Contact: ${contact ?? `${originOf(c)}/about`}`,
      `Expires: ${expires.toISOString()}`,
      "Preferred-Languages: en",
      `Canonical: ${originOf(c)}/.well-known/security.txt`,
    ];
    return c.text(`${lines.join("\n")}\n`, 200, { "Cache-Control": "public, max-age=86400" });
  });
  app.get("/security.txt", (c) => c.redirect("/.well-known/security.txt", 301));

  app.get("/sitemap.xml", (c) =>
    pages.answer(c, `${originOf(c)} /sitemap.xml`, async () => {
      const { rows } = await sql<{ count: number }>`select count(*)::int as count from paper_search`.execute(db);
      const parts = Math.max(1, Math.ceil((rows[0]?.count ?? 0) / perSitemap));
      const names = Array.from({ length: parts }, (_, i) => `/sitemap/${i + 1}.xml`);
      return { body: index(originOf(c), names), type: "application/xml" };
    }),
  );
  app.get("/sitemap/:part{[1-9][0-9]{0,4}\\.xml}", async (c) => {
    const part = Number.parseInt(c.req.param("part"), 10);
    const answer = await pages.answer(c, `${originOf(c)} /sitemap/${part}.xml`, async () => {
      limit(c);
      const { rows } = await sql<{ key: string; day: Date | null }>`
        select p.bibtex_key as key, s.written_at as day from paper_search s join papers p on p.id = s.paper_id
        order by s.paper_id limit ${perSitemap} offset ${(part - 1) * perSitemap}`.execute(db);
      if (rows.length === 0 && part > 1) return undefined;
      const papers = rows.map(({ key, day }) => ({ path: paperPath(key), day }));
      const fixed = part === 1 ? ["/", "/about"].map((path) => ({ path, day: null })) : [];
      return { body: urls(originOf(c), [...fixed, ...papers]), type: "application/xml" };
    });
    return answer ?? c.notFound();
  });
}

const namespace = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"';

function index(origin: string, names: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<sitemapindex ${namespace}>
${names.map((name) => `<sitemap><loc>${xml(origin + name)}</loc></sitemap>\n`).join("")}</sitemapindex>
`;
}

function urls(origin: string, pages: readonly { readonly path: string; readonly day: Date | null }[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<urlset ${namespace}>
${pages.map(({ path, day }) => `<url><loc>${xml(origin + path)}</loc>${day ? `<lastmod>${dayOf(day)}</lastmod>` : ""}</url>\n`).join("")}</urlset>
`;
}
