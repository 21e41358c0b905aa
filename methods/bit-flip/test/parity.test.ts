// The authors' program on the published ResNet-20: neither weights nor images are shipped. REPRISE_DATA is a folder with
// resnet_cifar/resnet20-12fca82f.th, bitflip/reference_resnet20_8bit.json and its samples, onnx-models/mobilenetv2-12-int8.onnx.
import { existsSync, readFileSync } from "node:fs";
import { decodeNpy, Random } from "@reprise/data";
import { type Tensor, tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { exportNetwork, imageNetwork, readTorchFile, stateDictOf, weightsFromTensors } from "@reprise/nn";
import { afterAll, describe, expect, test } from "vitest";
import { bitFlipAttack, flippableFile, flipped, graphVictim, namedFlip, onnxNetwork } from "../src/index.ts";

const folder = process.env.REPRISE_DATA;
const at = (name: string) => `${folder}/${name}`;
const missing = (name: string) =>
  folder && existsSync(at(name)) ? "" : ` (skipped: set REPRISE_DATA to a folder with ${name})`;
const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

const reference = "bitflip/reference_resnet20_8bit.json";
const noReference = missing(reference);
describe.skipIf(noReference)(`the authors' program${noReference}`, () => {
  test.each([1, 2, 3])("seed %i: the first four flips", { timeout: 120_000 }, async (seed) => {
    const runs = JSON.parse(readFileSync(at(reference), "utf8")) as {
      seed: number;
      log: [string, number[], number, number][];
    }[];
    const path = at("resnet_cifar/resnet20-12fca82f.th");
    const network = imageNetwork("resnet20");
    const tensors = stateDictOf(readTorchFile(readFileSync(path), { source: path }), { source: path });
    const model = onnxNetwork(exportNetwork(network, weightsFromTensors(network, tensors)), { bits: 8 });
    const sample = at(`bitflip/sample_seed${seed}_x.npy`);
    const images = decodeNpy(readFileSync(sample), sample) as Tensor<"float32">;
    const victim = await graphVictim(runtime, model, { images });
    const { steps } = await bitFlipAttack(victim, { maxFlips: 4 });
    const found = steps.map(({ flips: [flip] }) => {
      const { name } = victim.layers[flip!.layer]!;
      return [name, flip!.index, flip!.before, flip!.after];
    });
    const { log } = runs.find((run) => run.seed === seed)!;
    const expected = log.slice(0, 4).map(([name, place, before, after]) => {
      const { shape } = victim.layers.find((layer) => layer.name === name)!;
      return [name, place.reduce((index, i, axis) => index * shape[axis]! + i, 0), before, after];
    });
    expect(found).toEqual(expected);
    await victim.release();
  });
});

const zoo = "onnx-models/mobilenetv2-12-int8.onnx";
const noZoo = missing(zoo);
test.skipIf(noZoo)(`the ONNX zoo's MobileNetV2 in its own integers${noZoo}`, { timeout: 240_000 }, async () => {
  const bytes = readFileSync(at(zoo));
  const network = onnxNetwork(bytes, { name: "mobilenetv2", inputShape: [3, 224, 224] });
  expect(network.quantized).toBe(true);
  expect(network.layers).toHaveLength(53);
  const random = new Random(0);
  const images = tensor(
    "float32",
    [2, 3, 224, 224],
    Array.from({ length: 2 * 3 * 224 * 224 }, () => random.normal()),
  );
  const victim = await graphVictim(runtime, network, { images });
  const { before, steps, after } = await bitFlipAttack(victim, { maxFlips: 1 });
  expect(after.loss).toBeGreaterThan(before.loss);
  const file = flippableFile(bytes, network);
  const changed = flipped(
    file.bytes,
    steps.flatMap(({ flips }) => flips.map((flip) => namedFlip(file, flip))),
  );
  expect(changed.filter((byte, i) => byte !== file.bytes[i])).toHaveLength(1);
  await victim.release();
});
