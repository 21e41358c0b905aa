// The panel "adversarial examples" in a real browser, on a site that has the paper with quickly trained models.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launchBrowser } from "../../../tools/browser.ts";
import { paperKey } from "../src/run/adversarial/inputs.ts";
import { type Site, startSite } from "../src/server/main.ts";
import { quickModels } from "./quick-models.ts";

const ownContent = fileURLToPath(new URL("../content", import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const address = `/paper?bibtexKey=${paperKey}`;
/** Seconds of work: time to look at a running panel and to cancel it. */
export const longRun = "#run&digit=t9&network=lenet&target=closest&norm=l2&seed=0";

/** Starts site and browser for the tests around it, and ends them. */
export function panelSite() {
  const folder = mkdtempSync(join(tmpdir(), "reprise-panel-"));
  let site: Site;
  let browser: Browser;
  let models: Awaited<ReturnType<typeof quickModels>>;
  /** Requests to other hosts, uncaught errors and console errors since the test began. */
  let unwanted: string[] = [];

  beforeAll(async () => {
    const paper = join(folder, "content", paperKey);
    mkdirSync(paper, { recursive: true });
    for (const file of ["paper.json", "summary.md", "results.json"])
      cpSync(join(ownContent, paperKey, file), join(paper, file));
    models = await quickModels();
    mkdirSync(join(paper, "models"));
    for (const [name, bytes] of models.files) writeFileSync(join(paper, "models", name), bytes);
    writeFileSync(join(paper, "models/models.json"), JSON.stringify(models.models));
    site = await startSite({ dataDir: join(folder, "data"), port: 0, contentDir: join(folder, "content") });
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

  async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(0); // only the test's own limit ends a wait
    const page = await context.newPage();
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== site.url)
        unwanted.push(request.url());
    });
    page.on("pageerror", (error) => unwanted.push(error.message));
    page.on("console", (message) => message.type() === "error" && unwanted.push(message.text()));
    await page.goto(site.url + path, { waitUntil: "load" });
    return page;
  }

  return {
    open,
    /** What the site ships. */
    models: () => models,
    /** Leaves out errors that the test itself made. */
    forgive(part: string): void {
      unwanted = unwanted.filter((message) => !message.includes(part));
    },
  };
}

export const ready = (page: Page) => page.locator("#run[data-ready]").waitFor({ state: "attached" });
export const runButton = (page: Page) => page.getByRole("button", { name: "Run", exact: true });
export const phase = (page: Page, name: string) => page.locator(`.panel-status[data-phase="${name}"]`).waitFor();
export const hash = (page: Page) => page.evaluate(() => location.hash); // page.url() lags behind replaceState
export const status = (page: Page) => page.locator(".panel-status").textContent();

/** What axe finds against it. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    interface Found {
      violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[];
    }
    const { run } = (globalThis as unknown as { axe: { run: () => Promise<Found> } }).axe;
    const result = await run();
    return result.violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`),
    );
  });
}
