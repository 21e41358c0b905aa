// `webThreads` in Chromium: in a page and in a worker of it, the bytes that Node's threads give.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser, noBrowser } from "../../../tools/browser.ts";
import { evaluate, f1, Model, type Settings, train } from "../src/index.ts";
import { nodeThreads } from "../src/node.ts";
import { bytesOf } from "./model-parts.ts";

const labelled = readFileSync(new URL("fixtures/train.txt", import.meta.url), "utf8");
const root = fileURLToPath(new URL("web", import.meta.url));

/** The page, bundled, by path. */
async function bundle(): Promise<Map<string, string | Uint8Array>> {
  const result = await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: "error",
    worker: { format: "es" },
    build: {
      write: false,
      minify: false,
      assetsDir: "",
      modulePreload: { polyfill: false },
      rolldownOptions: { input: `${root}/page.ts`, output: { entryFileNames: "page.js" } },
    },
  });
  if (!("output" in result)) throw new Error("Vite built several bundles, or none");
  return new Map(result.output.map((file) => [`/${file.fileName}`, "code" in file ? file.code : file.source]));
}

describe.skipIf(noBrowser)(`threads in the browser${noBrowser ? ` (skipped: ${noBrowser})` : ""}`, () => {
  let browser: Browser;
  let server: Server;
  let page: Page;
  beforeAll(async () => {
    const files = await bundle();
    files.set("/", "<!doctype html><title>threads</title><script type=module src=/page.js></script>");
    server = createServer((request, response) => {
      const body = files.get(request.url ?? "/");
      response.writeHead(body === undefined ? 404 : 200, {
        "Content-Type": request.url === "/" ? "text/html" : "text/javascript",
        // Together they give SharedArrayBuffer, which threads need.
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
      });
      response.end(body);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    browser = await launchBrowser();
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { waitUntil: "load" });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
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
      expect(started).toBeGreaterThan(0);
      expect(bytes.equals(bytesOf(await train([labelled], given, { runThreads: nodeThreads })))).toBe(true);
    });

    test("a classifier whose threads race learns", async () => {
      const { bytes, started } = await trained(where, labelled, { ...settings, epoch: 30 });
      expect(started).toBe(1); // the other one is the caller
      expect(f1(evaluate(Model.fromBytes(bytes), [Buffer.from(labelled)]).all)).toBeGreaterThan(0.9);
    });
  });
});
