// `webThreads` in Chromium: in a page and in a worker of it, the bytes that Node's threads give.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser, noBrowser } from "../../../tools/browser.ts";
import { type ServedPage, servePage } from "../../../tools/served-page.ts";
import { nodeThreads } from "../src/index.node.ts";
import { evaluate, f1, Model, type Settings, train } from "../src/index.ts";
import { bytesOf } from "./model-parts.ts";

const labelled = readFileSync(new URL("fixtures/train.txt", import.meta.url), "utf8");

describe.skipIf(noBrowser)(`threads in the browser${noBrowser ? ` (skipped: ${noBrowser})` : ""}`, () => {
  let browser: Browser;
  let served: ServedPage;
  let page: Page;
  beforeAll(async () => {
    served = await servePage(fileURLToPath(new URL("web", import.meta.url)));
    browser = await launchBrowser();
    page = await browser.newPage();
    await page.goto(served.url, { waitUntil: "load" });
  });
  afterAll(async () => {
    await browser?.close();
    served?.close();
  });

  /** What a function of web/page.ts gives. */
  async function trained(where: "trained" | "trainedInWorker", text: string, settings: Partial<Settings>) {
    const order = JSON.stringify({ text, settings });
    const told = await page.evaluate<{ bytes: number[]; started: number; error?: string }>(`${where}(${order})`);
    expect(told.error).toBeUndefined();
    return { bytes: Buffer.from(told.bytes), started: told.started };
  }

  const settings = { dim: 8, lr: 0.5, epoch: 4, threads: 2, wordNgrams: 2, bucket: 100 };

  describe.each([
    ["in the page", "trained"],
    ["in a worker of the page", "trainedInWorker"],
  ] as const)("%s", (_, where) => {
    test.each([
      ["a classifier", { ...settings, deterministic: true }],
      ["skipgram", { ...settings, model: "skipgram", minCount: 1, deterministic: true }],
    ] as const)("%s, deterministic: the same bytes as on Node", async (_, given) => {
      const { bytes, started } = await trained(where, labelled, given);
      expect(started).toBe(0); // one thread does all
      expect(bytes.equals(bytesOf(await train([labelled], given, { runThreads: nodeThreads })))).toBe(true);
    });

    test("a classifier whose threads race learns", async () => {
      const { bytes, started } = await trained(where, labelled, { ...settings, epoch: 30 });
      expect(started).toBe(1); // the other one is the caller
      expect(f1(evaluate(Model.fromBytes(bytes), [Buffer.from(labelled)]).all)).toBeGreaterThan(0.9);
    });
  });
});
