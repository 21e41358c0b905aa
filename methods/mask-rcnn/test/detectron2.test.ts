// Files under detectron2's names, written here from networks that are known to run as torchvision's: none of detectron2's
// own can be had. Names, order of rows, background and input channels as detectron2 at 02b5c4e has them.
import type { Tensor } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { expect, test } from "vitest";
import { baseAnchors, detectron2Weights, isDetectron2, MaskRcnn, type StateDict } from "../src/index.ts";
import { fixtureC4, pictures, state, stateC4 } from "./generated.ts";

const deviation = [0.229, 0.224, 0.225];
const rows = ({ data, shape }: Tensor, order: readonly number[]): Tensor => {
  const each = data.length / shape[0]!;
  const moved = order.flatMap((r) => Array.from(data.subarray(r * each, (r + 1) * each) as Float32Array));
  return { dtype: "float32", shape: [order.length, ...shape.slice(1)], data: Float32Array.from(moved) };
};
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** A network of ours as detectron2 would save it. */
function theirs(ours: StateDict, { c4, blueFirst }: { c4: boolean; blueFirst: boolean }): Record<string, Tensor> {
  const body = c4 ? "backbone." : "backbone.bottom_up.";
  const named: Record<string, Tensor> = {};
  for (const [name, array] of Object.entries(ours)) {
    const part = name.split(".").at(-1)!;
    const stage = name.match(/(?:backbone\.body\.layer(\d)|roi_heads\.res(5))\.(\d+)\.(\w+?)(\d)?\.(\d)?/);
    const block = stage && `${stage[2] ? "roi_heads." : body}res${stage[2] ?? Number(stage[1]) + 1}.${stage[3]}`;
    const anchors = ours["rpn.head.cls_logits.bias"]!.shape[0]!;
    const bySize = range(0, anchors).map((i) => (i % 3) * (anchors / 3) + Math.floor(i / 3));
    if (stage && block) {
      const norm = stage[4] === "bn" || stage[6] === "1";
      const layer = stage[4] === "downsample" ? "shortcut" : `conv${stage[5]}`;
      named[`${block}.${layer}.${norm ? `norm.${part}` : part}`] = array;
    } else if (name === "backbone.body.conv1.weight") {
      const [K, , h, w] = array.shape as [number, number, number, number];
      const data = new Float32Array(array.data.length);
      for (let i = 0; i < data.length; i++) {
        const [k, c] = [Math.floor(i / (3 * h * w)), Math.floor(i / (h * w)) % 3];
        const there = blueFirst ? 2 - c : c;
        data[(k * 3 + there) * h * w + (i % (h * w))] = Number(array.data[i]) / 255 / deviation[c]!;
      }
      named[`${body}stem.conv1.weight`] = { dtype: "float32", shape: [K, 3, h, w], data };
    } else if (name.startsWith("backbone.body.bn1")) named[`${body}stem.conv1.norm.${part}`] = array;
    else if (name.includes(".fpn.")) {
      const level = Number(name.match(/blocks\.(\d)/)![1]) + 2;
      named[`backbone.fpn_${name.includes("inner") ? "lateral" : "output"}${level}.${part}`] = array;
    } else if (name.startsWith("rpn.head.conv")) named[`proposal_generator.rpn_head.conv.${part}`] = array;
    else if (name.startsWith("rpn.head.cls_logits"))
      named[`proposal_generator.rpn_head.objectness_logits.${part}`] = rows(array, bySize);
    else if (name.startsWith("rpn.head.bbox_pred"))
      named[`proposal_generator.rpn_head.anchor_deltas.${part}`] = rows(
        array,
        bySize.flatMap((a) => range(4 * a, 4 * a + 4)),
      );
    else if (/box_head\.fc/.test(name)) named[`roi_heads.box_head.fc${name.includes("fc6") ? 1 : 2}.${part}`] = array;
    else if (name.includes("cls_score")) named[name] = rows(array, [1, 2, 3, 0]);
    else if (name.includes("bbox_pred")) named[name] = rows(array, range(4, 16));
    else if (/mask_head\.\d/.test(name))
      named[`roi_heads.mask_head.mask_fcn${Number(name.match(/mask_head\.(\d)/)![1]) + 1}.${part}`] = array;
    else if (name.includes("conv5_mask")) named[`roi_heads.mask_head.deconv.${part}`] = array;
    else if (name.includes("mask_fcn_logits")) named[`roi_heads.mask_head.predictor.${part}`] = rows(array, [1, 2, 3]);
    else throw new Error(name);
  }
  const mean = [123.675, 116.28, 103.53];
  const constant = (data: number[]): Tensor => ({ dtype: "float32", shape: [3, 1, 1], data: Float32Array.from(data) });
  named.pixel_mean = constant(blueFirst ? mean.toReversed() : mean);
  named.pixel_std = constant([1, 1, 1]);
  named["proposal_generator.anchor_generator.cell_anchors.0"] = constant([0, 0, 0]);
  return named;
}

/** Boxes and masks of the background are 0: detectron2 has none, and nothing reads them. */
const withoutBackground = (ours: StateDict): StateDict =>
  Object.fromEntries(
    Object.entries(ours).map(([name, array]) => {
      const none = name.includes("box_predictor.bbox_pred") ? 4 : name.includes("mask_fcn_logits") ? 1 : 0;
      const data = Float32Array.from(array.data as Float32Array);
      data.fill(0, 0, (none * data.length) / array.shape[0]!);
      return [name, { dtype: "float32", shape: array.shape, data }];
    }),
  );

test.each([
  ["FPN, red first", state, { c4: false, blueFirst: false }],
  ["FPN, blue first", state, { c4: false, blueFirst: true }],
  ["C4, blue first", stateC4, { c4: true, blueFirst: true }],
])("every array of a file under detectron2's names gets its place: %s", (_, ours, how) => {
  const file = theirs(ours, how);
  expect(isDetectron2(file)).toBe(true);
  expect(isDetectron2(ours)).toBe(false);
  const { state: read, conventions } = detectron2Weights(file);
  expect(conventions).toBe(how.blueFirst ? "detectron2-caffe" : "detectron2");
  const wanted = withoutBackground(ours);
  expect(Object.keys(read).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, { shape, data }] of Object.entries(wanted)) {
    expect(read[name]!.shape, name).toEqual(shape);
    // The first layer is scaled to our input: float32's rounding.
    const worst = Array.from(data as Float32Array).reduce(
      (most, value, i) => Math.max(most, Math.abs(value - Number(read[name]!.data[i]))),
      0,
    );
    expect(worst, name).toBeLessThanOrEqual(name === "backbone.body.conv1.weight" ? 1e-7 : 0);
  }
});

test("a network under detectron2's names finds what the same under torchvision's finds", async () => {
  const runtime = nodeRuntime({ threads: 1 });
  const { settings: s, anchorSizes } = fixtureC4;
  const options = {
    ...{ minSize: s.min_size!, maxSize: s.max_size!, anchorSizes, preNms: 100, postNms: 40, detections: 10 },
  };
  const { state: read } = detectron2Weights(theirs(stateC4, { c4: true, blueFirst: false }));
  const [first, second] = await Promise.all(
    [stateC4, read].map(async (weights) => {
      const model = new MaskRcnn(runtime, weights, options);
      const [found] = await model.segment([pictures[0]!]);
      await model.release();
      return found!;
    }),
  );
  expect(first!.labels.length).toBeGreaterThan(3);
  expect([...second!.labels]).toEqual([...first!.labels]);
  for (const key of ["boxes", "scores", "masks"] as const)
    expect(first![key].reduce((most, value, i) => Math.max(most, Math.abs(value - second![key][i]!)), 0)).toBeLessThan(
      1e-3,
    );
});

test("anchors of detectron2 are not rounded", () => {
  expect([...baseAnchors([32], [0.5, 1], { rounded: false })].map((v) => v.toFixed(3))).toEqual(
    ["-22.627", "-11.314", "22.627", "11.314"].concat(["-16.000", "-16.000", "16.000", "16.000"]),
  );
});

test("other networks are refused by the arrays that are not known", () => {
  const file = theirs(state, { c4: false, blueFirst: true });
  expect(() => detectron2Weights({ ...file, "sem_seg_head.p2.0.weight": file.pixel_mean! }, "m.pth")).toThrow(
    "m.pth: 1 arrays are not of a Mask R-CNN of detectron2 with a residual network: sem_seg_head.p2.0.weight",
  );
  const mean = { ...file.pixel_mean!, data: Float32Array.of(0, 0, 0) };
  expect(() => detectron2Weights({ ...file, pixel_mean: mean }, "m.pth")).toThrow(
    "m.pth: pixel_mean is 0, 0, 0; ImageNet's is expected",
  );
  const shared = rows(file["roi_heads.box_predictor.bbox_pred.weight"]!, [0, 1, 2, 3]);
  expect(() => detectron2Weights({ ...file, "roi_heads.box_predictor.bbox_pred.weight": shared }, "m.pth")).toThrow(
    "m.pth: boxes of 4 numbers for 3 classes; boxes that all classes share are not read",
  );
});
