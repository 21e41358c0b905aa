// The other tabs of the panel "adversarial examples", without a browser: who fools whom; units and directions.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { mnistSubset } from "@reprise/data/node";
import { add, exportOnnx, Graph, matMul, operators, relu, tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { describe, expect, test } from "vitest";
import type { LayerChoice } from "../src/run/adversarial/grids.ts";
import { defaultUnits, layerOf, type NetworkName, networks, paperKey } from "../src/run/adversarial/inputs.ts";
import { openShipped, type ShippedModel } from "../src/run/adversarial/shipped.ts";
import { type TransferResult, transferMatrix } from "../src/run/adversarial/transfer.ts";
import { unitsAndDirections } from "../src/run/adversarial/units.ts";
import { transferSentence, unitsSentence } from "../src/web/panels/adversarial/wording.ts";

/** The networks that the page ships. */
const shipped = fileURLToPath(new URL(`../content/${paperKey}/models/`, import.meta.url));

describe("the other tabs", () => {
  const parts = {
    runtime: nodeRuntime({ threads: 1 }),
    models: JSON.parse(readFileSync(`${shipped}models.json`, "utf8")) as ShippedModel[],
    loadModel: async (file: string) => new Uint8Array(readFileSync(shipped + file)),
    signal: new AbortController().signal,
    breathe: async () => {},
  };
  const testImages = async () => {
    const { images, labels } = await mnistSubset({ split: "test", flat: true });
    return { images: images.data as Float32Array, labels: labels.data };
  };

  test("the transfer matrix: every attack succeeds on its own network, and rows grow as they are known", async () => {
    const seen: TransferResult[] = [];
    const count = 4;
    const result = await transferMatrix(
      await testImages(),
      { count, seed: 0 },
      { ...parts, progress: ({ partial }) => partial && seen.push(partial) },
    );
    expect(result.rows.map(({ name }) => name)).toEqual(["clean", ...result.columns, "noise"]);
    expect(result.columns).toEqual(networks.map(({ name }) => name));
    for (const [i, name] of result.columns.entries()) {
      const row = result.rows.find((row) => row.name === name)!;
      expect(row.errors[i]!.rate, name).toBe(1);
      expect(row.errors.every(({ of }) => of === count)).toBe(true);
    }
    // The control is as far away as the rows above it are on average.
    const made = result.rows.slice(1, -1);
    const mean = made.reduce((sum, { distortion }) => sum + distortion, 0) / made.length;
    expect(result.rows.at(-1)!.distortion / mean).toBeCloseTo(1, 2);
    const cells = seen.map(({ rows }) => rows.reduce((sum, { errors }) => sum + errors.length, 0));
    expect(cells).toEqual([...cells].sort((a, b) => a - b));
    expect(transferSentence(result)).toMatch(/misread [\d.]+\D%.*from .* to /u);
  });

  test("units: the images furthest along a direction, as sorting the activations finds them", async () => {
    const context = { ...parts, progress: () => {} };
    const images = await testImages();
    const result = await unitsAndDirections(images, { network: "fc10-1e-4", layer: "scores", seed: 3 }, context);
    expect([result.width, result.images]).toEqual([10, 500]);
    expect(result.units.map(({ unit }) => unit)).toHaveLength(4);
    // The scores of a softmax regression are W x + b: unit k by the classifier itself.
    const classifier = await openShipped(context, "fc10-1e-4", { batchSizes: [100] });
    const logits = await classifier.logits(images.images, 500);
    for (const { unit, images: best, labels } of result.units) {
      const order = Array.from({ length: 500 }, (_, i) => i).sort(
        (a, b) => logits[10 * b + unit!]! - logits[10 * a + unit!]!,
      );
      expect(best).toEqual(order.slice(0, 8));
      expect(labels).toEqual(best.map((row) => images.labels[row]));
    }
    expect(result.purity.units).toBeGreaterThan(0.6); // a score is made to tell digits apart
    expect([...result.pixels.keys()].sort()).toEqual(
      [...new Set([...result.units, ...result.directions].flatMap((grid) => grid.images))].sort(),
    );
  });

  test("hidden layers are found from the scores backwards; a network without one says so", async () => {
    const context = { ...parts, progress: () => {} };
    const images = await testImages();
    const widthOf = async (network: NetworkName, layer: LayerChoice) =>
      (await unitsAndDirections(images, { network, layer, seed: 0 }, context)).width;
    expect(await widthOf("fc200-200-10", "first")).toBe(200);
    expect(await widthOf("lenet", "last")).toBeGreaterThan(10);
    await expect(widthOf("fc10-1e-2", "last")).rejects.toThrow("it has no hidden layer; look at its scores");
    expect(layerOf({ body: "fc10-1e-2", layer: "last" })).toBe("scores");
  });

  test("a unit that no image excites is shown with none, one that three excite with three; neither is averaged", async () => {
    const images = await testImages();
    const sums = Float64Array.from({ length: 500 }, (_, row) =>
      images.images.subarray(784 * row, 784 * (row + 1)).reduce((a, b) => a + b, 0),
    );
    const [, , third, fourth] = sums.toSorted((a, b) => b - a);
    const graph = new Graph(operators);
    const constant = (shape: readonly number[], data: Float32Array) => graph.constant(tensor("float32", shape, data));
    const pixels = graph.input("images", "float32", [1, 784]);
    // Units: never, the three images with the most ink, all.
    const bias = Float32Array.of(-1e6, -(third! + fourth!) / 2, 0);
    const hidden = relu(
      add(matMul(pixels, constant([784, 3], new Float32Array(784 * 3).fill(1))), constant([3], bias)),
    );
    graph.output("scores", matMul(hidden, constant([3, 10], new Float32Array(30).fill(1))));
    const bytes = new Uint8Array(exportOnnx(graph, { dynamic: { images: ["N"], scores: ["N"] } }));
    const result = await unitsAndDirections(
      images,
      { network: "lenet", layer: "last", seed: 1 },
      {
        ...parts,
        models: [{ file: "made.onnx", network: "lenet", command: "", seed: 0, testError: 0 }],
        loadModel: async () => bytes,
        progress: () => {},
      },
    );
    const excited = new Map(result.units.map(({ unit, images: best }) => [unit, best.length]));
    expect([0, 1, 2].map((unit) => excited.get(unit))).toEqual([0, 3, 8]);
    expect(result.purity.counted).toBe(1);
    expect(unitsSentence({ ...result, purity: { units: Number.NaN, directions: 0.3, counted: 0 } }, defaultUnits)).toBe(
      "FC100-100-10, last hidden layer: no unit is excited by enough of the images to compare.",
    );
  });
});
