// The runtime suite on WebGPU in Chromium. SwiftShader, a GPU in software, is correct and slow: real ones are the same
// code, and were not at hand (docs/notes/engine-speed.md).
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, describe, expect, test } from "vitest";
import { launchBrowser, noBrowser } from "../../../tools/browser.ts";
import { type ServedPage, servePage } from "../../../tools/served-page.ts";
import { nodeRuntime } from "../src/index.node.ts";
import { runtimeSuite } from "./runtime.suite.ts";
import { threeSteps } from "./three-steps.ts";

// In software every shader takes part of a second to compile, more on a busy machine.
const timeout = 300_000;

let browser: Browser | undefined;
let page: Page | undefined;
let suite: ServedPage | undefined;
const call = <T>(expression: string): Promise<T> => page!.evaluate(expression);

/** Why the suite cannot run here, or null with a page that has a GPU. */
async function open(): Promise<string | null> {
  if (noBrowser) return noBrowser;
  suite = await servePage(fileURLToPath(new URL("web", import.meta.url)));
  browser = await launchBrowser(["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]);
  page = await browser.newPage();
  await page.goto(suite.url, { waitUntil: "load" });
  return (await call<boolean>("hasGpu()")) ? null : "the browser gives no WebGPU adapter, not even in software";
}

const noGpu = await open();
afterAll(async () => {
  await browser?.close();
  suite?.close();
});

describe.skipIf(noGpu)(`onnxruntime-web on WebGPU in the browser${noGpu ? ` (skipped: ${noGpu})` : ""}`, () => {
  test.each(Object.keys(runtimeSuite))(
    "in a Web Worker: %s",
    async (name) => {
      expect(await call(`runInWorker("webgpu", 1, ${JSON.stringify(name)})`)).toBeNull();
    },
    timeout,
  );

  test(
    "three training steps have the losses of the CPU",
    async () => {
      const cpu = await threeSteps(nodeRuntime({ threads: 1 }));
      // float32 on both sides, sums in other orders.
      expect(await call('stepsInWorker("webgpu")')).toEqual(cpu.map((loss) => expect.closeTo(loss, 4)));
      expect(cpu[2]).toBeLessThan(cpu[0]!);
    },
    timeout,
  );
});

test.skipIf(noBrowser)("a page without a GPU is told to use WASM", async () => {
  const plain = await launchBrowser();
  const other = await plain.newPage();
  await other.goto(suite!.url, { waitUntil: "load" });
  const answer = await other.evaluate<unknown>('stepsInWorker("webgpu")');
  await plain.close();
  expect(answer).toContain("webgpu: the browser gives this page no GPU; use webRuntime, which runs on WASM");
});
