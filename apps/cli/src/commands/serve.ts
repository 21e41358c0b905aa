// reprise serve: the site on this machine, until Ctrl-C.
import { spawn } from "node:child_process";
import { parseOrigin, startSite } from "@reprise/site";
import { Command, InvalidArgumentError, Option } from "commander";

/** The command with its options. */
export function command(): Command {
  return new Command("serve")
    .description("Start the site and print its address; Ctrl-C stops it")
    .option("--port <number>", "port to listen on; 0 takes any free one", port, 3000)
    .option("--host <address>", "address to listen on; 0.0.0.0 lets other machines in", "127.0.0.1")
    .option("--data-dir <dir>", "folder of the built-in database", ".reprise")
    .option("--content <dir>", "folder of the papers; Reprise's own five unless given")
    .addOption(
      new Option("--origin <url>", "where readers reach the site, such as https://papers.example.org")
        .env("REPRISE_ORIGIN")
        .argParser(origin),
    )
    .option("--trust-proxy", "believe the X-Forwarded-* headers of the proxy in front")
    .option("--access-log", "log every request, not only the failing ones")
    .option("--open", "open the page in the browser")
    .addHelpText("after", "\nDATABASE_URL=postgres://… uses that PostgreSQL database instead of the built-in one.")
    .action(serve);
}

interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly content?: string;
  readonly origin?: string;
  readonly trustProxy?: true;
  readonly accessLog?: true;
  readonly open?: true;
  readonly debug?: true;
}

async function serve({ content, open, ...options }: ServeOptions): Promise<void> {
  const stopped = stopSignal(); // from here on: a signal while it starts stops it once it has
  const site = await startSite({
    ...options,
    contentDir: content,
    databaseUrl: process.env.DATABASE_URL || undefined,
    log: (line) => console.error(line),
  });
  console.log(`Reprise is at ${site.url}${site.origin === site.url ? "" : `, for readers at ${site.origin}`}`);
  if (open) openInBrowser(site.url);
  await stopped;
  console.error("stopping …");
  await site.close();
}

/**
 * Resolves at the first SIGINT or SIGTERM. A later one ends the process at once, but not the copy of the same Ctrl-C
 * that npm and tools/run.mjs pass on.
 */
function stopSignal(): Promise<void> {
  return new Promise((stop) => {
    let first = 0;
    const hear = () => {
      if (first === 0) first = Date.now();
      else if (Date.now() - first > 1000) process.exit(130);
      stop();
    };
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, hear);
  });
}

function openInBrowser(url: string): void {
  const [program, ...args] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  spawn(program, [...args, url], { stdio: "ignore", detached: true })
    .on("error", () => console.error(`no browser could be opened (${program} is missing); open ${url} yourself`))
    .unref();
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535)
    throw new InvalidArgumentError("a port is a whole number from 0 to 65535.");
  return value;
}

function origin(text: string): string {
  try {
    return parseOrigin(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
