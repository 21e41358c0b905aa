// What a reader meets beside the text: paper, clipboard, what moves after Run, a server that does not answer.
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { noBrowser } from "../../../tools/browser.ts";
import { phase, ready, runButton, watchedSite } from "./watched-site.ts";

const attack = "/paper?bibtexKey=journals/corr/SzegedyZSBEGF13";
const classifier = "/paper?bibtexKey=journals/corr/JoulinGBM16";
const contentDir = fileURLToPath(new URL("../content", import.meta.url));

const name = `a reader in the browser${noBrowser ? ` (skipped: ${noBrowser})` : ""}`;
describe.skipIf(noBrowser)(name, { timeout: 180_000 }, () => {
  const { open, forgive } = watchedSite(() => ({ contentDir }));

  test("on paper, without having scrolled: the stored run follows its heading, the form is not there", async () => {
    for (const path of [attack, classifier]) {
      const page = await open(path);
      await page.emulateMedia({ media: "print" });
      const [heading, stored, form] = await page.evaluate(() => [
        document.querySelector("#run-title")!.getBoundingClientRect().bottom,
        document.querySelector(".panel-stored h3")!.getBoundingClientRect().top,
        document.querySelector(".panel-form")?.getBoundingClientRect().height ?? 0,
      ]);
      expect(stored! - heading!).toBeLessThan(120);
      expect(stored! - heading!).toBeGreaterThan(0);
      expect(form).toBe(0);
      const image = page.locator(".panel-stored img");
      expect(await image.evaluate((shown: HTMLImageElement) => shown.complete && shown.naturalWidth > 0)).toBe(true);
    }
  });

  test("copied text has each formula once, as TeX, and a line a paragraph", async () => {
    const page = await open(attack);
    const copied = await page.evaluate(() => {
      const [from, to] = [...document.querySelectorAll(".summary .text h2")].slice(1, 3); // the method
      const range = document.createRange();
      range.setStartBefore(from!);
      range.setEndBefore(to!);
      getSelection()!.removeAllRanges();
      getSelection()!.addRange(range);
      const clipboardData = new DataTransfer();
      document.dispatchEvent(new ClipboardEvent("copy", { clipboardData, bubbles: true, cancelable: true }));
      return clipboardData.getData("text/plain");
    });
    expect(copied).toContain(
      "Let $f : \\mathbb{R}^m \\to \\{1,\\dots,k\\}$ be the classifier and $\\mathrm{loss}_f$ its",
    );
    expect(copied.split("\\lVert r \\rVert_2 \\\\").length).toBe(2);
    expect(copied).toMatch(/^\$\$\s*\\text\{minimise\}/m);
    expect(copied.split("\n").length).toBeGreaterThan(6);
  });

  test("copying works without the clipboard that only secure pages have, and says where nothing does", async () => {
    const page = await open(attack);
    await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true }));
    const copied = page.evaluate(
      () =>
        new Promise<string>((done) => {
          document.addEventListener("copy", () => done(getSelection()!.toString()), { once: true });
        }),
    );
    const button = page.locator("[data-copy]");
    await button.click();
    expect(await copied).toMatch(/^@\w+\{/);
    expect(await button.textContent()).toBe("Copied");
    await page.evaluate(() => {
      document.execCommand = () => false;
    });
    await page.locator("[data-copy]", { hasText: /^Copy$/ }).waitFor();
    await button.click();
    expect(await button.textContent()).toBe("Selected: copy it by keyboard");
    expect(await page.evaluate(() => getSelection()!.toString())).toMatch(/^@\w+\{/);
  });

  test.each([attack, classifier])(
    "after Run nothing jumps, and nothing loaded is announced again: %s",
    async (path) => {
      const page = await open(`${path}#run`, { viewport: { width: 1200, height: 800 } });
      await ready(page);
      await page.getByText(/^The first run loads \d\.\d MB\.$/).waitFor();
      await page.locator(".panel-form .primary").scrollIntoViewIfNeeded();
      await page.waitForTimeout(300);
      await page.evaluate(() => {
        const state = window as { shift?: number };
        state.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as unknown as { value: number; hadRecentInput: boolean }[])
            if (!entry.hadRecentInput) state.shift = (state.shift ?? 0) + entry.value;
        }).observe({ type: "layout-shift" });
      });
      await runButton(page).click();
      await phase(page, "done");
      await page.waitForTimeout(300);
      expect(await page.evaluate(() => (window as { shift?: number }).shift)).toBeLessThan(0.05);
      expect(await page.getByText(/The first run loads/).count()).toBe(0);
      await page.reload();
      await ready(page);
      expect(await page.getByText(/The first run loads/).count()).toBe(0);
    },
  );

  test("loading is told in bytes; a server that is gone is named, and the next run works", async () => {
    const page = await open(`${attack}#run`);
    await ready(page);
    await page.route("**/*.wasm", (route) => route.abort());
    await runButton(page).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toBe(
      "ONNX Runtime could not be loaded: the server does not answer. Is it still running?",
    );
    forgive("net::ERR_FAILED"); // what this test asked for
    await page.unroute("**/*.wasm");
    const told: string[] = [];
    await page.exposeFunction("tell", (text: string) => told.push(text));
    await page.evaluate(() => {
      const status = document.querySelector(".panel-status")!;
      new MutationObserver(() =>
        (window as unknown as { tell: (text: string) => void }).tell(status.textContent!),
      ).observe(status, { childList: true, characterData: true, subtree: true });
    });
    await runButton(page).click();
    await phase(page, "done");
    expect(told.join("\n")).toMatch(/\d+ % · loading ONNX Runtime: \d\.\d of 2\.8 MB/);
  });
});
