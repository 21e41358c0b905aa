// Starts the site: database, content, built page, HTTP.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { createApp } from "./app.ts";
import { webAssets } from "./assets.ts";
import { buildWeb } from "./build-web.ts";
import { readContent } from "./content.ts";
import { openDatabase } from "./database/open.ts";
import { seed } from "./seed.ts";

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
  const database = await openDatabase(databaseUrl ? { url: databaseUrl } : { directory: resolve(dataDir) });
  try {
    const written = await seed(database.db, content);
    if (written.length > 0) log(`content: ${written.length} papers taken into the database`);
    const assets = webAssets(await buildWeb({ log }));
    const listening = await listen(host, port, (origin) =>
      createApp({
        db: database.db,
        assets,
        origin,
        contentDir,
        log,
        ...(options.panels ? { panels: options.panels } : {}),
      }),
    );
    return {
      url: listening.url,
      close: async () => {
        await listening.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

function listen(host: string, port: number, make: (origin: string) => ReturnType<typeof createApp>) {
  return new Promise<{ url: string; close: () => Promise<void> }>((done, fail) => {
    let app: ReturnType<typeof createApp> | undefined;
    const server = serve(
      {
        fetch: (request, env) => app?.fetch(request, env) ?? new Response(null, { status: 503 }),
        hostname: host,
        port,
      },
      (address) => {
        const shown = host.includes(":") ? `[${host}]` : host;
        const url = `http://${shown}:${address.port}`;
        app = make(url);
        done({
          url,
          close: () =>
            new Promise((closed) => {
              server.close(() => closed());
              if ("closeIdleConnections" in server) server.closeIdleConnections();
            }),
        });
      },
    );
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
