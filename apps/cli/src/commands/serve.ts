// reprise serve: the site on this machine, until Ctrl-C.
import { spawn } from "node:child_process";
import { startSite } from "@reprise/site";
import { Command, InvalidArgumentError } from "commander";

/** The command with its options. */
export function command(): Command {
  return new Command("serve")
    .description("Start the site and print its address; Ctrl-C stops it")
    .option("--port <number>", "port to listen on; 0 takes any free one", port, 3000)
    .option("--host <address>", "address to listen on; 0.0.0.0 lets other machines in", "127.0.0.1")
    .option("--data-dir <dir>", "folder of the built-in database", ".reprise")
    .option("--open", "open the page in the browser")
    .addHelpText("after", "\nDATABASE_URL=postgres://… uses that PostgreSQL database instead of the built-in one.")
    .action(serve);
}

async function serve(options: { port: number; host: string; dataDir: string; open?: true }): Promise<void> {
  const site = await startSite({
    ...options,
    databaseUrl: process.env.DATABASE_URL || undefined,
    log: (line) => console.error(line),
  });
  console.log(`Reprise is at ${site.url}`);
  if (options.open) openInBrowser(site.url);
  await stopSignal();
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
