// The browser that tests drive: one that is installed, never downloaded.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const names = ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome", "msedge"];
const fixed = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];

/** Path of CHROME_PATH, Chrome or Chromium, in this order; null where none is installed. */
export function findBrowser(environment: Readonly<Record<string, string | undefined>> = process.env): string | null {
  const given = environment.CHROME_PATH;
  if (given) {
    if (!existsSync(given)) throw new Error(`CHROME_PATH is ${given}, where there is no file: correct or unset it`);
    return given;
  }
  const found = (environment.PATH ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return [...found, ...fixed].find((path) => existsSync(path)) ?? null;
}

/** Why browser tests cannot run here, or null where they can: `test.skipIf(noBrowser)(…)`; put it into the test's name. */
export const noBrowser: string | null =
  findBrowser() === null ? "no Chrome or Chromium is installed: apt-get install chromium, or set CHROME_PATH" : null;

/** Starts the browser without a window. Close it in `afterAll`. */
export async function launchBrowser(flags: readonly string[] = []): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === null) throw new Error(noBrowser ?? "no browser");
  // Chromium's sandbox does not work for root, as in containers.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args: [...sandbox, ...flags] });
}

/** Installs Debian's Chromium where there is no browser and we may; elsewhere says in one line what is missing. */
export function installBrowser(say: (line: string) => void = console.error): void {
  if (findBrowser() !== null) return;
  const mayInstall = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (mayInstall) {
    say("setup: no Chrome or Chromium for the browser tests; installing Debian's chromium");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    for (const args of [
      ["update", "-qq"],
      ["install", "-y", "-qq", "--no-install-recommends", "chromium"],
    ]) {
      spawnSync("/usr/bin/apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env });
    }
  }
  if (findBrowser() === null) {
    say(
      `setup: browser tests will be skipped: ${mayInstall ? "apt-get could not install chromium" : "install Chrome or Chromium, or set CHROME_PATH"}`,
    );
  }
}
