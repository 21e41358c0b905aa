// Checkpoints of others: names as torchvision has them (tools/reference/mask_rcnn_names.py), backbones, heads.
import { readFileSync } from "node:fs";
import { Random } from "@reprise/data";
import type { Tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { imageNetwork, initialize } from "@reprise/nn";
import { expect, test } from "vitest";
import { decodeModel, encodeModel, forClasses, initialState, MaskRcnn, torchvisionWeights } from "../src/index.ts";
import { pictures, state } from "./generated.ts";

const names = JSON.parse(readFileSync(new URL("fixtures/torchvision-names.json", import.meta.url), "utf8")) as Record<
  "v1" | "older" | "v2",
  Record<string, number[]>
>;

/** Arrays without numbers: names and shapes are what is asked. */
const arrays = (shapes: Record<string, number[]>) =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { dtype: "float32", shape, data: new Float32Array(0) }]),
  ) as Record<string, Tensor>;
const shapesOf = (state: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(Object.entries(state).map(([name, { shape }]) => [name, shape]));

test("every array of torchvision's published layouts gets the name that the network has", () => {
  expect(Object.keys(names.older)).not.toEqual(Object.keys(names.v1));
  // Counts of batches are not kept: nothing reads them.
  const kept = (shapes: Record<string, number[]>) =>
    Object.fromEntries(Object.entries(shapes).filter(([name]) => !name.endsWith("num_batches_tracked")));
  const renamed = (shapes: Record<string, number[]>) => shapesOf(torchvisionWeights(arrays(shapes)));
  expect(renamed(names.older)).toEqual(kept(names.v1));
  expect(renamed(names.v1)).toEqual(kept(names.v1));
  expect(renamed(names.v2)).toEqual(kept(names.v2));
});

test("outputs are new where the classes differ, and the same network where they do not", () => {
  expect(forClasses(state, 4, new Random(0))).toBe(state);
  const changed = forClasses(state, 6, new Random(0));
  const differ = Object.keys(state).filter((name) => changed[name] !== state[name]);
  expect(differ.sort()).toEqual(
    ["box_predictor.bbox_pred", "box_predictor.cls_score", "mask_predictor.mask_fcn_logits"].flatMap((name) =>
      ["bias", "weight"].map((part) => `roi_heads.${name}.${part}`),
    ),
  );
  expect(changed["roi_heads.box_predictor.bbox_pred.weight"]!.shape).toEqual([24, 16]);
  expect(() => forClasses({}, 4, new Random(0))).toThrow(
    'The weights have no "roi_heads.box_predictor.cls_score.bias".',
  );
});

test("a network on the body of a residual network of torchvision's names", async () => {
  const resnet = imageNetwork("resnet18");
  const flat = initialize(resnet.parameters, new Random(0));
  let from = 0;
  const body: Record<string, Tensor> = {};
  for (const [name, shape] of Object.entries({ ...resnet.parameters, ...resnet.buffers })) {
    const count = shape.reduce((a, b) => a * b, 1);
    const own = from + count <= flat.length ? flat.subarray(from, from + count) : new Float32Array(count);
    from += count;
    body[name] = { dtype: "float32", shape, data: name.endsWith("running_var") ? own.map(() => 1) : own };
  }
  const start = initialState(new Random(0), { classes: 3, body, channels: 8, representation: 8 });
  expect(start["backbone.body.layer4.1.conv2.weight"]).toBe(body["layer4.1.conv2.weight"]);
  expect(start["backbone.fpn.inner_blocks.3.0.weight"]!.shape).toEqual([8, 512, 1, 1]);
  expect(Object.keys(start).filter((name) => name.includes("fc."))).toEqual([]);
  const runtime = nodeRuntime({ threads: 1 });
  const model = new MaskRcnn(runtime, start, { minSize: 64, maxSize: 64, scoreThreshold: 0 });
  const [found] = await model.segment([pictures[0]!]);
  expect(found!.scores.length).toBeGreaterThan(0);
  await model.release();
  expect(() => initialState(new Random(0), { classes: 3, body: { a: body["conv1.weight"]! } })).toThrow(
    "The backbone is no residual network of torchvision's names: layer1.0.conv1.weight is missing. It has a.",
  );
});

test("a network goes through its file; others' files are refused", () => {
  const facts = {
    pictures: { minSize: 64, maxSize: 96, anchorSizes: [8, 16, 32, 64, 96], canonicalSize: 64 },
    categories: [1, 2, 5].map((id) => ({ id, name: `c${id}` })),
  };
  const read = decodeModel(encodeModel(state, facts), "m");
  expect(read.facts).toEqual(facts);
  expect(shapesOf(read.state)).toEqual(shapesOf(state));
  expect(() => decodeModel(encodeModel(state, { ...facts, categories: [] }), "m")).toThrow(
    "m: the network has 4 classes, background included, and its metadata names 0",
  );
});
