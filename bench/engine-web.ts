// Training steps in Chromium (ONNX Runtime Web, WASM) against PyTorch, same machine and threads. NET=mlp,… chooses, THREADS=1.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, defaultClientConditions } from "vite";
import { launchBrowser } from "../tools/browser.ts";
import { compare, printMachine, pythonPeer } from "./harness.ts";
import { workloads } from "./training/workloads.ts";

const root = fileURLToPath(new URL("./training", import.meta.url));
const built = await build({
  root,
  configFile: false,
  publicDir: false,
  logLevel: "error",
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  worker: { format: "es" },
  build: {
    write: false,
    assetsDir: "",
    rolldownOptions: { input: join(root, "page.ts"), output: { entryFileNames: "page.js" } },
  },
});
if (!("output" in built)) throw new Error("Vite built several bundles, or none");
const files = new Map<string, string | Uint8Array>(
  built.output.map((file) => [`/${file.fileName}`, "code" in file ? file.code : file.source]),
);
files.set("/", "<!doctype html><script type=module src=/page.js></script>");
const ort = dirname(
  createRequire(new URL("../packages/engine/src/index.ts", import.meta.url)).resolve("onnxruntime-web/wasm"),
);
const types: Record<string, string> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  "": "text/html",
};
const server = createServer(({ url = "/" }, response) => {
  response.writeHead(200, {
    "Content-Type": types[extname(url)] ?? "text/plain",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
  });
  response.end(url.startsWith("/ort/") ? readFileSync(join(ort, basename(url))) : files.get(url));
});
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));

printMachine();
const threads = Number(process.env.THREADS ?? availableParallelism());
const peer = await pythonPeer("torch_train.py", ["torch", "torchvision"], [String(threads)]);
const browser = await launchBrowser();
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
await page.waitForFunction("globalThis.steps !== undefined");
const opened = performance.now();
for (const net of (process.env.NET ?? "mlp,lenet,resnet20").split(",")) {
  const { steps, rounds, input } = workloads[net]!();
  const ours = {
    name: `Chromium ${browser.version()}`,
    run: async () => Number(await page.evaluate(`steps("${net}", ${steps}, ${threads})`)) / 1000,
  };
  // Chromium compiles the kernels once more while they run, and stores them some ten seconds later, which takes both cores
  // for two seconds. A training lasts longer.
  do await ours.run();
  while (performance.now() - opened < 20_000);
  if (!peer) {
    console.log(`${net}: ${(await ours.run()) * 1e3} ms a step, no peer to compare with`);
    continue;
  }
  const theirs = {
    name: "PyTorch",
    run: async () => (await peer.ask<{ seconds: number }>({ net, steps })).seconds / steps,
  };
  await compare(`${net}, batch ${input[0]}, ${threads} threads`, ours, theirs, {
    rounds,
    goal: 0.25,
  });
}
peer?.close();
await browser.close();
server.close();
