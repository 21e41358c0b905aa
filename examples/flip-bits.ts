// The few bits whose flips break a network: read the shipped 8-bit ResNet-8 for digits, search, flip, and look for the flips.
import { readFile } from "node:fs/promises";
import { bitFlipAttack, changedGroups, graphVictim, onnxNetwork, signaturesOf, zeroed } from "@reprise/bit-flip";
import { mnistSubset } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";

const model = "../apps/site/content/journals/corr/abs-1903-12269/models/resnet8-8bit.onnx";
const network = onnxNetwork(await readFile(new URL(model, import.meta.url)));
const signatures = signaturesOf(network.layers, { group: 16, key: 42 });
const { images, labels } = await mnistSubset({ split: "test" });
const digits = (from: number, to: number) => ({
  ...{ dtype: "float32" as const, shape: [to - from, 1, 28, 28] },
  data: Float32Array.from(images.data.slice(from * 784, to * 784)),
});

const runtime = nodeRuntime();
const victim = await graphVictim(runtime, network, { images: digits(0, 32) });
const { before, after } = await bitFlipAttack(victim, {
  test: { images: digits(100, 300), labels: Int32Array.from(labels.data.slice(100, 300)) },
  stopAccuracy: 0.2,
  maxFlips: 40,
  onProgress(event) {
    if (event.kind !== "step") return;
    for (const { layer, index, bit, before: old, after: now } of event.step.flips)
      console.log(`${network.layers[layer]!.name}[${index}] bit ${bit}: ${old} → ${now}`);
  },
});
console.log(`accuracy ${before.accuracy} → ${after.accuracy}`);

const stored = network.layers.map((layer, i) => ({ ...layer, values: victim.layers[i]!.values as Int8Array }));
const groups = changedGroups(stored, signatures);
victim.set(zeroed(stored, groups));
console.log(
  `${groups.length} groups of 16 weights are not what they were; without them the loss is ${await victim.loss()}`,
);
await victim.release();
await runtime.release();
