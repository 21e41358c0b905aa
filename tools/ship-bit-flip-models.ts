// Trains the two networks of the bit-flip panel and ships them, quantised to 8 bits:
//   node tools/run.mjs tools/ship-bit-flip-models.ts
// A residual network of 8 layers on the bundled digits, once plainly and once with piecewise clustering. One thread: the same bytes each time.
import { fileURLToPath } from "node:url";
import { inducedError } from "@reprise/adversarial";
import { onnxNetwork, quantizedOnnx } from "@reprise/bit-flip";
import { createFolder, mnistSubset, writeFileAtomic } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { defended, evaluator, exportNetwork, onnxScores, resnetCifar, trainClassifier } from "@reprise/nn";

const command = "node tools/run.mjs tools/ship-bit-flip-models.ts";
const seed = 0;
const lambda = Number(process.argv[2] ?? 5e-2);
const epochs = 12;
const recipe = { epochs, batchSize: 50, optimizer: "adam", learningRate: 3e-3, schedule: "cosine" } as const;
const out = fileURLToPath(new URL("../apps/site/content/journals/corr/abs-1903-12269/models/", import.meta.url));

const plain = resnetCifar({ depth: 8, inputShape: [1, 28, 28] });
const clustered = defended(plain, { kind: "piecewise-clustering", lambda });

const [examples, test] = await Promise.all([mnistSubset({ split: "train" }), mnistSubset({ split: "test" })]);
const runtime = nodeRuntime({ threads: 1 });
await createFolder(out);
const models = [];
for (const [name, network] of [
  ["resnet8", plain],
  ["resnet8-clustered", clustered],
] as const) {
  const { state } = await trainClassifier(runtime, network, { examples, seed, recipe: { ...recipe } });
  const scorer = evaluator(runtime, network);
  const float = (await scorer.evaluate(state, test)).accuracy;
  await scorer.release();
  const metadata = { command, seed: String(seed) };
  const file = `${name}-8bit.onnx`;
  const float32 = exportNetwork(network, state, { metadata });
  const { layers, initializers } = onnxNetwork(float32, { name: file, bits: 8 });
  const bytes = quantizedOnnx(
    float32,
    layers.map((layer, i) => ({ layer, initializer: initializers[i]! })),
    { name: file },
  );
  const classifier = await onnxScores(runtime, bytes, { name: file });
  const { rate } = await inducedError(classifier, test.images.data, test.labels.data);
  await classifier.release();
  await writeFileAtomic(`${out}${file}`, bytes);
  models.push({ file, network: name, command, seed, epochs, floatAccuracy: float, accuracy: 1 - rate });
  console.log(
    `${file}: ${bytes.length} bytes, ${(100 * float).toFixed(1)} % float, ${(100 * (1 - rate)).toFixed(1)} % with 8 bits`,
  );
}
await writeFileAtomic(`${out}models.json`, `${JSON.stringify(models, null, 2)}\n`);
await runtime.release();
