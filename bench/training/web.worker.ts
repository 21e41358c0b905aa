// Trains a workload in the browser when asked; see engine-web.ts.
import { webRuntime } from "@reprise/engine/web";
import { startTraining, workloads } from "./workloads.ts";

const trainings = new Map<string, ReturnType<typeof startTraining>>();

addEventListener(
  "message",
  async ({ data: { net, steps, threads } }: MessageEvent<{ net: string; steps: number; threads: number }>) => {
    const wasmPaths = { wasm: "/ort/ort-wasm-simd-threaded.wasm", mjs: "/ort/ort-wasm-simd-threaded.mjs" };
    const key = `${net} ${threads}`;
    if (!trainings.has(key)) trainings.set(key, startTraining(webRuntime({ wasmPaths, threads }), workloads[net]!()));
    postMessage(await (await trainings.get(key)!).steps(steps));
  },
);
