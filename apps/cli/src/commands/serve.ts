// reprise serve: the site on this machine, until Ctrl-C.
import { spawn } from "node:child_process";
import { UsageError, verb } from "@reprise/experiment";
import { parseOrigin, startSite } from "@reprise/site";

export const serve = verb({
  name: "serve",
  summary: "Start the site and print its address; Ctrl-C stops it",
  options: {
    port: {
      kind: "integer",
      placeholder: "number",
      min: 0,
      max: 65_535,
      default: 3000,
      help: "port to listen on; 0 takes any free one",
    },
    host: {
      kind: "text",
      placeholder: "address",
      default: "127.0.0.1",
      help: "address to listen on; 0.0.0.0 lets other machines in",
    },
    dataDir: { kind: "text", placeholder: "dir", default: ".reprise", help: "folder of the built-in database" },
    content: { kind: "text", placeholder: "dir", help: "folder of the papers; Reprise's own five unless given" },
    origin: {
      kind: "text",
      placeholder: "url",
      help: "where readers reach the site, such as https://papers.example.org (or REPRISE_ORIGIN)",
    },
    trustProxy: { kind: "flag", help: "believe the X-Forwarded-* headers of the proxy in front" },
    accessLog: { kind: "flag", help: "log every request, not only the failing ones" },
    metrics: {
      kind: "flag",
      help: "answer at /metrics with figures for Prometheus; anybody who reaches it reads them",
    },
    backupDir: { kind: "text", placeholder: "dir", help: "write a backup a day there, and keep fourteen" },
    contact: {
      kind: "text",
      placeholder: "address",
      help: "where weaknesses are told, for /.well-known/security.txt: https://… or mailto:…",
    },
    open: { kind: "flag", help: "open the page in the browser" },
  },
  notes: () =>
    "DATABASE_URL=postgres://… uses that PostgreSQL database instead of the built-in one.\nSMTP_URL=smtp://user:password@host:port and MAIL_FROM=address send mails; without them the administrators' outbox keeps them.",
  async run({ options: { content, contact, open, origin, ...options }, signal, debug }) {
    const stopped = once(signal); // from here on: a signal while it starts stops it once it has
    const site = await startSite({
      ...options,
      debug,
      contentDir: content,
      origin: originOf(origin),
      contact: contactOf(contact),
      smtpUrl: process.env.SMTP_URL || undefined,
      mailFrom: process.env.MAIL_FROM || undefined,
      databaseUrl: process.env.DATABASE_URL || undefined,
      log: (line) => console.error(line),
    });
    console.log(`Reprise is at ${site.url}${site.origin === site.url ? "" : `, for readers at ${site.origin}`}`);
    if (open) openInBrowser(site.url);
    await stopped;
    console.error("stopping …");
    await site.close();
    return undefined;
  },
});

const once = (signal: AbortSignal) =>
  new Promise<void>((stop) => signal.addEventListener("abort", () => stop(), { once: true }));

/** `--origin`, or the environment's. */
function originOf(given = process.env.REPRISE_ORIGIN): string | undefined {
  if (given === undefined) return undefined;
  try {
    return parseOrigin(given);
  } catch (error) {
    throw new UsageError(`--origin (or REPRISE_ORIGIN) is "${given}". ${(error as Error).message}`, { cause: error });
  }
}

function contactOf(given: string | undefined): string | undefined {
  if (given !== undefined && !(/^(?:https|mailto):\S+$/.test(given) && URL.canParse(given)))
    throw new UsageError(`--contact is "${given}": give an address that begins with https: or mailto:.`);
  return given;
}

function openInBrowser(url: string): void {
  const [program, ...args] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  spawn(program, [...args, url], { stdio: "ignore", detached: true })
    .on("error", () => console.error(`no browser could be opened (${program} is missing); open ${url} yourself`))
    .unref();
}
