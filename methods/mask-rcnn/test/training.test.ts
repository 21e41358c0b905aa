import { Random } from "@reprise/data";
import { adam } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { expect, test } from "vitest";
import { boxIouMatrix, initialState, MaskRcnn, MaskRcnnTraining, shapesPicture } from "../src/index.ts";

const small = {
  minSize: 96,
  maxSize: 96,
  anchorSizes: [8, 16, 32, 64, 96],
  limits: { preNms: 100, postNms: 50 },
};
const network = { classes: 4, widths: [8, 16, 16, 32], channels: 16, representation: 32 } as const;

test("shapes have boxes around their masks, and nothing hidden", () => {
  const random = new Random(3);
  for (let i = 0; i < 20; i++) {
    const { picture, targets } = shapesPicture(random, { height: 60, width: 80 });
    expect(picture.data).toHaveLength(3 * 60 * 80);
    expect(targets.labels.length).toBeGreaterThan(0);
    targets.masks.forEach((mask, g) => {
      const [x0, y0, x1, y1] = targets.boxes.subarray(4 * g, 4 * g + 4);
      const on = Array.from(mask.keys()).filter((at) => mask[at]);
      expect([
        Math.min(...on.map((at) => at % 80)),
        Math.floor(on[0]! / 80),
        Math.max(...on.map((at) => at % 80)) + 1,
        Math.floor(on.at(-1)! / 80) + 1,
      ]).toEqual([x0, y0, x1, y1]);
    });
  }
});

test("a picture that is seen again and again is found", async () => {
  const runtime = nodeRuntime({ threads: 1 });
  const { picture, targets } = shapesPicture(new Random(5), { height: 96, width: 96, most: 3 });
  const order = new Random(2);
  const training = await MaskRcnnTraining.start(runtime, initialState(new Random(1), network), {
    ...small,
    sampling: { anchorsPerImage: 64, regionsPerImage: 32, order: (n) => order.permutation(n) },
    optimizer: adam(),
  });
  const losses: number[] = [];
  for (let i = 0; i < 150; i++) losses.push((await training.run([picture], [targets], { learningRate: 3e-3 })).loss);
  expect(training.step).toBe(150);
  expect(losses.slice(-10).reduce((a, b) => a + b, 0) / 10).toBeLessThan(losses[0]! / 4);
  const model = new MaskRcnn(runtime, await training.stateDict(), small);
  await training.release();
  const [found] = await model.segment([picture]);
  await model.release();
  // Each object by one of the best detections.
  const count = targets.labels.length;
  const iou = boxIouMatrix(targets.boxes, found!.boxes.subarray(0, 4 * count));
  Array.from(targets.labels).forEach((label, g) => {
    const row = Array.from(iou.subarray(g * count, (g + 1) * count));
    const best = row.indexOf(Math.max(...row));
    expect(row[best]).toBeGreaterThan(0.6);
    expect(found!.labels[best]).toBe(label);
  });
}, 60_000);

test("a picture without objects is learnt as background", async () => {
  const training = await MaskRcnnTraining.start(
    nodeRuntime({ threads: 1 }),
    initialState(new Random(1), network),
    small,
  );
  const { picture } = shapesPicture(new Random(5), { height: 96, width: 96 });
  const none = { boxes: new Float32Array(0), labels: [], masks: [] };
  const { losses } = await training.run([picture], [none], { learningRate: 0.01 });
  await training.release();
  expect(losses.loss_classifier).toBeGreaterThan(0);
  expect([losses.loss_box_reg, losses.loss_mask, losses.loss_rpn_box_reg]).toEqual([0, 0, 0]);
});

test("targets that do not belong together are refused", async () => {
  const training = await MaskRcnnTraining.start(nodeRuntime(), initialState(new Random(1), network), small);
  const { picture } = shapesPicture(new Random(5), { height: 96, width: 96 });
  const mask = new Uint8Array(96 * 96);
  const step = (boxes: number[], labels: number[], masks: Uint8Array[]) =>
    training.run([picture], [{ boxes: Float32Array.from(boxes), labels, masks }], { learningRate: 0.1 });
  await expect(step([1, 1, 5, 5], [1, 2], [mask])).rejects.toThrow(
    "Picture 0 has 1 boxes, 2 labels and 1 masks; they must be as many.",
  );
  await expect(step([5, 1, 5, 5], [1], [mask])).rejects.toThrow("Picture 0: box 0 (5, 1, 5, 5) has no area.");
  await training.release();
});

test("one mask for all classes is drawn as the same mask for each, and does not go with classes that compete", async () => {
  const runtime = nodeRuntime({ threads: 1 });
  const shared = initialState(new Random(1), { ...network, classAgnosticMask: true });
  const name = "roi_heads.mask_predictor.mask_fcn_logits";
  const repeated = { ...shared };
  for (const part of ["weight", "bias"]) {
    const { shape, data } = shared[`${name}.${part}`]!;
    const each = Float32Array.from({ length: 4 * data.length }, (_, i) => data[i % data.length]!);
    repeated[`${name}.${part}`] = { dtype: "float32", shape: [4, ...shape.slice(1)], data: each };
  }
  const { picture } = shapesPicture(new Random(5), { height: 96, width: 96 });
  const [one, four] = await Promise.all(
    [shared, repeated].map(async (state) => {
      const model = new MaskRcnn(runtime, state, { ...small, preNms: 20, postNms: 5 });
      const [found] = await model.segment([picture]);
      await model.release();
      return found!;
    }),
  );
  expect(one!.masks.length).toBeGreaterThan(0);
  expect([...one!.masks]).toEqual([...four!.masks]);
  await expect(MaskRcnnTraining.start(runtime, shared, { ...small, maskLoss: "softmax" })).rejects.toThrow(
    "Classes that share a mask cannot compete for its pixels: take the sigmoid loss with it.",
  );
});
