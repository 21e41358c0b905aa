// The site's routes. Takes an open database and the built page; knows nothing of ports.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type Context, Hono } from "hono";
import { type Kysely, sql } from "kysely";
import { paperPath } from "../render/citations.ts";
import { mountApi } from "./api.ts";
import { mountApiReference } from "./api-reference.ts";
import { sendFile, type WebAssets } from "./assets.ts";
import type { Tables } from "./database/schema.ts";
import { sameOriginOnly, securityHeaders } from "./headers.ts";
import { PageCache } from "./page-cache.ts";
import { aboutPage } from "./pages/about.ts";
import { homePage } from "./pages/home.ts";
import type { Frame } from "./pages/layout.ts";
import { notFoundPage } from "./pages/not-found.ts";
import { paperPage } from "./pages/paper.ts";
import { findPaper, listPapers } from "./papers.ts";
import type { TagSuggester } from "./tag-suggestions.ts";

/** Papers whose method runs in the page, and the panel that runs it (`src/web/panels.ts`). */
export const panels: Readonly<Record<string, string>> = {
  "journals/corr/JoulinGBM16": "fasttext",
  "journals/corr/SzegedyZSBEGF13": "adversarial",
};

export interface AppParts {
  readonly db: Kysely<Tables>;
  readonly tags: TagSuggester;
  readonly assets: WebAssets;
  /** Where readers reach the site, without a slash at the end; canonical addresses start with it. */
  readonly origin: string;
  /** The folder the papers were seeded from: images of summaries and stored runs. */
  readonly contentDir: string;
  readonly panels: Readonly<Record<string, string>>;
  /** Told of errors that a reader only sees as "500". */
  readonly log?: (line: string) => void;
}

/** Test digits for the panels, kept by @reprise/data. */
const digits = fileURLToPath(new URL("../../../../packages/data/mnist-subset/", import.meta.url));

const favicon = readFileSync(fileURLToPath(new URL("../web/favicon.svg", import.meta.url)), "utf8");

/** The application, to be given to a server or called with `app.request()`. */
export function createApp(parts: AppParts): Hono {
  const { db, assets, origin, log = console.error } = parts;
  const panelOf = (key: string) => parts.panels[key];
  const app = new Hono();
  const pages = new PageCache();
  const frame: Frame = { origin, entry: assets.entry, panelOf };
  const missing = async (c: Context, what: string) => c.html(await notFoundPage(frame, what), 404);

  app.use(securityHeaders);
  app.use(sameOriginOnly);
  app.get("/", (c) => pages.answer(c, "/", async () => ({ body: await homePage(frame, await listPapers(db)) })));
  app.get("/about", (c) => pages.answer(c, "/about", async () => ({ body: await aboutPage(frame) })));

  app.get("/paper", async (c) => {
    const key = c.req.query("bibtexKey");
    if (!key) return missing(c, "The address names no paper: it should read /paper?bibtexKey=KEY.");
    const known = await pages.answer(c, `/paper ${key}`, async () => {
      const paper = await findPaper(db, key);
      return paper?.bibtexKey === key ? { body: await paperPage(frame, paper) } : undefined;
    });
    if (known) return known;
    const other = await findPaper(db, key);
    if (other) return c.redirect(paperPath(other.bibtexKey), 301);
    return missing(c, `There is no paper with the BibTeX key “${key}”.`);
  });
  app.get("/p/:key{.+}", (c) => c.redirect(paperPath(c.req.param("key")), 301));

  app.get("/paper.bib", async (c) => {
    const key = c.req.query("bibtexKey") ?? "";
    const paper = await findPaper(db, key);
    if (!paper) return missing(c, `There is no paper with the BibTeX key “${key}”.`);
    return c.body(`${paper.bibtex}\n`, 200, {
      "Content-Type": "application/x-bibtex; charset=utf-8",
      "Content-Disposition": `attachment; filename="${paper.bibtexKey.replace(/[^\w.-]+/g, "_")}.bib"`,
    });
  });

  app.get("/content/*", (c) => {
    const file = contentFile(parts.contentDir, c.req.path.slice("/content/".length));
    return file ? sendFile(c, file, "no-cache") : c.notFound();
  });

  app.get("/assets/mnist-subset/:file", (c) => {
    const { file } = c.req.param();
    const path = join(digits, file);
    return /^[\w.-]+\.(gz|json)$/.test(file) && existsSync(path) ? sendFile(c, path, "no-cache") : c.notFound();
  });

  mountApi(app, parts);
  mountApiReference(app, log);
  app.get("/healthz", async (c) => {
    try {
      await sql`select 1`.execute(db);
      return c.json({ status: "ok" });
    } catch (error) {
      log(`healthz: ${error}`);
      return c.json({ status: "the database does not answer" }, 503);
    }
  });
  app.get("/robots.txt", (c) => c.text(`User-agent: *\nAllow: /\nSitemap: ${origin}/sitemap.xml\n`));
  app.get("/sitemap.xml", (c) =>
    pages.answer(c, "/sitemap.xml", async () => ({ body: await sitemap(db, origin), type: "application/xml" })),
  );
  assets.mount(app); // after /assets/mnist-subset/, whose prefix it shares
  app.get("/favicon.svg", (c) => c.body(favicon, 200, { "Content-Type": "image/svg+xml" }));

  app.notFound((c) =>
    ["GET", "HEAD"].includes(c.req.method)
      ? missing(c, `Nothing is at ${c.req.path}.`)
      : c.text(`405: ${c.req.method} is not possible at ${c.req.path}`, 405, { Allow: "GET, HEAD" }),
  );
  app.onError((error, c) => {
    log(`${c.req.method} ${c.req.path}: ${error.stack ?? error}`);
    return c.text("500: the server failed on this request; the reason is in its log.", 500);
  });
  return app;
}

/** A picture, a model or a data file of the content folder; nothing else of it, and nothing outside of it, is ever sent. */
function contentFile(folder: string, encoded: string): string | undefined {
  try {
    const name = decodeURIComponent(encoded);
    if (!/^[\w./:+-]+(\.(png|svg|onnx)|\/models\.json|\/data\/[\w.-]+\.(txt\.gz|ftz))$/.test(name)) return undefined;
    const root = realpathSync(folder);
    const file = realpathSync(join(root, name));
    return file.startsWith(root + sep) ? file : undefined;
  } catch {
    return undefined; // not there, or no address at all
  }
}

async function sitemap(db: Kysely<Tables>, origin: string): Promise<string> {
  const xml = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const papers = await listPapers(db);
  return `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>${origin}/</loc></url>
<url><loc>${origin}/about</loc></url>
${papers.map(({ bibtexKey, updatedAt }) => `<url><loc>${xml(origin + paperPath(bibtexKey))}</loc><lastmod>${updatedAt.toISOString()}</lastmod></url>\n`).join("")}</urlset>
`;
}
