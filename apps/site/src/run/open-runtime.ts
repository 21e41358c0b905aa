// ONNX Runtime in a panel's Web Worker.
import type { Runtime } from "@reprise/engine";
import { ortVersion, webRuntime } from "@reprise/engine/web";
import { runtimeBytes } from "./runtime-bytes.ts";
import type { RunContext } from "./serve-tasks.ts";
import { siteFile } from "./site-file.ts";

const folder = `/assets/ort/${ortVersion}/`;
let runtime: Runtime | undefined;

/**
 * The worker's one runtime; while it is loaded, tells how many of its bytes are there.
 *
 * @param threads  decided by the first call; as many as the machine has cores unless given
 */
export async function openRuntime(
  { progress }: Pick<RunContext<never>, "progress">,
  threads = navigator.hardwareConcurrency,
): Promise<Runtime> {
  if (runtime) return runtime;
  const { whole, sent } = runtimeBytes;
  const wasmBinary = await siteFile(`${folder}ort-wasm-simd-threaded.wasm`, "ONNX Runtime", (bytes) => {
    const share = Math.min(1, bytes / whole);
    const text = `loading ONNX Runtime: ${((sent * share) / 1e6).toFixed(1)} of ${(sent / 1e6).toFixed(1)} MB`;
    progress({ done: Math.round(100 * share), total: 100, text });
  });
  runtime ??= webRuntime({ wasmPaths: `${location.origin}${folder}`, wasmBinary, threads });
  return runtime;
}
