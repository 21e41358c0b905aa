// `reprise adversarial` in the process of a test, and the models that its tests attack.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ndArray } from "@reprise/data";
import { mnistSubset, writeImage } from "@reprise/data/node";
import { constant, exportOnnx, flatten, Graph, matMul, operators, tensor } from "@reprise/engine";
import { afterAll, beforeAll } from "vitest";
import { inProcess } from "./in-process.ts";

let folder: string;
export const at = (name: string) => join(folder, name);

/** The command in this process, which is quicker than one of its own; what it prints on stdout. */
export const reprise = (...args: string[]): Promise<string> => inProcess("adversarial", args);
export const json = async (...args: string[]) => JSON.parse(await reprise(...args, "--json"));

/** A linear classifier of digits: the mean images of the labels, which is right most of the time. */
async function linearModel(file: string, seed: number, size = 28, channels = 1): Promise<void> {
  const graph = new Graph(operators);
  const x = graph.input("x", "float32", [1, channels, size, size]);
  const n = channels * size * size;
  const wave = () => Float32Array.from({ length: n * 10 }, (_, i) => 0.1 * Math.sin(i * i + seed));
  const weight = size === 28 ? await linearWeight(seed) : wave();
  graph.output("y", matMul(flatten(x), constant(x, tensor("float32", [n, 10], weight))));
  await writeFile(file, exportOnnx(graph, { dynamic: { x: ["N"], y: ["N"] } }));
}

export async function linearWeight(seed: number): Promise<Float32Array> {
  const weight = new Float32Array(7840);
  const { images, labels } = await mnistSubset({ split: "train" });
  for (let row = seed; row < 400; row += 2) {
    const label = labels.data[row]!;
    for (let i = 0; i < 784; i++) weight[i * 10 + label]! += 0.02 * (images.data[row * 784 + i]! - 0.13);
  }
  return weight;
}

/** Puts models and pictures into a folder before the tests of a file, and removes it after them. */
export function withModels(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "reprise-attacks-"));
    await linearModel(at("a.onnx"), 0);
    await linearModel(at("b.onnx"), 1);
    await linearModel(at("colour.onnx"), 0, 12, 3);
    await mkdir(at("pictures"));
    for (const [i, name] of ["0.png", "1.jpg", "2.webp"].entries()) {
      const bytes = Uint8Array.from({ length: 3 * 20 * 30 }, (_, p) => 128 + 100 * Math.sin((p * (i + 1)) / 70));
      await writeImage(at(`pictures/${name}`), ndArray("uint8", [3, 20, 30], bytes));
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
}
