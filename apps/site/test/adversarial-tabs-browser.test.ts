// The other tabs of the panel "adversarial examples" in a real browser: who fools whom; units and directions.
import { describe, expect, test } from "vitest";
import { noBrowser } from "../../../tools/browser.ts";
import { address, hash, panelSite } from "./adversarial-page.ts";
import { phase, ready, runButton, violations } from "./watched-site.ts";

const name = `the panel's other tabs in the browser${noBrowser ? ` (skipped: ${noBrowser})` : ""}`;
// Each test loads 14 MB of WASM anew and searches; on a busy machine that takes its time.
describe.skipIf(noBrowser)(name, { timeout: 240_000 }, () => {
  const { open } = panelSite();

  test.each(["light", "dark"] as const)(
    "who fools whom, cancelled and whole; units; axe finds nothing, %s",
    async (colorScheme) => {
      const page = await open(`${address}#run&task=transfer&images=200`, { colorScheme });
      await ready(page);
      await page.locator(".panel-stored").waitFor({ state: "hidden" });
      await runButton(page).click();
      await page.locator(".matrix td", { hasText: "%" }).first().waitFor();
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await phase(page, "cancelled");
      await page.getByLabel("Test images").fill("2");
      expect(await hash(page)).toBe("#run&task=transfer&images=2&seed=0");
      await runButton(page).click();
      await phase(page, "done");
      expect(await page.locator(".matrix tbody tr").count()).toBe(7);
      expect(await page.locator(".matrix td.own").allTextContents()).toEqual(Array(5).fill("100 %"));
      expect(await violations(page)).toEqual([]);

      await page.getByText("Units and directions").click();
      await runButton(page).click();
      await page.locator(".unit-row").first().waitFor();
      expect(await page.getByRole("img", { name: /^unit \d+: the digits \d(, \d){7}$/ }).count()).toBe(4);
      expect(await violations(page)).toEqual([]);
      await page.getByText("Who fools whom").click(); // each tab keeps its own result
      expect(await page.locator(".matrix tbody tr").count()).toBe(7);
      await page.getByText("Attack an image").click();
      expect(await page.locator(".panel-status").getAttribute("data-phase")).toBe("idle");
    },
  );

  test("nothing is wider than a screen of 320 px", async () => {
    const page = await open(`${address}#run`, { viewport: { width: 320, height: 700 } });
    await ready(page);
    await runButton(page).click();
    await phase(page, "done");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    for (const tab of ["Who fools whom", "Units and directions"]) {
      await page.getByText(tab).click();
      if (tab === "Who fools whom") await page.getByLabel("Test images").fill("2");
      await runButton(page).click();
      await phase(page, "done");
      await page.locator(".matrix, .unit-row").first().waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    }
  });
});
