// Training steps in Chromium (ONNX Runtime Web, WASM) against PyTorch, same machine and threads. NET=mlp,… chooses, THREADS=1.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { launchBrowser } from "../tools/browser.ts";
import { servePage } from "../tools/served-page.ts";
import { compare, printMachine, pythonPeer } from "./harness.ts";
import { workloads } from "./training/workloads.ts";

const served = await servePage(fileURLToPath(new URL("./training", import.meta.url)));
printMachine();
const threads = Number(process.env.THREADS ?? availableParallelism());
const peer = await pythonPeer("torch_train.py", ["torch", "torchvision"], [String(threads)]);
const browser = await launchBrowser();
const page = await browser.newPage();
await page.goto(served.url);
await page.waitForFunction("globalThis.steps !== undefined");
const opened = performance.now();
for (const net of (process.env.NET ?? "mlp,lenet,resnet20").split(",")) {
  const { steps, rounds, input } = workloads[net]!();
  const ours = {
    name: `Chromium ${browser.version()}`,
    run: async () => Number(await page.evaluate(`steps("${net}", ${steps}, ${threads})`)) / 1000,
  };
  // Some ten seconds after the page was opened, once, Chromium is busy for two seconds (docs/notes/engine-speed.md). A training lasts
  // longer.
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
served.close();
