// A site in a real browser that is watched: what no page may do fails the test it happens in.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launchBrowser } from "../../../tools/browser.ts";
import { type Site, startSite } from "../src/server/main.ts";
import { withEmptyDatabase } from "./empty-database.ts";

type SiteOptions = Parameters<typeof startSite>[0];

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Starts site and browser for the tests around it, and ends them.
 *
 * @param prepare  the site's options, and what must be in the folder before it starts
 */
export function watchedSite(
  prepare: (folder: string) => Partial<SiteOptions> | Promise<Partial<SiteOptions>> = () => ({}),
) {
  let folder: string;
  let site: Site;
  let browser: Browser;
  /** Requests to other hosts, uncaught errors, console errors and dialogs since the test began. */
  let unwanted: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "reprise-site-"));
    const dataDir = await withEmptyDatabase(join(folder, "data"));
    site = await startSite({ dataDir, port: 0, ...(await prepare(folder)) });
    browser = await launchBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    const seen = unwanted;
    unwanted = [];
    expect(seen).toEqual([]);
  });

  /** A page of the site; without cross-origin isolation if so wished. */
  async function open(
    path: string,
    { isolated = true, ...options }: BrowserContextOptions & { readonly isolated?: boolean } = {},
  ): Promise<Page> {
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(0); // only the test's own limit ends a wait
    const page = await context.newPage();
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== site.url)
        unwanted.push(request.url());
    });
    page.on("pageerror", (error) => unwanted.push(error.message));
    page.on("console", (message) => message.type() === "error" && unwanted.push(message.text()));
    page.on("dialog", (dialog) => unwanted.push(`dialog: ${dialog.message()}`));
    if (!isolated)
      await page.route("**/*", async (route) => {
        const response = await route.fetch();
        const headers = response.headers();
        for (const header of ["cross-origin-opener-policy", "cross-origin-embedder-policy"]) delete headers[header];
        await route.fulfill({ response, headers });
      });
    await page.goto(site.url + path, { waitUntil: "load" });
    return page;
  }

  return {
    open,
    /** Where the site is, for tests that open pages of it by themselves. */
    url: () => site.url,
    browser: () => browser,
    /** Leaves out errors that the test itself made. */
    forgive(part: string | RegExp): void {
      unwanted = unwanted.filter((message) => message.search(part) < 0);
    },
  };
}

/** What axe finds against a page: rule and place of each violation. */
export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  return page.evaluate(async () => {
    interface Found {
      violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[];
    }
    const { run } = (globalThis as unknown as { axe: { run: (options: object) => Promise<Found> } }).axe;
    // The same rules; of what passes, no list is made.
    const result = await run({ resultTypes: ["violations"] });
    return result.violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`),
    );
  });
}

export const ready = (page: Page) => page.locator("#run[data-ready]").waitFor({ state: "attached" });
export const runButton = (page: Page) => page.getByRole("button", { name: "Run", exact: true });
export const phase = (page: Page, name: string) => page.locator(`.panel-status[data-phase="${name}"]`).waitFor();
export const status = (page: Page) => page.locator(".panel-status").textContent();
