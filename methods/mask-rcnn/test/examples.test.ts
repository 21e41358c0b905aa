// Pictures to learn from: order, mirroring, sizes.
import { Random } from "@reprise/data";
import { expect, test } from "vitest";
import { indicesAt } from "../src/examples.ts";
import { mirrored, shapesExamples, shapesPicture } from "../src/index.ts";
import { drawnSize } from "../src/train.ts";

test("a mirrored picture has its boxes around its masks, and mirrored again is itself", () => {
  const one = shapesPicture(new Random(3), { height: 20, width: 30 });
  const turned = mirrored(one);
  expect(mirrored(turned)).toEqual(one);
  expect(turned.targets.labels).toEqual(one.targets.labels);
  turned.targets.masks.forEach((mask, g) => {
    const xs = Array.from(mask.keys())
      .filter((at) => mask[at])
      .map((at) => at % 30);
    const [x0, , x1] = turned.targets.boxes.subarray(4 * g, 4 * g + 4);
    expect([Math.min(...xs), Math.max(...xs) + 1]).toEqual([x0, x1]);
  });
  const row = (data: Uint8Array) => [...data.subarray(0, 30)];
  expect(row(turned.picture.data)).toEqual(row(one.picture.data).reverse());
});

test("all pictures are seen before one is seen again, in another order, by seed and step alone", () => {
  const examples = { ...shapesExamples(0), count: 7 };
  const seen = Array.from({ length: 7 }, (_, step) => indicesAt(examples, step, 2, 5)).flat();
  const [first, second] = [seen.slice(0, 7), seen.slice(7)];
  expect([...first].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect([...second].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(first).not.toEqual(second);
  expect(indicesAt(examples, 3, 2, 5)).toEqual(seen.slice(6, 8));
  expect(indicesAt({ ...examples, count: null }, 3, 2, 5)).toEqual([6, 7]);
});

test("generated pictures of two seeds have nothing in common, and number i is always the same", async () => {
  const [a, b] = [shapesExamples(0), shapesExamples(1)];
  expect(await a.read(4)).toEqual(await a.read(4));
  const of = async (from: typeof a) =>
    Promise.all(Array.from({ length: 5 }, async (_, i) => (await from.read(i)).picture.data.join()));
  expect(new Set([...(await of(a)), ...(await of(b))]).size).toBe(10);
});

test("multi-scale training: each size about as often, by seed and step alone", () => {
  const settings = { minSize: 800, minSizes: [640, 672, 704], seed: 3 };
  const drawn = Array.from({ length: 900 }, (_, step) => drawnSize(settings, step));
  // Three standard deviations of a binomial count: 3 · √(900 · ⅓ · ⅔) = 42.
  for (const size of settings.minSizes)
    expect(Math.abs(drawn.filter((one) => one === size).length - 300)).toBeLessThan(43);
  expect(drawnSize(settings, 7)).toBe(drawn[7]);
  expect(drawnSize({ minSize: 800, seed: 3 }, 7)).toBe(800);
});

test("keypoints are mirrored with their picture, left and right of COCO's persons exchanged", () => {
  const picture = { data: new Uint8Array(3 * 4 * 10), height: 4, width: 10 };
  const keypoints = Float32Array.from(
    { length: 51 },
    (_, i) => [Math.floor(i / 3) % 10, 2, Math.floor(i / 3) % 3][i % 3]!,
  );
  const targets = {
    boxes: Float32Array.of(0, 0, 9, 3),
    labels: [1],
    masks: [new Uint8Array(40)],
    keypoints: [keypoints],
  };
  const turned = mirrored({ picture, targets });
  // The nose is not labelled and stays; the left eye has the right one's place, 10 − 2.
  expect([...turned.targets.keypoints![0]!.subarray(0, 9)]).toEqual([0, 2, 0, 8, 2, 2, 9, 2, 1]);
  expect([...mirrored(turned).targets.keypoints![0]!]).toEqual([...keypoints]);
});
