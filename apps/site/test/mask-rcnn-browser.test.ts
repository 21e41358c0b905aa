// The panel "Mask R-CNN" in a real browser: a generated picture, the threshold, the regions, a picture of the reader's.
import { ndArray } from "@reprise/data";
import { encodeImage } from "@reprise/data/node";
import { describe, expect, test } from "vitest";
import { noBrowser } from "../../../tools/browser.ts";
import { paperKey } from "../src/run/mask-rcnn/inputs.ts";
import { phase, ready, runButton, status, watchedSite } from "./watched-site.ts";

const address = `/paper?bibtexKey=${paperKey}`;
const name = `the Mask R-CNN panel in the browser${noBrowser ? ` (skipped: ${noBrowser})` : ""}`;

describe.skipIf(noBrowser)(name, { timeout: 180_000 }, () => {
  const site = watchedSite();

  test("a generated picture, the threshold, single instances, regions, downloads; then a picture of one's own", async () => {
    const page = await site.open(`${address}#run`);
    await page.locator("#run").scrollIntoViewIfNeeded();
    await ready(page);
    await runButton(page).click();
    await phase(page, "done");
    expect(await status(page)).toMatch(/Found: .*\. \d+ regions were proposed/);
    const objects = page.locator(".mask-objects");
    const boxes = objects.locator(".layered rect");
    const first = await boxes.count();
    expect(first).toBeGreaterThan(0);
    await objects.locator("li input").first().click();
    expect(await boxes.count()).toBe(first - 1);
    await objects.locator("input[type=range]").fill("1");
    expect(await boxes.count()).toBe(0);
    await objects.locator("input[type=range]").fill("0.05");
    expect(await boxes.count()).toBeGreaterThanOrEqual(first - 1);
    const json = await objects.getByRole("link", { name: "Results" }).getAttribute("href");
    const rows = JSON.parse(decodeURIComponent(json!.slice(json!.indexOf(",") + 1)));
    expect(rows[0]).toMatchObject({ bbox: expect.any(Array), segmentation: { size: [128, 128] } });
    expect(await objects.getByRole("link", { name: "Picture" }).getAttribute("href")).toMatch(/^data:image\/png/);

    const proposals = page.locator(".mask-proposals");
    await proposals.locator("input[type=range]").fill("5");
    expect(await proposals.locator("rect").count()).toBe(5);
    expect(await page.locator(".region-pictures canvas").count()).toBe(5);

    const square = new Uint8Array(3 * 60 * 90).fill(60);
    for (let c = 0; c < 3; c++)
      for (let y = 15; y < 45; y++) for (let x = 30; x < 60; x++) square[c * 5400 + y * 90 + x] = 200;
    const buffer = Buffer.from(await encodeImage(ndArray("uint8", [3, 60, 90], square)));
    await page.getByLabel("Picture", { exact: true }).selectOption("photo");
    await page.locator('.own-photo input[type="file"]').setInputFiles({ name: "a.png", mimeType: "image/png", buffer });
    await page.locator(".own-photo canvas").waitFor();
    await runButton(page).click();
    await phase(page, "done");
    expect(await page.locator(".mask-objects canvas").getAttribute("width")).toBe("90");
    await page.locator('.own-photo input[type="file"]').setInputFiles({
      ...{ name: "b.png", mimeType: "image/png", buffer: Buffer.from("no picture") },
    });
    await page.getByText("b.png is no picture that this browser reads.").waitFor();
  });
});
