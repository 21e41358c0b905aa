// The runtime suite in Chromium: inside a Web Worker with one and two threads, and from the page through a worker.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build, defaultClientConditions } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser, noBrowser } from "../../../tools/browser.ts";
import { runtimeSuite } from "./runtime.suite.ts";

const types: Record<string, string> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".html": "text/html",
};
const html = "<!doctype html><title>runtime suite</title><script type=module src=/page.js></script>";

/** The bundled page and its worker by path, e.g. "/page.js". */
async function bundle(): Promise<Map<string, string | Uint8Array>> {
  const root = fileURLToPath(new URL("./web", import.meta.url));
  const result = await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: "error",
    resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
    worker: { format: "es" },
    build: {
      write: false,
      minify: false,
      assetsDir: "",
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(root, "page.ts"), output: { entryFileNames: "page.js" } },
    },
  });
  if (!("output" in result)) throw new Error("Vite built several bundles, or none");
  return new Map(result.output.map((file) => [`/${file.fileName}`, "code" in file ? file.code : file.source]));
}

async function serve(files: Map<string, string | Uint8Array>): Promise<Server> {
  const ort = dirname(createRequire(import.meta.url).resolve("onnxruntime-web/wasm"));
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    const body = path.startsWith("/ort/") ? readFileSync(join(ort, basename(path))) : files.get(path);
    response.writeHead(body === undefined ? 404 : 200, {
      "Content-Type": types[extname(path)] ?? "text/plain",
      // Together they give SharedArrayBuffer, which threads need.
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    });
    response.end(body);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

describe.skipIf(noBrowser)(`onnxruntime-web in the browser${noBrowser ? ` (skipped: ${noBrowser})` : ""}`, () => {
  let browser: Browser;
  let server: Server;
  let page: Page;
  beforeAll(async () => {
    server = await serve((await bundle()).set("/index.html", html));
    browser = await launchBrowser();
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`, { waitUntil: "load" });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });
  const call = <T>(expression: string): Promise<T> => page.evaluate(expression);

  test("the page is cross-origin isolated", async () => {
    expect(await call("crossOriginIsolated")).toBe(true);
  });

  const cases = [...Object.keys(runtimeSuite), "starts as many threads as it was told"];
  describe.each([1, 2])("in a Web Worker, threads: %i", (threads) => {
    test.each(cases)("%s", async (name) => {
      expect(await call(`runInWorker(${threads}, ${JSON.stringify(name)})`)).toBeNull();
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
