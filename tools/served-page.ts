// A page of a test or a benchmark, bundled and served to this machine's browser.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { basename, dirname, extname, join } from "node:path";
import { build, defaultClientConditions } from "vite";

export interface ServedPage {
  readonly url: string;
  close(): void;
}

const types: Readonly<Record<string, string>> = {
  "": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** FOLDER/page.ts and its workers, bundled, by path. */
async function bundle(folder: string): Promise<Map<string, string | Uint8Array>> {
  const result = await build({
    root: folder,
    configFile: false,
    publicDir: false,
    logLevel: "error",
    resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
    worker: { format: "es" },
    build: {
      write: false,
      assetsDir: "",
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(folder, "page.ts"), output: { entryFileNames: "page.js" } },
    },
  });
  if (!("output" in result)) throw new Error("Vite built several bundles, or none");
  return new Map(result.output.map((file) => [`/${file.fileName}`, "code" in file ? file.code : file.source]));
}

/** Serves the page of FOLDER/page.ts, cross-origin isolated, on a free port, with ONNX Runtime Web's files in /ort/. */
export async function servePage(folder: string): Promise<ServedPage> {
  const files = await bundle(folder);
  files.set("/", "<!doctype html><title>page</title><script type=module src=/page.js></script>");
  const engine = createRequire(new URL("../packages/engine/src/index.ts", import.meta.url));
  const ort = dirname(engine.resolve("onnxruntime-web/wasm"));
  const found = (path: string): string | Uint8Array | undefined => {
    if (!path.startsWith("/ort/")) return files.get(path);
    const file = join(ort, basename(path));
    return existsSync(file) ? readFileSync(file) : undefined;
  };
  const server = createServer(({ url = "/" }, response) => {
    const body = found(url);
    response.writeHead(body === undefined ? 404 : 200, {
      "Content-Type": types[extname(url)] ?? "text/plain",
      // Together they give SharedArrayBuffer, which threads need.
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    });
    response.end(body);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}
