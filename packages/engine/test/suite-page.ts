// The page of the runtime suite, bundled and served.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, defaultClientConditions } from "vite";

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

export interface SuitePage {
  readonly url: string;
  close(): void;
}

/** Serves the page of test/web on a free port of this machine. */
export async function serveSuite(): Promise<SuitePage> {
  const server = await serve((await bundle()).set("/index.html", html));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`;
  return { url, close: () => server.close() };
}
