// What more steps of Carlini and Wagner's attack are worth (needs MNIST=DIR MODEL=fc100.onnx; ROWS)
import { readFileSync } from "node:fs";
import { carliniWagner, onnxClassifier, perturb, runAttack, untargeted } from "@reprise/adversarial";
import { mean } from "@reprise/data";
import { loadMnist } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { printMachine } from "./harness.ts";

const { MNIST, MODEL } = process.env;
if (!MNIST || !MODEL) {
  console.log(
    "skipped: bench/adversarial-steps.ts needs MNIST=DIR, the folder of MNIST's files, and MODEL=FILE, made by\n" +
      "  reprise adversarial train --network fc100-100-10 --data DIR --out FILE",
  );
  process.exit(0);
}
printMachine();
const rows = Number(process.env.ROWS ?? 10);
const mnist = await loadMnist(MNIST, { split: "test" });
const images = mnist.images.data.slice(0, rows * 784);
const labels = mnist.labels.data.slice(0, rows);
const runtime = nodeRuntime({ threads: 1 });
const classifier = await onnxClassifier(runtime, readFileSync(MODEL), { name: MODEL });
const print = (name: string, all: readonly { status: string; l2: number; gradients: number }[]) => {
  const moved = all.filter(({ status }) => !status.startsWith("already"));
  const won = moved.filter(({ status }) => status === "success");
  console.log(
    `${name}: ${won.length} of ${moved.length}, mean L2 ${mean(won.map(({ l2 }) => l2))?.toFixed(4)}, ` +
      `${mean(moved.map(({ gradients }) => gradients))?.toFixed(0)} gradients an image`,
  );
};
const found = await perturb(classifier, images, labels, { target: "untargeted" });
print(
  "L-BFGS",
  found.map((row) => ({ ...row, gradients: row.gradients })),
);
for (const options of [
  { steps: 100 },
  { steps: 150, learningRate: 0.1 },
  { steps: 1000 },
  { steps: 1000, learningRate: 0.1 },
  { steps: 10_000 },
]) {
  const [result] = await runAttack(carliniWagner(options), classifier, images, untargeted(labels));
  print(`Carlini–Wagner, ${JSON.stringify(options)}`, result!.rows);
}
await runtime.release();
