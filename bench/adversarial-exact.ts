// How far the attack ends from the exact smallest perturbation of softmax regression (needs MNIST=DIR MODEL=fc10.onnx)
import { readFileSync } from "node:fs";
import { onnxClassifier, perturb } from "@reprise/adversarial";
import { loadMnist } from "@reprise/data/node";
import { importOnnx } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { exactPerturbation } from "../methods/adversarial/test/oracle.ts";
import { printMachine } from "./harness.ts";

const { MNIST, MODEL } = process.env;
if (!MNIST || !MODEL) {
  console.log(
    "skipped: bench/adversarial-exact.ts needs MNIST=DIR, the folder of MNIST's files, and MODEL=FILE, made by\n" +
      "  reprise adversarial train --network fc10-1e-4 --data DIR --out FILE",
  );
  process.exit(0);
}
printMachine();
const bytes = readFileSync(MODEL);
const weights = [...importOnnx(bytes).initializers.values()].map(({ data }) => Float64Array.from(data as Float32Array));
const weight = weights.find(({ length }) => length === 7840);
const bias = weights.find(({ length }) => length === 10);
if (!weight || !bias) throw new Error(`${MODEL} is not softmax regression of 784 pixels and 10 labels`);
const layer = { weight, bias, inputs: 784, outputs: 10 };

const rows = Number(process.env.ROWS ?? 500);
const mnist = await loadMnist(MNIST, { split: "test" });
const images = mnist.images.data.slice(0, rows * 784);
const runtime = nodeRuntime();
for (const options of [{ sharpness: 1 }, { sharpness: 2 }, { sharpness: 20 }, { loss: "margin" }] as const) {
  const classifier = await onnxClassifier(runtime, bytes, { name: MODEL, ...options });
  const results = await perturb(classifier, images, mnist.labels.data.slice(0, rows), { target: "random", seed: 0 });
  const ratios = results
    .filter(({ status }) => status === "success")
    .map(
      ({ row, target, l2 }) => l2 / exactPerturbation(layer, images.subarray(row * 784, (row + 1) * 784), target).norm,
    );
  const mean = ratios.reduce((a, b) => a + b, 0) / ratios.length;
  console.log(
    `${Object.entries(options).join().replace(",", " ")}: ${ratios.length} images, found / exact: mean ${mean.toFixed(4)}, ` +
      `least ${Math.min(...ratios).toFixed(4)}, most ${Math.max(...ratios).toFixed(4)}; ` +
      `${(results.reduce((sum, { gradients }) => sum + gradients, 0) / results.length).toFixed(0)} gradients an image`,
  );
  await classifier.release();
}
await runtime.release();
