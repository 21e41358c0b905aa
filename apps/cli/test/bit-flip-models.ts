// `reprise bit-flip` in the process of a test, on a small convolutional classifier of random weights and its images.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeNpy, ndArray, Random } from "@reprise/data";
import { conv, cpu, exportOnnx, flatten, gemm, lower, relu, type Tensor, trace, type Value } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, beforeAll } from "vitest";
import { inProcess } from "./in-process.ts";

export const bin = fileURLToPath(new URL("../bin/reprise.mjs", import.meta.url));
let folder: string;
export const at = (name: string) => join(folder, name);
export const reprise = (...args: string[]): Promise<string> => inProcess("bit-flip", args);
export const json = async (...args: string[]) => JSON.parse(await reprise(...args, "--json"));

const random = new Random(3);
const draw = (shape: readonly number[], scale = 1): Tensor<"float32"> => ({
  ...{ dtype: "float32", shape },
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
});
export const weights = {
  stem: draw([8, 1, 3, 3], 0.5),
  body: draw([16, 8, 3, 3], 0.2),
  classifier: draw([5, 144], 0.2),
};
export const images = draw([96, 1, 12, 12]);

export function modelOf(given: Record<string, Tensor> = weights): Uint8Array {
  const graph = trace(
    ({ x }: Record<"x", Value>) => {
      const w = (name: string) => x.graph.constant(given[name]!, "float32", `${name}.weight`);
      const half = { pads: [1, 1], strides: [2, 2] };
      const y = relu(conv(relu(conv(x, w("stem"), null, half)), w("body"), null, half));
      return { scores: gemm(flatten(y), w("classifier"), null, { transB: true }) };
    },
    { x: { dtype: "float32", shape: [2, 1, 12, 12] } },
  );
  return exportOnnx(lower(graph, cpu), { dynamic: { x: ["N"], scores: ["N"] } });
}

/** The classes that ONNX Runtime gives to the images. */
export async function answersOf(file: string): Promise<number[]> {
  const runtime = nodeRuntime({ threads: 1 });
  const session = await runtime.load(await readFile(at(file)), { purpose: "infer" });
  const { scores } = (await session.run({ x: images })) as Record<string, Tensor>;
  await runtime.release();
  return Array.from({ length: 96 }, (_, row) => {
    const five = Array.from(scores!.data.slice(5 * row, 5 * row + 5), Number);
    return five.indexOf(Math.max(...five));
  });
}

export const npy = (file: string, dtype: "float32" | "int32", shape: number[], data: Float32Array | Int32Array) =>
  writeFile(at(file), encodeNpy(ndArray(dtype, shape, data as never)));

/** Sample, test images and labels. */
export const given = () => [
  ...["--sample", at("sample.npy"), "--test", at("test.npy"), "--labels", at("labels.npy")],
  ...["--mean", "0.5", "--std", "0.125", "--threads", "1"],
];

/** Writes m.onnx, sample.npy, test.npy and labels.npy into a folder before the tests of a file; removes it after them. */
export function withModel(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bit-flip-"));
    await writeFile(at("m.onnx"), modelOf());
    const unit = images.data.map((v) => Math.min(1, Math.max(0, 0.5 + v / 8)));
    await npy("test.npy", "float32", [96, 1, 12, 12], unit);
    await npy("sample.npy", "float32", [24, 1, 12, 12], images.data.slice(0, 24 * 144));
    await npy("labels.npy", "int32", [96], Int32Array.from(await answersOf("m.onnx")));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
}

/** The command in a process of its own, ended by a signal once `steps` of them are kept in `out`. */
export async function stoppedAfter(
  steps: number,
  args: readonly string[],
  { out, by }: { readonly out: string; readonly by: "SIGKILL" | "SIGINT" },
): Promise<{ code: number | null; said: string; kept: number }> {
  const child = spawn(process.execPath, [bin, "bit-flip", ...args, "--out", out], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said += text.toString();
  });
  const kept = () =>
    existsSync(join(out, "partial"))
      ? readdirSync(join(out, "partial")).filter((name) => name.endsWith(".bin")).length
      : 0;
  while (kept() < steps && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill(by);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, said, kept: kept() };
}
