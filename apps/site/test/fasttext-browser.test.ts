// The panel "fastText" in a real browser: lines pasted, trained on, asked; the tree; a language; cancelled; reloaded.
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { noBrowser } from "../../../tools/browser.ts";
import { paperKey } from "../src/run/fasttext/inputs.ts";
import { phase, ready, runButton, status, violations, watchedSite } from "./watched-site.ts";

const address = `/paper?bibtexKey=${paperKey}`;
const lines = Array.from(
  { length: 10 },
  (_, i) =>
    `__label__tea green leaves ${i} steep\n__label__coffee dark beans ${i} roast\n__label__juice sweet oranges ${i}`,
).join("\n");

const name = `the fastText panel in the browser${noBrowser ? ` (skipped: ${noBrowser})` : ""}`;
// A busy machine makes every step slow and none wrong: only the test's own, generous limit ends a wait.
describe.skipIf(noBrowser)(name, { timeout: 180_000 }, () => {
  const site = watchedSite();
  const open = async (...of: Parameters<typeof site.open>): Promise<Page> => {
    const page = await site.open(...of);
    await page.locator("#run").scrollIntoViewIfNeeded();
    await ready(page);
    return page;
  };
  const run = (page: Page) => runButton(page).click();
  const best = (page: Page) => page.locator(".ask .bars .marked").first().textContent();

  test("lines are pasted, trained on and asked; the tree; reloading keeps them; without isolation", async () => {
    const page = await open(`${address}#run`, { isolated: false });
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    await page.getByRole("radio", { name: "lines of your own" }).focus();
    await page.keyboard.press("Space");
    await page.getByLabel("Your lines").fill("tea without a label");
    expect(await page.locator(".problem").textContent()).toMatch(/No line has a label/);
    await page.getByLabel("Your lines").fill(lines);
    await page.getByLabel("Epochs").fill("30");
    await page.getByLabel("Text to classify").fill("green leaves");
    await run(page);
    await phase(page, "done");
    expect(await status(page)).toMatch(/^3 labels learnt from 24 lines in .*100\.0\s% of 6 held-out lines.*tea, /);
    expect(await best(page)).toBe("tea");
    expect(await page.locator(".evidence tbody tr").count()).toBeGreaterThan(2);
    await page.getByLabel("Classify another text").fill("oranges");
    await page.locator(".ask .bars .marked", { hasText: "juice" }).waitFor();
    await page.getByLabel("Classify another text").fill("zebra");
    await page.getByText("No word of this text occurs in the lines").waitFor();

    await page.reload();
    await page.locator("#run[data-ready]").waitFor({ state: "attached" });
    expect(await page.getByLabel("Your lines").inputValue()).toBe(lines);
    await page.getByLabel("Labels are read out by").selectOption("hs");
    await run(page);
    await phase(page, "done");
    expect(await best(page)).toBe("tea");
    expect(await page.locator(".tree-path").first().locator("tbody tr").last().textContent()).toMatch(/tea$/);
  });

  test("a language is named, the model fetched with the run and not before", async () => {
    const page = await open(`${address}#run&task=language`);
    const loaded = () => page.evaluate(() => performance.getEntriesByType("resource").map((entry) => entry.name));
    expect((await loaded()).filter((url) => /worker|\.ftz|\.gz/.test(url))).toEqual([]);
    await page.getByLabel("Text to classify").fill("Der frühe Vogel fängt den Wurm.");
    await run(page);
    await phase(page, "done");
    expect(await best(page)).toBe("German (de)");
    await page.getByLabel("Another text").fill("Quem não tem cão caça com gato.");
    await page.locator(".ask .bars .marked", { hasText: "Portuguese (pt)" }).waitFor();
  });

  test("less than 30 kB of script before the panel is used", async () => {
    const page = await open(`${address}#run`);
    const scripts = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .filter(({ name }) => name.endsWith(".js"))
        .map((entry) => (entry as PerformanceResourceTiming).encodedBodySize),
    );
    expect(scripts.length).toBeGreaterThan(2);
    expect(scripts.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(30_000);
  });

  test("cancelling, then comparing on a narrow screen", async () => {
    // More work than any machine does before the key is pressed; what is compared afterwards is little.
    const long = `#run&epochs=200&dim=100`;
    const page = await open(`${address}${long}`, { viewport: { width: 320, height: 700 } });
    await run(page);
    await page.locator(".line-view polyline").waitFor({ state: "attached" });
    await page.keyboard.press("Escape");
    await phase(page, "cancelled");
    await page.getByLabel("lines of your own").click();
    await page.getByLabel("Your lines").fill(lines);
    await page.getByText("Softmax or a tree?").click();
    await page.getByLabel("Epochs").fill("20");
    await page.getByLabel("Hidden units h").fill("10");
    await run(page);
    await phase(page, "done");
    expect(await status(page)).toMatch(/^(Hierarchical softmax|Softmax) took .* Right on held-out lines: softmax /);
    expect(await page.locator(".line-view .chart").textContent()).toMatch(/softmax.*hierarchical softmax/);
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    expect(await width()).toBeLessThanOrEqual(320);
    await page.getByText("Train and ask").click();
    await page.getByLabel("Text to classify").fill("dark beans");
    await run(page);
    await page.locator("details[open] .evidence").waitFor();
    expect(await width()).toBeLessThanOrEqual(320);
  });

  test.each(["light", "dark"] as const)(
    "axe finds nothing: idle, classified, tree, language, %s",
    async (colorScheme) => {
      const own = `lines=${encodeURIComponent(`own:${lines}`)}&phrase=green+leaves`;
      const page = await open(`${address}#run&${own}`, { colorScheme });
      expect(await violations(page)).toEqual([]);
      for (const change of [() => {}, () => page.getByLabel("Labels are read out by").selectOption("hs")]) {
        await change();
        await run(page);
        await phase(page, "done");
        expect(await violations(page)).toEqual([]);
      }
      await page.getByText("Name a language").click();
      await run(page);
      await page.getByText("compressed model lid.176.ftz").waitFor();
      expect(await violations(page)).toEqual([]);
    },
  );
});
