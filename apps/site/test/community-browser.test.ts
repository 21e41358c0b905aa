// The pages on which people sign in, write and moderate, in real browsers: laid out in Chromium and Firefox at every
// size, without faults that axe finds, with and without scripts; and what people write runs nothing.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser, noBrowser } from "../../../tools/browser.ts";
import type { TabBrowser } from "../../../tools/firefox.ts";
import { type Site, startSite } from "../src/server/main.ts";
import { password } from "./client.ts";
import { withEmptyDatabase } from "./empty-database.ts";
import { browsers, faultsOf } from "./tabs.ts";
import { violations } from "./watched-site.ts";
import { corpus } from "./xss-corpus.ts";

const bibtexKey = "journals/corr/SzegedyZSBEGF13";
const paper = `/paper?bibtexKey=${bibtexKey}`;

/** A site of its own, and the link that makes its administrator. */
async function freshSite(): Promise<{ site: Site; claim: string; close: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "reprise-people-"));
  let claim = "";
  const log = (line: string) => {
    claim = /(\/claim\?token=[\w-]+)/.exec(line)?.[1] ?? claim;
  };
  const site = await startSite({ dataDir: await withEmptyDatabase(join(folder, "data")), port: 0, log });
  const close = async () => {
    await site.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { site, claim, close };
}

const account = { name: "ada", email: "ada@people.test", password };
const text = "It shows that $\\sum_i x_i^2 \\le 1$ suffices.\n\n## Why\n\n| a | b |\n|---|---|\n| 1 | 2 |\n";
const ownPages = [
  "/account",
  "/account/tokens",
  "/notices",
  "/admin",
  "/admin/people",
  "/admin/outbox",
  "/admin/log",
  "/moderate",
  "/add",
  "/user?name=ada",
];

describe.each(browsers)("$name", { timeout: 300_000 }, ({ missing, launch }) => {
  let browser: TabBrowser | undefined;
  let fresh: Awaited<ReturnType<typeof freshSite>> | undefined;
  beforeAll(async () => {
    if (missing !== null) return;
    fresh = await freshSite();
    browser = await launch();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await fresh?.close();
  });

  test.skipIf(missing)(`pages of people fit every size${missing ? ` (skipped: ${missing})` : ""}`, async () => {
    const { site, claim } = fresh!;
    const tab = await browser!.open();
    const faults: string[] = [];
    const look = async (what: string) => faults.push(...(await faultsOf(tab)).map((fault) => `${what}: ${fault}`));
    const visit = async (path: string) => {
      await tab.goto(site.url + path);
      await look(path.split("?")[0]!);
    };
    /** Fills a form, sends it as a click would, and waits for the page that follows. */
    const send = async (action: string, values: Record<string, string>, button = ".primary") => {
      await tab.evaluate(`(() => {
        window.before = true;
        const form = document.querySelector('form[action="${action}"]');
        for (const [name, value] of Object.entries(${JSON.stringify(values)})) {
          const field = form.elements.namedItem(name);
          if (field.type === "checkbox") field.checked = true; else field.value = value;
        }
        setTimeout(() => form.querySelector('${button}').click());
        return 0;
      })()`);
      // Between two pages there is nothing to ask.
      const arrived = () =>
        tab.evaluate<boolean>("window.before === undefined && document.readyState === 'complete'").catch(() => false);
      await expect.poll(arrived, { timeout: 20_000, interval: 50 }).toBe(true);
    };
    for (const path of ["/sign-in", "/sign-up", "/forgotten", "/user?name=reprise", "/paper?bibtexKey=none"])
      await visit(path);
    await visit(claim);
    await send("/sign-up", { ...account, name: "A B" });
    expect(await tab.evaluate<string>('document.querySelector(".problem")?.textContent ?? ""')).toContain(
      "A name has 2 to 30",
    );
    await look("sign-up with a problem");
    await send("/sign-up", account);
    await visit(`/write?bibtexKey=${bibtexKey}`);
    await send("/write", { source: text, licence: "yes" }, 'button[value="preview"]');
    await look("preview");
    await send("/write", { source: text, licence: "yes" }, 'button[value="save"]');
    await tab.goto(`${site.url}/write?bibtexKey=${bibtexKey}`);
    await send("/write", { source: `${text}More.` }, 'button[value="save"]');
    const ref = await tab.evaluate<string>('document.querySelector("article.summary[id]").id.slice(2)');
    await visit(`/comment?ref=${ref}`);
    await send("/comment", { text: "Does it hold for $n = 1$? ".repeat(8) });
    await look("a paper with comments, for its moderator");
    await visit(`/summary/history?ref=${ref}`);
    await visit(`/report?kind=summary&ref=${ref}`);
    await send("/report", { reason: "To be looked at" });
    for (const path of ownPages) await visit(path);
    await tab.goto(`${site.url}/add`);
    await send("/add/bibtex", { bibtex: "@misc{one, title={One}, author={A B}, year=2001}\n@misc{two, author={A B}}" });
    await look("BibTeX with a problem");
    await tab.close();
    expect(faults).toEqual([]);
  });
});

describe.skipIf(noBrowser)(`with scripts${noBrowser ? ` (skipped: ${noBrowser})` : ""}`, { timeout: 120_000 }, () => {
  let fresh: Awaited<ReturnType<typeof freshSite>>;
  let browser: Awaited<ReturnType<typeof launchBrowser>>;
  let context: BrowserContext;
  let page: Page;
  const unwanted: string[] = [];
  beforeAll(async () => {
    fresh = await freshSite();
    browser = await launchBrowser();
    context = await browser.newContext({ reducedMotion: "reduce" });
    page = await context.newPage();
    page.on("dialog", (dialog) => unwanted.push(dialog.message()));
    page.on("pageerror", (error) => unwanted.push(error.message));
    page.on("console", (message) => message.type() === "error" && unwanted.push(message.text()));
    page.on("request", (request) => new URL(request.url()).origin !== fresh.site.url && unwanted.push(request.url()));
    await page.goto(fresh.site.url + fresh.claim);
    for (const [name, value] of Object.entries(account)) await page.fill(`#${name}`, value);
    await page.click("main .primary");
    await page.waitForURL(/\/account/);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await fresh?.close();
  });

  test("the preview follows what is typed, and what was typed survives a lost connection", async () => {
    await page.goto(`${fresh.site.url}/write?bibtexKey=${bibtexKey}`);
    await page.fill("#source", "Half of it is $\\frac{1}{2}$.");
    await page.locator("[data-preview] .katex").waitFor();
    await page.getByText("Draft kept.").waitFor();
    await page.goto(fresh.site.url + paper);
    expect(await page.locator(".write").textContent()).toContain("Go on with your draft");
    await page.goto(`${fresh.site.url}/write?bibtexKey=${bibtexKey}`);
    await context.setOffline(true);
    await page.fill("#source", "Written on a train.");
    await page.getByText("No connection: the text is kept in this browser.").waitFor();
    await context.setOffline(false);
    await page.reload();
    expect(await page.inputValue("#source")).toContain("Half of it");
    await page.getByRole("button", { name: "Take back the text that was not sent" }).click();
    expect(await page.inputValue("#source")).toBe("Written on a train.");
    unwanted.splice(0, unwanted.length, ...unwanted.filter((line) => !line.includes("ERR_INTERNET_DISCONNECTED")));
    expect(unwanted).toEqual([]);
  });

  test("of a hundred attacks in a summary, none runs, loads or leads anywhere", async () => {
    await page.goto(`${fresh.site.url}/write?bibtexKey=${bibtexKey}`);
    await page.fill("#source", corpus.map((attack) => attack.toWellFormed()).join("\n\n"));
    await page.locator("[data-preview] .katex").first().waitFor();
    await page.check("#licence");
    await page.click("button[value=save]");
    await page.waitForURL(/\/paper/);
    await page.goto(fresh.site.url + paper);
    await page.evaluate(() => new Promise((done) => setTimeout(done, 300)));
    expect(await page.locator(".summary iframe, .summary script, .summary form form, .summary style").count()).toBe(0);
    expect(unwanted).toEqual([]);
    await page.goto(`${fresh.site.url}/write?bibtexKey=${bibtexKey}`);
    await page.fill("#source", text);
    await page.click("button[value=save]");
    await page.waitForURL(/\/paper/);
  });

  test("axe finds nothing on any of the pages, in light and dark", async () => {
    const found: string[] = [];
    const summary = async () => (await page.locator("article.summary[id]").first().getAttribute("id"))?.slice(2) ?? "";
    await page.goto(fresh.site.url + paper);
    const ref = await summary();
    const more = [`/comment?ref=${ref}`, `/report?kind=summary&ref=${ref}`, `/summary/history?ref=${ref}`];
    for (const path of [...ownPages, paper, `/write?bibtexKey=${bibtexKey}`, ...more]) {
      await page.goto(fresh.site.url + path);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        found.push(...(await violations(page)).map((fault) => `${path} ${colorScheme}: ${fault}`));
      }
    }
    await context.clearCookies();
    for (const path of ["/sign-in", "/sign-up", "/forgotten"]) {
      await page.goto(fresh.site.url + path);
      found.push(...(await violations(page)).map((fault) => `${path}: ${fault}`));
    }
    expect(found).toEqual([]);
    expect(unwanted).toEqual([]);
  });
});
