// The site's routes. Takes an open database and the built page; knows nothing of ports.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Paper } from "@reprise/experiment";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { type Kysely, sql } from "kysely";
import { paperPath } from "../render/citations.ts";
import { allowedMethods } from "./allowed-methods.ts";
import { mountApi } from "./api.ts";
import { mountApiReference } from "./api-reference.ts";
import { mountApiV1 } from "./api-v1.ts";
import type { WebAssets } from "./assets.ts";
import { Refusal, refusalPage, SignInFirst, unavailable } from "./community.ts";
import { mountCrawlers } from "./crawlers.ts";
import { databaseFault } from "./database/faults.ts";
import type { Tables } from "./database/schema.ts";
import { readerOf } from "./discussion/reader.ts";
import { mountDiscussion } from "./discussion/routes.ts";
import { mountExports } from "./exports/routes.ts";
import { mountFeeds } from "./feeds/routes.ts";
import { FileReplies } from "./files.ts";
import { BadForm } from "./forms.ts";
import { sameOriginOnly, securityHeaders } from "./headers.ts";
import { Limits, type RateName, TooMany } from "./limits.ts";
import { mountLists } from "./lists.ts";
import { dated, type Log, requestLine } from "./log.ts";
import { mountModeration } from "./moderation/routes.ts";
import { mountNotices } from "./notices/routes.ts";
import { clientAddress, forwardedOrigin } from "./origin.ts";
import { addressOf, type Page, PageCache } from "./page-cache.ts";
import { aboutPage } from "./pages/about.ts";
import type { Frame } from "./pages/layout.ts";
import { noPaperPage, notFoundPage } from "./pages/not-found.ts";
import { paperPage } from "./pages/paper.ts";
import { withdrawnPage } from "./pages/withdrawn.ts";
import { mountPaperFiles } from "./paper-files.ts";
import { mountAdding } from "./papers/routes.ts";
import { findPaper, type PaperView } from "./papers.ts";
import { mountAdmin } from "./people/admin-routes.ts";
import { mountApiTokens } from "./people/api-token-routes.ts";
import { Passwords } from "./people/passwords.ts";
import { mountPeople } from "./people/routes.ts";
import { mountSecondFactor } from "./people/second-factor-routes.ts";
import { Sessions, viewerOf } from "./people/sessions.ts";
import { Renderer } from "./renderer.ts";
import type { QuickReplies } from "./reply.ts";
import { mountSummaries } from "./summaries/routes.ts";
import type { TagSuggester } from "./tag-suggestions.ts";
import { impossibleKey, UnknownKeys } from "./unknown-keys.ts";
import type { Visits } from "./visits.ts";

export interface AppParts {
  readonly db: Kysely<Tables>;
  readonly tags: TagSuggester;
  readonly assets: WebAssets;
  /** Where readers reach the site, without a slash at the end; canonical addresses start with it. */
  readonly origin: string;
  /** The folder the papers were seeded from: images of summaries and stored runs. */
  readonly contentDir: string;
  /** Papers whose method runs in the page, in the panel of the method's name, and the files that their pages load. */
  readonly papers: readonly Paper[];
  /** Told of errors that a reader only sees as "500", a dated line each. */
  readonly log?: (line: string) => void;
  /** Errors are logged with their stacks. */
  readonly debug?: boolean;
  /** Every request is logged, not only the failing ones. */
  readonly accessLog?: boolean;
  /**
   * A proxy stands in front, and its X-Forwarded-* headers are true: "address" takes from them who asks, "all" also
   * under which address the site is reached.
   */
  readonly proxy?: "address" | "all" | undefined;
  /** Told of each paper's page that is read. */
  readonly visits?: Visits | undefined;
  /** Other servers write to the same database: pages are made again after so many milliseconds. */
  readonly keepFor?: number | undefined;
  /** Renders what people write; one of its own unless given. */
  readonly renderer?: Renderer;
  /** How passwords are kept; as slow as they should be unless a test is about something else. */
  readonly passwords?: Passwords;
  /** Where weaknesses of the site are told, an address that begins with https: or mailto:. */
  readonly contact?: string | undefined;
  /** Mails go out through a server. */
  readonly sendsMail?: boolean | undefined;
  /** Filled with answers that hold for their address, whoever asks. */
  readonly quick?: QuickReplies;
  /** Seconds by which addresses' requests are counted; those since the process started, if left out. */
  readonly clock?: () => number;
}

const favicon = readFileSync(fileURLToPath(new URL("../web/favicon.svg", import.meta.url)), "utf8");

/** The application, to be given to a server or called with `app.request()`. */
export function createApp(parts: AppParts): Hono {
  const { db, assets, proxy } = parts;
  const log = dated(parts.log ?? console.error);
  const panelOf = (key: string) => parts.papers.find((paper) => paper.key === key)?.method;
  const app = new Hono();
  const quick = proxy === "all" ? undefined : parts.quick; // such answers would name another reader's address
  const pages = new PageCache(500, quick);
  if (parts.visits) parts.visits.onWritten = () => pages.changed("visits");
  if (parts.keepFor) setInterval(() => pages.clear(), parts.keepFor).unref();
  const files = new FileReplies();
  const unknown = new UnknownKeys();
  const limits = new Limits();
  const sessions = new Sessions(db);
  const originOf = (c: Context) => (proxy === "all" ? forwardedOrigin(c) : undefined) ?? parts.origin;
  const frameOf = (c: Context): Frame => ({ origin: originOf(c), entry: assets.entry, panelOf, viewer: viewerOf(c) });
  const missing = async (c: Context, what: string) => c.html(await notFoundPage(frameOf(c), what), 404, noStore);
  const noPaper = async (c: Context, key: string) => c.html(await noPaperPage(frameOf(c), readable(key)), 404, noStore);

  let hinted = false;
  /** Throws where the address has used up what it may ask. */
  const limit = (c: Context, kind: RateName) => {
    const address = clientAddress(c, proxy !== undefined);
    if (!address) return;
    try {
      limits.take(kind, address, parts.clock?.());
    } catch (error) {
      if (!proxy && !hinted && c.req.header("X-Forwarded-For")) {
        hinted = true;
        log("requests from a proxy are limited as if one reader sent them all; give --trust-proxy if it is yours");
      }
      throw error;
    }
  };

  /** A page about the paper of this key; 404 for an unknown key, 410 for a withdrawn paper. */
  const aboutPaper = async (c: Context, what: string, key: string, make: (paper: PaperView) => Promise<Page>) => {
    if (impossibleKey(key) || unknown.has(key)) return noPaper(c, key);
    const answer = await pages.answer(c, `${originOf(c)} ${what} ${key}`, async () => {
      limit(c, "lookups");
      const paper = await findPaper(db, key);
      if (!paper) return undefined;
      if (paper.withdrawn) return { body: await withdrawnPage(frameOf(c), key), status: 410 };
      return { ...(await make(paper)), shows: [`paper ${paper.bibtexKey}`] };
    });
    if (answer) return answer;
    unknown.add(key);
    return noPaper(c, key);
  };
  const redirect = (to: string): Page => ({ body: "", status: 301, headers: { Location: to } });

  app.use(requestLog(log, parts));
  app.use(securityHeaders);
  app.use(async (c, next) => {
    if (!["GET", "HEAD", "OPTIONS"].includes(c.req.method)) limit(c, "writes");
    await next();
  });
  const fromOwnPages = sameOriginOnly(originOf);
  // A method that nothing here answers is 405, whoever asks; POST, which any page may send, is judged everywhere.
  app.use((c, next) => {
    const { method, path } = c.req;
    return method === "POST" || methodsAt(path).includes(method) ? fromOwnPages(c, next) : next();
  });
  app.use(async (c, next) => {
    c.set("origin" as never, originOf(c) as never);
    if (!/^\/(?:assets|content)\//.test(c.req.path)) c.set("viewer" as never, (await sessions.viewer(c)) as never);
    await next();
    // A page that names its reader is theirs alone, whatever its route says of others'.
    if (viewerOf(c) && c.res.headers.get("Content-Type")?.startsWith("text/html"))
      c.res.headers.set("Cache-Control", "private, no-store");
  });
  app.use("/paper", async (c, next) => {
    await next();
    if (c.req.method === "GET" && [200, 304].includes(c.res.status))
      parts.visits?.seen(addressOf(c), c.req.header("User-Agent"));
  });
  mountLists(app, {
    ...{ db, pages, frameOf, missing },
    running: parts.papers.map(({ key }) => key),
    limit: (c) => limit(c, "lookups"),
  });
  app.get("/about", (c) =>
    pages.answer(c, `${originOf(c)} /about`, async () => ({ body: await aboutPage(frameOf(c)) })),
  );

  app.get("/paper", async (c) => {
    const key = c.req.query("bibtexKey");
    if (!key) return missing(c, "The address names no paper: it should read /paper?bibtexKey=KEY.");
    return aboutPaper(c, "/paper", key, async (paper) =>
      paper.bibtexKey === key
        ? { body: await paperPage(frameOf(c), paper, await readerOf(db, paper, viewerOf(c))) }
        : redirect(paperPath(paper.bibtexKey)),
    );
  });
  app.get("/p/:key{.+}", (c) =>
    aboutPaper(c, "/p", c.req.param("key").replace(/\/+$/, ""), async ({ bibtexKey }) =>
      redirect(paperPath(bibtexKey)),
    ),
  );

  const passwords = parts.passwords ?? new Passwords();
  const community = { app, db, pages, passwords, sessions, limits, frameOf, originOf, limit, missing };
  mountPeople(community);
  mountAdmin(community, parts.sendsMail ?? false);
  mountApiTokens(community);
  mountSecondFactor(community);
  mountAdding(community, unknown);
  const renderer = parts.renderer ?? new Renderer();
  mountSummaries(community, renderer);
  mountDiscussion(community, renderer);
  mountModeration(community);
  mountNotices(community);
  mountPaperFiles(app, files, parts);
  mountApi(app, { ...{ db, pages, originOf }, tags: parts.tags, limit: (c) => limit(c, "lookups") });
  mountApiReference(app, log);
  const healthy = once(async () => {
    await sql`select 1`.execute(db);
  });
  app.get("/healthz", async (c) => {
    try {
      await healthy();
      return c.json({ status: "ok" }, 200, noStore);
    } catch (error) {
      c.error = error as Error; // for the log
      return c.json({ status: "the database does not answer" }, 503, { ...noStore, "Retry-After": "5" });
    }
  });
  const forMachines = { db, pages, originOf, missing, limit: (c: Context) => limit(c, "lookups") };
  mountFeeds(app, forMachines);
  mountExports(app, { ...forMachines, panelOf, running: parts.papers.map(({ key }) => key), aboutPaper });
  mountApiV1(app, { ...forMachines, panelOf });
  mountCrawlers(app, { ...forMachines, contact: parts.contact });
  assets.mount(app, { files, quick }); // after the papers' files, whose prefix it shares
  for (const path of ["/favicon.svg", "/favicon.ico"])
    app.get(path, (c) =>
      pages.answer(c, "favicon", async () => ({
        body: favicon,
        type: "image/svg+xml",
        cacheControl: "public, max-age=86400",
      })),
    );

  const methodsAt = allowedMethods(app);
  app.notFound((c) => {
    const { method, path } = c.req;
    const allowed = methodsAt(path);
    const Allow = allowed.join(", ");
    if (method === "OPTIONS" && allowed.length > 0) return c.body(null, 204, { Allow, ...noStore });
    if (allowed.length > 0 && !allowed.includes(method))
      return c.text(`405: ${method} is not possible at ${path}; ${Allow} are`, 405, { Allow, ...noStore });
    if (!["GET", "HEAD"].includes(method)) return c.text(`404: nothing is at ${path}`, 404, noStore);
    const page = `/${path.replace(/^\/+|\/+$/g, "")}`;
    if (page !== path && page !== "/" && !page.startsWith("/assets/") && methodsAt(page).includes("GET"))
      return c.redirect(page + addressOf(c).slice(path.length), 301);
    return missing(c, `Nothing is at ${readable(path)}.`);
  });
  app.onError(async (error, c) => {
    if (error instanceof SignInFirst) return c.redirect(`/sign-in?next=${encodeURIComponent(error.next)}`, 303);
    if (error instanceof Refusal) return refusalPage(c, frameOf(c), error);
    if (error instanceof BadForm) return c.text(`${error.status}: ${error.message}`, error.status, noStore);
    if (error instanceof TooMany)
      return c.text("429: too many requests from this address; wait a little.", 429, {
        ...noStore,
        "Retry-After": String(error.seconds),
      });
    const fault = databaseFault(error);
    if (fault) return unavailable(c, frameOf(c), fault);
    return c.text("500: the server failed on this request; the reason is in its log.", 500, noStore);
  });
  return app;
}

const noStore = { "Cache-Control": "no-store" } as const;

/** Logs each request that the server failed on, and every one if so wished. */
function requestLog(log: Log, { debug, accessLog, proxy }: AppParts): MiddlewareHandler {
  return async (c, next) => {
    const start = performance.now();
    await next();
    const { status } = c.res;
    if (!accessLog && status < 500) return;
    const line = {
      status,
      milliseconds: performance.now() - start,
      method: c.req.method,
      address: addressOf(c),
      from: accessLog ? clientAddress(c, proxy !== undefined) : undefined,
      error: status >= 500 ? c.error : undefined,
    };
    log(requestLine(line, debug));
  };
}

/** Many who ask at once get one answer. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= ask().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

/** Without the characters that no page may hold. */
function readable(text: string): string {
  return text.toWellFormed().replace(/\p{Cc}/gu, "\ufffd");
}
