// The smallest change to a digit that makes a network see another one: train, export, attack.
import { onnxClassifier, perturb } from "@reprise/adversarial";
import { mnistSubset } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { exportNetwork, networkByName, trainClassifier } from "@reprise/nn";

const runtime = nodeRuntime();
const network = networkByName("fc10-1e-4");
const trained = await trainClassifier(runtime, network, {
  examples: await mnistSubset({ split: "train" }),
  recipe: { epochs: 3 },
});

const classifier = await onnxClassifier(runtime, exportNetwork(network, trained.state));
const test = await mnistSubset({ split: "test" });
const images = test.images.data.slice(0, 5 * 784);
for (const found of await perturb(classifier, images, test.labels.data.slice(0, 5), { target: "untargeted" })) {
  const change = `${found.predictedBefore} becomes ${found.predictedAfter}`;
  console.log(`digit ${found.label}: ${found.status}, ${change}, RMS ${found.distortion.toFixed(4)} a pixel`);
}
await classifier.release();
await runtime.release();
