// What the panel "bit flips" computes, on Node: the same flips as the method, what is undone, and what is refused.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { answersOf, bitFlipAttack, graphVictim, onnxNetwork } from "@reprise/bit-flip";
import { mnistSubset } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { onnxScores } from "@reprise/nn";
import { afterAll, describe, expect, test } from "vitest";
import { findFlips, flipByHand, placeOf } from "../src/run/bit-flip/flips.ts";
import { defaultSearch, layers, networks, paperKey } from "../src/run/bit-flip/inputs.ts";
import { memoryPicture } from "../src/web/panels/bit-flip/pixels.ts";

const folder = fileURLToPath(new URL(`../content/${paperKey}/models/`, import.meta.url));
const file = (name: string) => new Uint8Array(readFileSync(`${folder}${name}-8bit.onnx`));
const { images, labels } = await mnistSubset({ split: "test" });
const digits = { images: images.data as Float32Array, labels: labels.data };
const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());
const context = {
  runtime,
  signal: new AbortController().signal,
  progress: () => {},
  breathe: async () => {},
};
const settings = { name: "ResNet-8", sample: 32, maxFlips: 3, seed: 0 };

describe("the shipped networks", () => {
  test.each(networks)("$name has the layers that the page names, and the accuracy of its list", async ({ name }) => {
    const network = onnxNetwork(file(name));
    expect(network.layers.map((layer) => ({ name: layer.name, weights: layer.values.length }))).toEqual([...layers]);
    const list = JSON.parse(readFileSync(`${folder}models.json`, "utf8")) as { network: string; accuracy: number }[];
    const told = list.find((model) => model.network === name)!;
    const scores = await onnxScores(runtime, file(name));
    const answers = await answersOf(
      { logits: ({ data, shape }) => scores.logits(data, shape[0]!) },
      { images: { dtype: "float32", shape: [500, 1, 28, 28], data: digits.images }, labels: digits.labels },
    );
    await scores.release();
    const right = answers.filter((answer, i) => answer === digits.labels[i]).length / 500;
    expect(right).toBeCloseTo(told.accuracy, 6);
    expect(right).toBeGreaterThan(0.95);
  });
});

describe("searching", () => {
  test("finds the bits that the method finds, and leaves a file that has them", async () => {
    const result = await findFlips(file("resnet8"), digits, settings, context);
    const network = onnxNetwork(file("resnet8"));
    const sample = digits.images.slice(468 * 784);
    const victim = await graphVictim(runtime, network, {
      images: { dtype: "float32", shape: [32, 1, 28, 28], data: sample },
    });
    const { steps } = await bitFlipAttack(victim, { maxFlips: 3 });
    expect(result.flips.map(({ layer, index, bit, before, after }) => [layer, index, bit, before, after])).toEqual(
      steps.flatMap(({ flips }) =>
        flips.map(({ layer, index, bit, before, after }) => [network.layers[layer]!.name, index, bit, before, after]),
      ),
    );
    await victim.release();
    const patched = onnxNetwork(result.patched);
    for (const { layer, index, after } of result.flips)
      expect(patched.layers.find(({ name }) => name === layer)!.values[index]).toBe(after);
    expect(result.flips.at(-1)!.accuracy).toBeLessThan(result.before.accuracy);
    // 100 random bits do far less than three chosen ones.
    expect(result.random.at(-1)).toMatchObject({ flips: 100 });
    expect(result.random.at(-1)!.accuracy).toBeGreaterThan(result.flips.at(-1)!.accuracy);
    expect(result.memory.reduce((sum, { flipped }) => sum + flipped.length, 0)).toBe(3);
    expect(result.changed.length).toBeGreaterThan(0);
    const picture = memoryPicture(result.memory);
    expect(picture.rgba.length).toBe(4 * picture.width * picture.height);
  });

  test("after a class: more of the other digits are read as it with every flip", async () => {
    const { flips } = await findFlips(file("resnet8"), digits, { ...settings, target: 8 }, context);
    const success = flips.map((flip) => flip.success!);
    expect(success.at(-1)).toBeGreaterThan(0.1);
    expect(success).toEqual([...success].sort((a, b) => a - b));
  });

  test("is stopped between two layers", async () => {
    const controller = new AbortController();
    const stopped = findFlips(file("resnet8"), digits, settings, {
      ...context,
      signal: controller.signal,
      progress: () => controller.abort(new Error("cancelled")),
    });
    await expect(stopped).rejects.toThrow("cancelled");
  });

  test("a model of other images is refused in words", async () => {
    const other = new Uint8Array(
      readFileSync(new URL("../../../packages/engine/test/fixtures/opsets/17.onnx", import.meta.url)),
    );
    await expect(findFlips(other, digits, { ...settings, name: "m.onnx" }, context)).rejects.toThrow(/m\.onnx/);
  });
});

describe("by hand", () => {
  const ask = (flips: Parameters<typeof flipByHand>[2]["flips"]) =>
    flipByHand(file("resnet8"), digits, { name: "ResNet-8", flips }, context);

  test("a flip and the same flip again are no flip", async () => {
    const flip = { layer: "conv1", index: 100, bit: 6 };
    const [none, one, twice] = [await ask([]), await ask([flip]), await ask([flip, flip])];
    expect(none.after).toEqual(none.before);
    expect(one.after.loss).not.toBe(one.before.loss);
    expect(twice.after.loss).toBeCloseTo(twice.before.loss, 6);
    expect(twice.flips[1]!.after).toBe(twice.flips[0]!.before);
  });

  test("the largest weight is the largest", async () => {
    const { largest } = await ask([]);
    const all = onnxNetwork(file("resnet8")).layers;
    const most = Math.max(...all.flatMap(({ values }) => [...values].map(Math.abs)));
    expect(Math.abs(all.find(({ name }) => name === largest.layer)!.values[largest.index]!)).toBe(most);
    expect(largest.bit).toBe(7);
  });

  test("what is not there is named", async () => {
    await expect(ask([{ layer: "conv9", index: 0, bit: 0 }])).rejects.toThrow("The network has no layer “conv9”.");
    await expect(ask([{ layer: "conv1", index: 144, bit: 0 }])).rejects.toThrow(
      "conv1 has the weights 0 to 143; there is no weight 144.",
    );
  });
});

test("places are those of the weight's own shape", () => {
  expect(placeOf(311, [16, 3, 3, 3])).toEqual([11, 1, 1, 2]);
  expect(placeOf(0, [2, 2])).toEqual([0, 0]);
});

test("the stored run is of the page's default inputs", () => {
  const stored = JSON.parse(readFileSync(`${folder}../run/result.json`, "utf8")) as {
    caption: string;
    table: { rows: unknown[] };
  };
  expect(stored.table.rows.length).toBeLessThanOrEqual(defaultSearch.maxFlips);
  expect(stored.caption).toContain(`${stored.table.rows.length} flipped bits`);
});
