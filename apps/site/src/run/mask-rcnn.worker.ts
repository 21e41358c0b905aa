// The panel "Mask R-CNN" in its Web Worker: engine and method on ONNX Runtime's WASM.
import type { Runtime } from "@reprise/engine";
import { ortVersion, webRuntime } from "@reprise/engine/web";
import { runtimeBytes } from "./adversarial/downloads.ts";
import { modelFile, paperKey, type SegmentInputs } from "./mask-rcnn/inputs.ts";
import { generatedPicture, type NamedPicture, type SegmentResult, segment } from "./mask-rcnn/segment.ts";
import { breathe, type RunContext, serveTasks } from "./serve-tasks.ts";
import { siteFile } from "./site-file.ts";

const ort = `/assets/ort/${ortVersion}/`;
let runtime: Runtime | undefined;

export interface SegmentMessage {
  readonly inputs: SegmentInputs;
  readonly photo: NamedPicture | undefined;
}

const tasks = { segment: segmentTask };
export type MaskRcnnTasks = typeof tasks;
serveTasks(tasks);

async function segmentTask({ inputs, photo }: SegmentMessage, context: RunContext<never>): Promise<SegmentResult> {
  const [bytes, opened] = await Promise.all([
    siteFile(`/content/${paperKey}/models/${modelFile}`, "the network"),
    openRuntime(context),
  ]);
  const given = photo ? { picture: photo, truth: null } : await generatedPicture(inputs.number);
  return segment(bytes, given, { ...context, runtime: opened, breathe });
}

async function openRuntime({ progress }: RunContext<never>): Promise<Runtime> {
  if (runtime) return runtime;
  const { whole, sent } = runtimeBytes;
  const wasmBinary = await siteFile(`${ort}ort-wasm-simd-threaded.wasm`, "ONNX Runtime", (bytes) => {
    const share = Math.min(1, bytes / whole);
    const text = `loading ONNX Runtime: ${((sent * share) / 1e6).toFixed(1)} of ${(sent / 1e6).toFixed(1)} MB`;
    progress({ done: Math.round(100 * share), total: 100, text });
  });
  runtime ??= webRuntime({ wasmPaths: `${location.origin}${ort}`, wasmBinary, threads: navigator.hardwareConcurrency });
  return runtime;
}
