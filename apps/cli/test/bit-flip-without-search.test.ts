// reprise bit-flip random and sweep: random flips with their interval, and the map of single flips.
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { at, given, json, withModel } from "./bit-flip-models.ts";

withModel();

test("random: accuracies with their interval, the same for a seed", async () => {
  const args = [
    "random",
    "--mean",
    "0.5",
    "--std",
    "0.125",
    at("m.onnx"),
    "--bits",
    "8",
    "--test",
    at("test.npy"),
    "--labels",
    at("labels.npy"),
    "--flips",
    "1,50",
    "--trials",
    "3",
    "--threads",
    "1",
  ];
  const first = await json(...args);
  expect(first.random.map((row: { flips: number; trials: number }) => [row.flips, row.trials])).toEqual([
    [1, 3],
    [50, 3],
  ]);
  for (const { low, mean, high } of first.random) expect(low <= mean && mean <= high).toBe(true);
  expect(await json(...args)).toEqual(first);
  expect((await json(...args, "--seed", "1")).random).not.toEqual(first.random);
});

test("sweep: a flip for each layer and bit, the sign bit the worst of the largest layer", async () => {
  const { map, before } = await json("sweep", at("m.onnx"), "--bits", "4", ...given(), "--out", at("map"));
  expect(map).toHaveLength(12);
  expect(new Set(map.map(({ layer, bit }: { layer: string; bit: number }) => `${layer}/${bit}`)).size).toBe(12);
  expect(Math.max(...map.map(({ loss }: { loss: number }) => loss))).toBeGreaterThan(before.loss);
  expect(readdirSync(at("map")).sort()).toEqual(["map.csv", "map.json", "map.png", "map.svg"]);
});
