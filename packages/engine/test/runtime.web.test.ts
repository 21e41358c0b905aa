// The runtime suite in Chromium: inside a Web Worker with one and two threads, and from the page through a worker.
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser, noBrowser } from "../../../tools/browser.ts";
import { type ServedPage, servePage } from "../../../tools/served-page.ts";
import { runtimeSuite } from "./runtime.suite.ts";

describe.skipIf(noBrowser)(`onnxruntime-web in the browser${noBrowser ? ` (skipped: ${noBrowser})` : ""}`, () => {
  let browser: Browser;
  let suite: ServedPage;
  let page: Page;
  beforeAll(async () => {
    suite = await servePage(fileURLToPath(new URL("web", import.meta.url)));
    browser = await launchBrowser();
    page = await browser.newPage();
    await page.goto(suite.url, { waitUntil: "load" });
  });
  afterAll(async () => {
    await browser?.close();
    suite?.close();
  });
  const call = <T>(expression: string): Promise<T> => page.evaluate(expression);

  test("the page is cross-origin isolated", async () => {
    expect(await call("crossOriginIsolated")).toBe(true);
  });

  const cases = [...Object.keys(runtimeSuite), "convolves many channels", "starts as many threads as it was told"];
  describe.each([1, 2])("in a Web Worker, threads: %i", (threads) => {
    test.each(cases)("%s", async (name) => {
      expect(await call(`runInWorker("wasm", ${threads}, ${JSON.stringify(name)})`)).toBeNull();
    });
  });

  describe("from the page, through a Web Worker", () => {
    test.each(Object.keys(runtimeSuite))("%s", async (name) => {
      expect(await call(`runRemotely(${JSON.stringify(name)})`)).toBeNull();
    });
  });

  test("a released or missing worker answers every call with an error", async () => {
    expect(await call("lostRuntimes()")).toEqual([
      "runtime: it was released",
      "runtime: its worker failed: its script could not be loaded",
    ]);
  });
});
