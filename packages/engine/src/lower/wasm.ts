// ONNX Runtime Web on WASM: the kernels are the CPU provider's, so are the formulas.
import { cpu } from "./cpu.ts";
import type { Target } from "./lower.ts";

export const wasm: Target = { ...cpu, name: "wasm" };
