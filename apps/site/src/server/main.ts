// Starts the site: database, content, built page, HTTP.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import { createApp, panels } from "./app.ts";
import { webAssets } from "./assets.ts";
import { buildWeb } from "./build-web.ts";
import { readContent } from "./content.ts";
import { type Database, openDatabase } from "./database/open.ts";
import { seed } from "./seed.ts";
import { TagSuggester } from "./tag-suggestions.ts";

const ownContent = fileURLToPath(new URL("../../content", import.meta.url));

export interface SiteOptions {
  /** Folder for the built-in database. */
  readonly dataDir?: string;
  /** 0 takes any free port. */
  readonly port?: number;
  readonly host?: string;
  /** PostgreSQL instead of the built-in database. */
  readonly databaseUrl?: string | undefined;
  readonly contentDir?: string;
  /** Run panel of each paper by its key; the site's own unless a test gives others. */
  readonly panels?: Readonly<Record<string, string>>;
  /** Told what takes long: building, seeding. */
  readonly log?: (line: string) => void;
}

/** A running site. `close` ends the requests under way, closes the database and gives the data folder back. */
export interface Site {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * Starts the site and resolves when it answers.
 *
 * @throws Error in one line: port taken, data folder locked or not writable, PostgreSQL not reachable, content broken
 */
export async function startSite(options: SiteOptions = {}): Promise<Site> {
  const { dataDir = ".reprise", port = 3000, host = "127.0.0.1", databaseUrl, log = () => {} } = options;
  const contentDir = options.contentDir ?? ownContent;
  const content = readContent(contentDir);
  const http = await listen(host, port); // first: a taken port should cost no second and touch no data
  let database: Database | undefined;
  try {
    database = await openDatabase(databaseUrl ? { url: databaseUrl } : { directory: resolve(dataDir) });
    const { db, close } = database;
    const written = await seed(db, content);
    if (written.length > 0)
      log(`content: ${written.length} ${written.length === 1 ? "paper" : "papers"} taken into the database`);
    const assets = webAssets(await buildWeb({ log }));
    const tags = new TagSuggester(db);
    http.answerWith(
      createApp({ db, tags, assets, origin: http.url, contentDir, log, panels: options.panels ?? panels }),
    );
    return {
      url: http.url,
      close: async () => {
        await http.close();
        await tags.close();
        await close();
      },
    };
  } catch (error) {
    await http.close();
    await database?.close();
    throw error;
  }
}

interface Listening {
  readonly url: string;
  readonly answerWith: (app: Hono) => void;
  readonly close: () => Promise<void>;
}

/** Takes the port at once; until there is an application, every answer is 503. */
function listen(host: string, port: number): Promise<Listening> {
  return new Promise((done, fail) => {
    let app: Hono | undefined;
    const starting = () => new Response("503: starting", { status: 503, headers: { "Retry-After": "2" } });
    const fetch = (request: Request) => app?.fetch(request) ?? starting();
    const server = serve({ fetch, hostname: host, port }, (address) => {
      const shown = host.includes(":") ? `[${host}]` : host;
      done({
        url: `http://${shown}:${address.port}`,
        answerWith: (made) => {
          app = made;
        },
        close: () =>
          new Promise((closed) => {
            const force = setTimeout(() => "closeAllConnections" in server && server.closeAllConnections(), 3000);
            server.close(() => {
              clearTimeout(force);
              closed();
            });
            if ("closeIdleConnections" in server) server.closeIdleConnections();
          }),
      });
    });
    server.on("error", (cause: NodeJS.ErrnoException) => fail(explain(cause, host, port)));
  });
}

function explain(cause: NodeJS.ErrnoException, host: string, port: number): Error {
  if (cause.code === "EADDRINUSE")
    return new Error(
      `port ${port} on ${host} is taken by another program: stop it, or choose another with --port NUMBER (--port 0 takes any free one)`,
      { cause },
    );
  if (cause.code === "EACCES")
    return new Error(
      `port ${port} on ${host} needs rights this user does not have: choose one above 1023 with --port NUMBER`,
      { cause },
    );
  if (cause.code === "EADDRNOTAVAIL" || cause.code === "ENOTFOUND")
    return new Error(
      `this machine has no address ${host}: give one of its own with --host, such as 127.0.0.1 or 0.0.0.0`,
      { cause },
    );
  return cause;
}
