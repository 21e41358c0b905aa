// onnxruntime-web on WASM: several threads where the page is cross-origin isolated, else one.
import * as ort from "onnxruntime-web/wasm";
import { wasm } from "../lower/wasm.ts";
import { ortRuntime } from "./ort.ts";
import type { Runtime } from "./runtime.ts";

/** The version of ONNX Runtime Web; its WASM files must be of the same one. */
export const ortVersion: string = ort.env.versions.web ?? ort.env.versions.common;

export interface WebRuntimeOptions {
  /**
   * Folder or files of ONNX Runtime's WASM binary, as ort.env.wasm.wasmPaths takes them; a folder ends with a slash.
   * Kept by the module, as are the threads: the first model of a page or worker decides for all.
   */
  readonly wasmPaths?: string | { readonly wasm?: string; readonly mjs?: string };
  /** The WASM binary itself, for a page that shows how far its loading is; then none is fetched. */
  readonly wasmBinary?: Uint8Array<ArrayBuffer>;
  /** Threads; ignored (1) without cross-origin isolation. */
  readonly threads?: number;
}

/**
 * A runtime on ONNX Runtime Web's WASM provider. The binary is fetched when the first model is loaded.
 *
 * @example
 * const runtime = webRuntime({ wasmPaths: "/ort/" });
 */
export function webRuntime({
  wasmPaths,
  wasmBinary,
  threads = navigator.hardwareConcurrency,
}: WebRuntimeOptions = {}): Runtime {
  if (wasmPaths) ort.env.wasm.wasmPaths = wasmPaths as string;
  if (wasmBinary) ort.env.wasm.wasmBinary = wasmBinary;
  ort.env.wasm.numThreads = globalThis.crossOriginIsolated ? threads : 1;
  return ortRuntime(ort, {
    target: wasm,
    writesInPlace: false,
    session: { executionProviders: ["wasm"], logSeverityLevel: 3, extra: { session: { set_denormal_as_zero: "1" } } },
  });
}
