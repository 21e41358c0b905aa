// Starts the site: database, content, built page, HTTP.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Paper } from "@reprise/experiment";
import { papers } from "@reprise/papers";
import { createApp } from "./app.ts";
import { webAssets } from "./assets.ts";
import { buildWeb } from "./build-web.ts";
import { readContent } from "./content.ts";
import { type Database, openDatabase } from "./database/open.ts";
import { listen } from "./listen.ts";
import { dated } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { parseOrigin } from "./origin.ts";
import { hasAdmin, makeLink } from "./people/accounts.ts";
import { MailDelivery, parseMailServer } from "./people/mail.ts";
import { Renderer } from "./renderer.ts";
import { seed } from "./seed.ts";
import { TagSuggester } from "./tag-suggestions.ts";
import { backUpDaily } from "./transfer/nightly.ts";
import { Visits } from "./visits.ts";

/** Milliseconds between two writings of visits. */
const visitsEvery = 20_000;

const ownContent = fileURLToPath(new URL("../../content", import.meta.url));

export interface SiteOptions {
  /** Folder for the built-in database. */
  readonly dataDir?: string;
  /** 0 takes any free port. */
  readonly port?: number;
  readonly host?: string;
  /** Under which address readers reach the site, such as https://papers.example.org; else the one it listens on. */
  readonly origin?: string | undefined;
  /** A proxy stands in front: its X-Forwarded-For, -Proto and -Host are believed. */
  readonly trustProxy?: boolean | undefined;
  /** PostgreSQL instead of the built-in database. */
  readonly databaseUrl?: string | undefined;
  /** Folder of the papers; the site's own five unless another is given. */
  readonly contentDir?: string | undefined;
  /** /metrics tells how many requests there were and how long they took, for Prometheus. */
  readonly metrics?: boolean | undefined;
  /** Folder for a backup a day; none is made unless given. */
  readonly backupDir?: string | undefined;
  /** Where weaknesses of the site are told, an address that begins with https: or mailto:. */
  readonly contact?: string | undefined;
  /** Papers with a run panel; those of the registry unless a test gives others. */
  readonly papers?: readonly Paper[];
  /** Told what takes long (building, seeding) and what goes wrong, in lines that begin with the time. */
  readonly log?: (line: string) => void;
  /** A mail server as smtp://user:password@host:port, and whom mails are from; without, the outbox keeps them. */
  readonly smtpUrl?: string | undefined;
  readonly mailFrom?: string | undefined;
  /** Every request is logged, not only the failing ones. */
  readonly accessLog?: boolean | undefined;
  /** Errors of requests are logged with their stacks. */
  readonly debug?: boolean | undefined;
  /** Milliseconds after which a query is given up; 20,000 unless given. */
  readonly queryTimeout?: number;
  /** Told when the site cannot go on: another process has taken its data folder over. Without it, the process ends. */
  readonly onFailure?: (error: Error) => void;
}

/** A running site. `close` ends the requests under way, closes the database and gives the data folder back. */
export interface Site {
  /** Where a browser on this machine finds it. */
  readonly url: string;
  /** Where readers find it; what its pages name as their address. */
  readonly origin: string;
  readonly close: () => Promise<void>;
}

/**
 * Starts the site and resolves when it answers.
 *
 * @throws Error in one line: port taken, data folder locked or not writable, PostgreSQL not reachable, content broken
 */
export async function startSite(options: SiteOptions = {}): Promise<Site> {
  const { dataDir = ".reprise", port = 3000, host = "127.0.0.1", databaseUrl, trustProxy = false } = options;
  const { accessLog = false, debug = false, log: tell = () => {} } = options;
  const log = dated(tell);
  const given = options.origin ? parseOrigin(options.origin) : undefined;
  const contentDir = resolve(options.contentDir ?? ownContent);
  const content = readContent(contentDir);
  const mailServer = options.smtpUrl ? parseMailServer(options.smtpUrl, options.mailFrom) : undefined;
  const metrics = options.metrics ? new Metrics() : undefined;
  const http = await listen({ host, port, metrics, log: accessLog ? log : undefined }); // first: a taken port should cost no second and touch no data
  let database: Database | undefined;
  try {
    database = await openDatabase(databaseUrl ? { url: databaseUrl } : { directory: resolve(dataDir) }, {
      onLost: options.onFailure ?? endWith,
      ...(options.queryTimeout === undefined ? {} : { queryTimeout: options.queryTimeout }),
    });
    const { db, close } = database;
    const written = await seed(db, content, { log });
    if (written.length > 0)
      log(`content: ${written.length} ${written.length === 1 ? "paper" : "papers"} taken into the database`);
    const assets = webAssets(await buildWeb({ log, elsewhere: resolve(dataDir, "web") }));
    const tags = new TagSuggester(db);
    const renderer = new Renderer();
    const origin = given ?? http.elsewhere;
    if (!given && !trustProxy && http.elsewhere !== http.here)
      log(`pages name ${origin} as their address; give --origin URL where readers use another`);
    const visits = new Visits(db);
    http.quick.onAnswer = (address, userAgent) => visits.seen(address, userAgent);
    const writeVisits = () => visits.write().catch((cause: Error) => log(`visits are not counted: ${cause.message}`));
    const counting = setInterval(writeVisits, visitsEvery).unref();
    const proxy = trustProxy ? (given ? "address" : "all") : undefined;
    http.answerWith(
      createApp({
        ...{ db, tags, renderer, assets, origin, contentDir, log: tell, debug, accessLog, proxy, visits },
        contact: options.contact,
        sendsMail: mailServer !== undefined,
        quick: http.quick,
        papers: options.papers ?? papers,
        keepFor: databaseUrl ? 10_000 : undefined,
      }),
    );
    const backups = options.backupDir ? backUpDaily(db, resolve(options.backupDir), log) : undefined;
    const mails = mailServer ? new MailDelivery(db, mailServer, log) : undefined;
    if (!(await hasAdmin(db)))
      log(
        `the site has no administrator yet: whoever opens ${origin}/claim?token=${await makeLink(db, "claim")} within 24 hours becomes it`,
      );
    return {
      url: http.here,
      origin,
      close: async () => {
        await http.close();
        metrics?.close();
        clearInterval(counting);
        await writeVisits();
        await backups?.close();
        await mails?.close();
        await tags.close();
        await renderer.close();
        await close();
      },
    };
  } catch (error) {
    await http.close();
    await database?.close();
    throw error;
  }
}

/** Nothing may be written any more, so nothing is closed. */
function endWith(error: Error): void {
  console.error(`reprise: ${error.message}`);
  process.exit(1);
}
