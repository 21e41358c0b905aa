// onnxruntime-node. Its `run` blocks the thread it is called on: long work belongs in a worker (worker.ts).
import { availableParallelism } from "node:os";
import * as ort from "onnxruntime-node";
import { cpu } from "../lower/cpu.ts";
import type { Target } from "../lower/lower.ts";
import { reference } from "../lower/reference.ts";
import { webgpu } from "../lower/webgpu.ts";
import { ortRuntime } from "./ort.ts";
import type { Runtime } from "./runtime.ts";

export interface NodeRuntimeOptions {
  /** "cpu" is float32 and fast; "webgpu" runs on a GPU through Vulkan or Metal; "reference" is float64 and slow. */
  readonly target?: "cpu" | "webgpu" | "reference";
  /** Threads per operator; all cores when absent. */
  readonly threads?: number;
}

/**
 * A runtime on ONNX Runtime's native CPU or WebGPU provider. What WebGPU cannot run falls back to the CPU.
 *
 * @example
 * const runtime = nodeRuntime({ threads: 2 });
 */
export function nodeRuntime({ target = "cpu", threads = availableParallelism() }: NodeRuntimeOptions = {}): Runtime {
  const targets: Record<string, Target> = { cpu, webgpu, reference };
  return ortRuntime(ort, {
    target: targets[target]!,
    writesInPlace: target !== "webgpu",
    blocked: target === "cpu",
    session: {
      executionProviders: target === "webgpu" ? ["webgpu", "cpu"] : ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
      // Threads wait for the next operator awake: being woken costs 5 to 20 % of a training step (docs/notes/engine-speed.md). They
      // go to sleep when a run ends.
      extra: {
        session: { set_denormal_as_zero: "1", force_spinning_stop: "1", intra_op: { allow_spinning: "1" } },
      },
    },
  });
}
