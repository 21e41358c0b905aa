import { readFileSync } from "node:fs";
import { onnxClassifier, perturb } from "@reprise/adversarial";
import { mnistSubset } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";

const file = process.argv[2] ?? "apps/site/content/journals/corr/SzegedyZSBEGF13/models/fc100-100-10.onnx";
const classifier = await onnxClassifier(nodeRuntime(), readFileSync(file), { name: file });
const { images, labels } = await mnistSubset({ split: "test" });
const digit = images.data.slice(0, 28 * 28);
for (const found of await perturb(classifier, digit, labels.data.slice(0, 1), { target: "untargeted" })) {
  console.log(`${found.status}: a ${found.predictedBefore} becomes a ${found.predictedAfter}`);
  console.log(`distortion ${found.distortion.toFixed(4)} (root mean square per pixel)`);
}
