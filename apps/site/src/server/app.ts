// The site's routes. Takes an open database and the built page; knows nothing of ports and folders.
import { Hono } from "hono";
import type { Kysely } from "kysely";
import { paperPath } from "../render/citations.ts";
import type { webAssets } from "./assets.ts";
import type { Tables } from "./database/schema.ts";
import { sameOriginOnly, securityHeaders } from "./headers.ts";
import { PageCache } from "./page-cache.ts";
import { homePage } from "./pages/home.ts";
import type { Frame } from "./pages/layout.ts";
import { notFoundPage } from "./pages/not-found.ts";
import { paperPage } from "./pages/paper.ts";
import { findPaper, listPapers } from "./papers.ts";

export interface AppParts {
  readonly db: Kysely<Tables>;
  readonly assets: ReturnType<typeof webAssets>;
  /** Where readers reach the site, without a slash at the end; canonical addresses start with it. */
  readonly origin: string;
}

/** The application, to be given to a server or called with `app.request()`. */
export function createApp({ db, assets, origin }: AppParts): Hono {
  const app = new Hono();
  const pages = new PageCache();
  const frame: Frame = { origin, entry: assets.entry };

  app.use(securityHeaders);
  app.use(sameOriginOnly);
  assets.mount(app);

  app.get("/", (c) => pages.answer(c, "/", async () => ({ body: await homePage(frame, await listPapers(db)) })));
  app.get("/paper", async (c) => {
    const key = c.req.query("bibtexKey");
    if (!key) return c.html(await notFoundPage(frame, "The address names no paper."), 404);
    const paper = await findPaper(db, key);
    if (!paper) return c.html(await notFoundPage(frame, `There is no paper with the BibTeX key “${key}”.`), 404);
    if (paper.bibtexKey !== key) return c.redirect(paperPath(paper.bibtexKey), 301);
    return pages.answer(c, c.req.path + key, async () => ({ body: await paperPage(frame, paper) }));
  });
  app.notFound(async (c) => c.html(await notFoundPage(frame, `Nothing is at ${c.req.path}.`), 404));
  return app;
}
