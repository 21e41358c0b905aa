import { existsSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { nodeRuntime, nodeWorkerRuntime } from "../src/index.node.ts";
import { compile, type Inputs, mul, type Runtime, tensor } from "../src/index.ts";
import { runtimeSuite } from "./runtime.suite.ts";
import { threeSteps } from "./three-steps.ts";

const runtimes: [string, () => Runtime][] = [
  ["onnxruntime-node, this thread", () => nodeRuntime({ threads: 1 })],
  ["onnxruntime-node, worker thread", () => nodeWorkerRuntime({ threads: 1 })],
];

// A software Vulkan device, where Debian's chromium and libvulkan1 are installed; a machine's own GPU with WEBGPU=1.
const icd = "/usr/lib/chromium/vk_swiftshader_icd.json";
const software = existsSync(icd) && existsSync("/usr/lib/x86_64-linux-gnu/libvulkan.so.1");
if (software && !process.env.WEBGPU) process.env.VK_ICD_FILENAMES = icd;
const hasWebgpu = software || process.env.WEBGPU === "1";

describe.skipIf(!hasWebgpu)(
  "onnxruntime-node, WebGPU (skipped without a Vulkan device: install chromium and libvulkan1, or set WEBGPU=1)",
  () => {
    // In software every shader takes part of a second to compile, more on a busy machine.
    const timeout = 300_000;
    test.each(Object.entries(runtimeSuite))(
      "%s",
      async (_name, run) => {
        await run(nodeRuntime({ target: "webgpu" }));
      },
      timeout,
    );
    test(
      "three training steps have the losses of the CPU",
      async () => {
        const cpu = await threeSteps(nodeRuntime({ threads: 1 }));
        const gpu = await threeSteps(nodeRuntime({ target: "webgpu" }));
        // float32 on both sides, sums in other orders.
        expect(gpu).toEqual(cpu.map((loss) => expect.closeTo(loss, 4)));
      },
      timeout,
    );
  },
);

describe.each(runtimes)("%s", (_, start) => {
  const runtime = start();
  afterAll(() => runtime.release());
  test.each(Object.entries(runtimeSuite))("%s", async (_name, run) => {
    await run(runtime);
  });
});

test("a released worker runtime answers every call with an error", async () => {
  const runtime = nodeWorkerRuntime({ threads: 1 });
  const f = compile(runtime, ({ x }: Inputs<"x">) => ({ y: mul(x, 2) }));
  await f.run({ x: tensor("float32", [1], [1]) });
  await runtime.release();
  await expect(f.run({ x: tensor("float32", [1], [1]) })).rejects.toThrow("runtime: it was released");
});

test("while a worker runtime computes, this thread's timers go on", async () => {
  const runtime = nodeWorkerRuntime({ threads: 1 });
  const f = compile(runtime, ({ x }: Inputs<"x">) => ({
    y: Array.from({ length: 300 }).reduce((y: typeof x) => mul(y, 1.0001), x),
  }));
  const x = tensor("float32", [1 << 20], new Float32Array(1 << 20));
  await f.run({ x });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await f.run({ x });
  clearInterval(timer);
  await runtime.release();
  expect(ticks).toBeGreaterThan(3);
});
