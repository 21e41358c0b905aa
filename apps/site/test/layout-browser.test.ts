// Every page and every task of every panel, in Chromium and in Firefox: runs with its default inputs, keeps its address,
// and nothing overlaps or leaves the screen, at three widths and with text of twice the size.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Tab, TabBrowser } from "../../../tools/firefox.ts";
import { type Site, startSite } from "../src/server/main.ts";
import { withEmptyDatabase } from "./empty-database.ts";
import { browsers, faultsOf, until } from "./tabs.ts";

let folder: string;
let site: Site;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "reprise-site-"));
  site = await startSite({ dataDir: await withEmptyDatabase(join(folder, "data")), port: 0 });
}, 120_000);
afterAll(async () => {
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

const phase = 'document.querySelector(".panel-status")?.dataset.phase';
const run = async (tab: Tab) => {
  await tab.evaluate('document.querySelector(".panel-form .primary").click(), 0');
  await until(tab, `["done", "failed"].includes(${phase})`);
  await until(tab, '!document.querySelector(".panel-results")?.matches(":empty")');
  return tab.evaluate<{ phase: string; text: string; hash: string; views: number; alert: string | null }>(`({
    phase: ${phase},
    text: document.querySelector(".panel-status").textContent,
    hash: location.hash,
    views: document.querySelectorAll(".panel-results > *").length,
    alert: document.querySelector(".panel-error")?.textContent ?? null,
  })`);
};

describe.each(browsers)("$name", { timeout: 300_000 }, ({ missing, launch }) => {
  let browser: TabBrowser | undefined;
  beforeAll(async () => {
    if (missing === null) browser = await launch();
  }, 60_000);
  afterAll(() => browser?.close());
  const inBrowser = (what: string) => (missing === null ? what : `${what} (skipped: ${missing})`);

  test.skipIf(missing)(inBrowser("every page and every task of every panel"), async () => {
    const tab = await browser!.open();
    await tab.resize(1280, 900);
    await tab.goto(`${site.url}/`);
    const faults = [...(await faultsOf(tab)).map((fault) => `/: ${fault}`)];
    const papers = await tab.evaluate<string[]>('[...document.querySelectorAll(".papers h2 a")].map((a) => a.href)');
    expect(papers.length).toBeGreaterThan(4);
    let panels = 0;
    for (const url of [`${site.url}/about`, `${site.url}/search?q=network`, ...papers]) {
      await tab.goto(url);
      const at = new URL(url).search || new URL(url).pathname;
      if (!(await tab.evaluate<boolean>('document.querySelector("#run[data-panel]") !== null'))) {
        faults.push(...(await faultsOf(tab)).map((fault) => `${at}: ${fault}`));
        continue;
      }
      panels++;
      await tab.evaluate('document.querySelector("#run").scrollIntoView(), 0');
      await until(tab, 'document.querySelector("#run").dataset.ready === ""');
      expect(
        await tab.evaluate<boolean>('document.querySelector(".panel-stored img, .panel-stored table") !== null'),
        at,
      ).toBe(true);
      faults.push(...(await faultsOf(tab)).map((fault) => `${at}, stored run: ${fault}`));
      const tasks = await tab.evaluate<string[]>(
        '[...document.querySelectorAll(".tabs input")].map((input) => input.value)',
      );
      for (const task of tasks.length > 0 ? tasks : [""]) {
        if (task) await tab.evaluate(`document.querySelector('.tabs input[value="${task}"]').click(), 0`);
        const first = await run(tab);
        expect(first, `${at} ${task}: ${first.alert}`).toMatchObject({ phase: "done", alert: null });
        expect([first.text.length > 10, first.views > 0], `${at} ${task}`).toEqual([true, true]);
        expect(first.text).not.toMatch(/NaN|undefined|Infinity/);
        faults.push(...(await faultsOf(tab)).map((fault) => `${at} ${task}: ${fault}`));
        // The address alone repeats it; a run that is stopped says so.
        await tab.goto(`${site.url}/`);
        await tab.goto(url + first.hash);
        await until(tab, 'document.querySelector("#run").dataset.ready === ""');
        await tab.evaluate('document.querySelector(".panel-form .primary").click(), 0');
        await tab.evaluate('[...document.querySelectorAll(".actions button")].at(-1).click(), 0');
        await until(tab, `["done", "cancelled"].includes(${phase})`);
        expect((await run(tab)).hash, `${at} ${task}`).toBe(first.hash);
      }
    }
    expect(panels).toBeGreaterThan(1);
    await tab.close();
    expect(faults).toEqual([]);
  });
});
