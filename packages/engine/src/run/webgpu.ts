// onnxruntime-web on WebGPU. What it cannot run there falls back to WASM, in the same session.
import * as ort from "onnxruntime-web/webgpu";
import { webgpu } from "../lower/webgpu.ts";
import { ortRuntime } from "./ort.ts";
import type { Runtime } from "./runtime.ts";
import { webgpuAdapter } from "./webgpu-adapter.ts";

export interface WebgpuRuntimeOptions {
  /** Folder of ONNX Runtime's WASM binary with WebGPU, ending with a slash. Kept by the module. */
  readonly wasmPaths?: string;
}

/**
 * A runtime on the GPU of a page or a Web Worker.
 *
 * @example
 * const runtime = await webgpuRuntime().catch(() => webRuntime());
 *
 * @throws Error where the browser gives no GPU; run on WASM there
 */
export async function webgpuRuntime({ wasmPaths }: WebgpuRuntimeOptions = {}): Promise<Runtime> {
  if (!(await webgpuAdapter())) {
    throw new Error("webgpu: the browser gives this page no GPU; use webRuntime, which runs on WASM");
  }
  if (wasmPaths) ort.env.wasm.wasmPaths = wasmPaths;
  ort.env.wasm.numThreads = 1;
  return ortRuntime(ort, {
    target: webgpu,
    writesInPlace: false,
    oneAtATime: true,
    session: { executionProviders: ["webgpu", "wasm"], logSeverityLevel: 3 },
  });
}
