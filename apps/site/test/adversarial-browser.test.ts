// The panel "adversarial examples" in a real browser: from the home page to a result, cancelled, reloaded, drawn.
import { readFileSync } from "node:fs";
import { ndArray } from "@reprise/data";
import { encodeImage } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { noBrowser } from "../../../tools/browser.ts";
import { type AttackResult, attackImage } from "../src/run/adversarial/attack.ts";
import { digitOf, digitsUrl, readDigits } from "../src/run/adversarial/digits.ts";
import { defaultInputs } from "../src/run/adversarial/inputs.ts";
import { decimal } from "../src/web/panels/adversarial/wording.ts";
import { address, hash, longRun, panelSite } from "./adversarial-page.ts";
import { smallClassifier, twoHeaded } from "./own-files.ts";
import { phase, ready, runButton, status, violations } from "./watched-site.ts";

const name = `the panel in the browser${noBrowser ? ` (skipped: ${noBrowser})` : ""}`;
// Each test loads 14 MB of WASM anew and searches; on a busy machine that takes its time.
describe.skipIf(noBrowser)(name, { timeout: 240_000 }, () => {
  const { open, models, forgive } = panelSite();

  test("from the home page to a result, the same that Node computes", async () => {
    const page = await open("/");
    await page.getByRole("link", { name: "Intriguing properties of neural networks" }).first().click();
    await page.getByRole("link", { name: "Run it in this page" }).click();
    await ready(page);
    await runButton(page).click();
    await page.locator(".equation canvas").first().waitFor();
    await phase(page, "done");

    const node: AttackResult = await attackImage(
      digitOf("t9", await readDigits(new Uint8Array(readFileSync(digitsUrl)))),
      defaultInputs,
      {
        runtime: nodeRuntime({ threads: 1 }),
        models: models().models,
        loadModel: async (file) => models().files.get(file)!,
        signal: new AbortController().signal,
        progress: () => {},
        breathe: async () => {},
      },
    );
    expect(await status(page)).toContain(`takes this 7 for a ${node.attack.predictedAfter}`);
    const shown = await page.locator(".numbers div", { hasText: "Distortion" }).locator("dd").textContent();
    // Sums in another order: the searches end within float32 of each other.
    expect(Number(shown) / Number(decimal(node.attack.distortion))).toBeCloseTo(1, 1);

    expect(await page.locator(".verdicts tbody tr").count()).toBe(5);
    expect(await page.locator(".probabilities tbody tr").count()).toBe(10);
    expect(await page.locator(".search-chart .mark.disc").count()).toBeGreaterThan(9);
    await page.locator(".panel-stored").waitFor({ state: "hidden" });
    expect(await page.locator('.equation canvas[role="img"]').nth(1).getAttribute("aria-label")).toMatch(
      /^The perturbation, scaled by [\d.]+: \d+ of 784 values move/,
    );
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Figure (SVG)" }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^adversarial-fc100-100-10-7-to-\d\.svg$/);
    expect(readFileSync(await file.path(), "utf8")).toMatch(/^<svg [\s\S]*x′, read as a/);
  });

  test("less than 30 kB of script before the panel is used, and no WebAssembly", async () => {
    const page = await open(`${address}#run`);
    await ready(page);
    await page.locator(".tile canvas").first().waitFor();
    const loaded = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .map((entry) => [entry.name, (entry as PerformanceResourceTiming).encodedBodySize] as const),
    );
    expect(loaded.filter(([name]) => /wasm|worker|\.onnx|\.mjs/.test(name))).toEqual([]);
    const scripts = loaded.filter(([name]) => name.endsWith(".js"));
    expect(scripts.length).toBeGreaterThan(2);
    expect(scripts.reduce((sum, [, bytes]) => sum + bytes, 0)).toBeLessThan(30_000);
    await page.getByText(/^The first run loads 4\.\d MB\.$/).waitFor();
  });

  test("cancelling works at once, and the next run is whole", async () => {
    const page = await open(`${address}${longRun}`);
    await ready(page);
    await runButton(page).click();
    await page.locator(".search-chart .mark").first().waitFor();
    await page.keyboard.press("Escape");
    await phase(page, "cancelled");
    expect(await status(page)).toBe("Cancelled.");
    await page.getByLabel("Network").selectOption("fc10-1e-4");
    await runButton(page).click();
    await phase(page, "done");
    expect(await status(page)).toContain("FC10(10⁻⁴) takes this 7 for");
  });

  test("the address holds every input, and reloading gives the same result", async () => {
    const page = await open(address);
    await page.locator("#run").scrollIntoViewIfNeeded();
    await ready(page);
    // Radio buttons: one stop for Tab, arrows move inside.
    await page.getByRole("radio", { name: "7, number 1 of 3" }).focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.getByRole("radio", { name: "7, number 2 of 3" }).isChecked()).toBe(true);
    await page.getByLabel("Network").selectOption("fc200-200-10");
    await page.getByLabel("Make it read").selectOption("3");
    await page.getByLabel("Size of r").selectOption("l2");
    await page.getByLabel("Seed").fill("11");
    expect(await hash(page)).toBe(
      "#run&task=attack&digit=t12&network=fc200-200-10&target=3&attack=lbfgs&norm=l2&enlarge=1&seed=11",
    );
    const result = async () => {
      await runButton(page).click();
      await phase(page, "done");
      const numbers = await page.locator(".numbers div").allTextContents();
      return [await status(page), ...numbers.slice(0, 6)];
    };
    const first = await result();
    await page.reload();
    await ready(page);
    expect(await page.getByLabel("Network").inputValue()).toBe("fc200-200-10");
    expect(await page.getByRole("radio", { name: "7, number 2 of 3" }).isChecked()).toBe(true);
    expect(await result()).toEqual(first);
  });

  test("a digit can be drawn with the pointer and with the keyboard, and is in the address", async () => {
    const page = await open(`${address}#run`);
    await ready(page);
    const pad = page.getByRole("application");
    await pad.scrollIntoViewIfNeeded();
    const box = (await pad.boundingBox())!;
    await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.15 * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.85 * box.height, { steps: 8 });
    await page.mouse.up();
    const drawn = new URLSearchParams((await hash(page)).slice(5)).get("digit")!;
    expect(drawn).toMatch(/^d[\da-o]+$/);
    await runButton(page).click();
    await phase(page, "done");
    expect(await status(page)).toMatch(/takes this \d for a \d/);

    await pad.focus();
    await page.keyboard.press("Delete");
    expect(await hash(page)).toContain("digit=t9");
    await page.keyboard.press("Space");
    for (let i = 0; i < 6; i++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    expect(await hash(page)).toMatch(/digit=d\d+/);
    await page.reload();
    await ready(page);
    expect(await page.locator(".pad.chosen").count()).toBe(1);
  });

  /** Puts a file on an element as a pointer that drags it does. */
  async function drop(page: Page, target: string, name: string, bytes: Uint8Array, type: string): Promise<void> {
    const transfer = await page.evaluateHandle(
      ({ name, base64, type }) => {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name, { type }));
        return transfer;
      },
      { name, base64: Buffer.from(bytes).toString("base64"), type },
    );
    for (const event of ["dragover", "drop"]) await page.dispatchEvent(target, event, { dataTransfer: transfer });
  }

  test("a dropped ONNX file and a dropped PNG are attacked; what is neither is named", async () => {
    const page = await open(`${address}#run`);
    await ready(page);
    await page.getByLabel("Network").selectOption("own");
    await page.getByText("Choose an ONNX file: it stays in this page.").waitFor();
    await drop(page, ".own-model .file-drop", "notes.onnx", new TextEncoder().encode("not a model"), "");
    await page.getByText("notes.onnx: not a readable ONNX model").waitFor();
    expect(await runButton(page).getAttribute("aria-disabled")).toBe("true");
    await drop(page, ".own-model .file-drop", "pair.onnx", twoHeaded("inputs"), "");
    await page.getByText("pair.onnx: it has 2 inputs (a, b)").waitFor();
    await drop(page, ".own-image .file-drop", "notes.png", new TextEncoder().encode("no picture"), "image/png");
    await page.getByText("notes.png is not a picture that this browser can read.").waitFor();

    await drop(page, ".own-model .file-drop", "hard.onnx", smallClassifier({ reversed: true }), "");
    await page.getByText("has no gradient here").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Square" }).click();
    expect(await page.getByLabel("Attack", { exact: true }).inputValue()).toBe("square");

    await drop(page, ".own-model .file-drop", "mine.onnx", smallClassifier(), "");
    await page.getByText("images of 3 × 6 × 8, 3 labels").waitFor();
    const shades = Uint8Array.from({ length: 3 * 60 * 80 }, (_, i) => (i * 7) % 251);
    await drop(
      page,
      ".own-image .file-drop",
      "photo.png",
      await encodeImage(ndArray("uint8", [3, 60, 80], shades)),
      "image/png",
    );
    await page.locator(".own-image canvas").waitFor();
    await page.getByText("Names of its labels").click();
    await page.getByLabel("Names of the labels").fill("cat\ndog\nowl");
    await page.getByLabel("Attack", { exact: true }).selectOption("lbfgs");
    await runButton(page).click();
    await phase(page, "done");
    expect(await status(page)).toMatch(/^Your model takes an image of “(cat|dog|owl)” for “(cat|dog|owl)”/);
    expect(await page.locator(".said").textContent()).toBe("photo.png, 80 × 60 pixels: scaled to 8 × 6.");
    expect(await page.locator(".verdicts tbody tr").count()).toBe(1);
    expect(await violations(page)).toEqual([]);

    // Files are not in the address: a reload asks for them again.
    await page.reload();
    await ready(page);
    expect(await page.getByLabel("Network").inputValue()).toBe("own");
    await page.getByText("Choose an ONNX file: it stays in this page.").waitFor();
    expect(await page.locator(".panel-form .panel-error").textContent()).toBe(
      "Not taken from the address: Image. Files are not part of an address: choose the image again.",
    );
  });

  test("a picture of a digit is pasted, and becomes a digit for the shipped networks", async () => {
    const page = await open(`${address}#run`);
    await ready(page);
    const ink = (x: number, y: number) => x > 90 && x < 110 && y > 30 && y < 170;
    const sheet = Uint8Array.from({ length: 3 * 200 * 200 }, (_, i) =>
      ink(i % 200, Math.floor(i / 200) % 200) ? 30 : 235,
    );
    const base64 = Buffer.from(await encodeImage(ndArray("uint8", [3, 200, 200], sheet))).toString("base64");
    await page.evaluate((base64) => {
      const transfer = new DataTransfer();
      transfer.items.add(
        new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], "one.png", { type: "image/png" }),
      );
      document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
    }, base64);
    await page.locator(".own-image .chosen canvas").waitFor();
    await runButton(page).click();
    await phase(page, "done");
    expect(await page.locator(".said").textContent()).toMatch(/^one\.png, 200 × 200 pixels: made grey, turned over/);
    expect(await page.locator(".verdicts tbody tr").count()).toBe(5);
  });

  test("a target that is reached already is said, without numbers that mean nothing", async () => {
    const page = await open(`${address}#run&digit=t9&target=7`);
    await ready(page);
    await runButton(page).click();
    await phase(page, "done");
    expect(await status(page)).toContain("already calls the original a 7");
    expect(await page.locator("#run").textContent()).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("κ and k: with the attacks that have them, explained, in the address, within their ranges", async () => {
    const page = await open(`${address}#run`);
    await ready(page);
    const kappa = page.getByLabel("κ, the lead asked for");
    const k = page.getByLabel("k, labels that count");
    expect([await kappa.count(), await k.count()]).toEqual([0, 0]); // the paper's attack has neither
    await page.getByLabel("Attack", { exact: true }).selectOption("deepfool");
    await kappa.fill("0.3");
    await k.fill("10");
    await page.getByText("10 is outside 1 to 9.").waitFor();
    const about = (await k.getAttribute("aria-describedby"))!.split(" ");
    const texts = about.map((id) => page.locator(`#${id}`).textContent());
    expect((await Promise.all(texts)).join(" ")).toMatch(/^1: what it reads\. More: .* 10 is outside 1 to 9\.$/);
    expect(await runButton(page).getAttribute("aria-disabled")).toBe("true");
    await k.fill("2");
    expect(await hash(page)).toContain("attack=deepfool&confidence=0.3&topK=2&");
    await runButton(page).click();
    await phase(page, "done");
    expect(await status(page)).toMatch(/finds 2 labels likelier for this 7, with a lead of 0\.3 logits, first of all/);
    expect(await page.locator(".numbers div", { hasText: "Lead of 2 labels" }).locator("dd").textContent()).toMatch(
      /^0\.\d/,
    );
    expect(await violations(page)).toEqual([]);
  });

  test("a network that is missing on the server is named, and the panel goes on", async () => {
    const page = await open(`${address}#run`);
    await ready(page);
    await page.route("**/fc100-100-10.onnx", (route) => route.fulfill({ status: 404 }));
    await runButton(page).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toBe(
      "the network fc100-100-10.onnx could not be loaded: the server answers 404. Reload the page.",
    );
    forgive("404"); // what this test asked for
    await page.unroute("**/fc100-100-10.onnx");
    await runButton(page).click();
    await phase(page, "done");
  });

  test.each(["light", "dark"] as const)("axe finds nothing: idle, running, done, %s", async (colorScheme) => {
    const page = await open(`${address}${longRun}`, { colorScheme });
    await ready(page);
    await page.locator(".tile canvas").first().waitFor();
    expect(await violations(page)).toEqual([]);
    await runButton(page).click();
    await page.locator(".search-chart .mark").first().waitFor();
    expect(await violations(page)).toEqual([]);
    await phase(page, "done");
    expect(await violations(page)).toEqual([]);
  });
});
