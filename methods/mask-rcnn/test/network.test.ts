// The whole network against torchvision's: tools/reference/mask_rcnn_network.py, and by path those of REPRISE_DATA.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeRuntime } from "@reprise/engine/node";
import { readSafetensors } from "@reprise/nn";
import { describe, expect, test } from "vitest";
import { MaskRcnn, pasteMask } from "../src/index.ts";
import {
  fixture,
  fixtureC4,
  fixtureC5,
  fixtureKeypoints,
  fixtureV2,
  optionsC5,
  pictures,
  state,
  stateC4,
  stateC5,
  stateKeypoints,
  stateV2,
} from "./generated.ts";

test.each([
  ["maskrcnn_resnet50_fpn", fixture, state, {}],
  ["maskrcnn_resnet50_fpn_v2", fixtureV2, stateV2, {}],
  ["C4", fixtureC4, stateC4, {}],
  ["maskrcnn_resnet50_fpn with keypoints", fixtureKeypoints, stateKeypoints, {}],
  ["C5 with RoIPool, fully connected layers and a softmax", fixtureC5, stateC5, optionsC5],
] as const)(
  "detections and masks of a small network of the layout of %s as torchvision's",
  async (_, made, weights, own) => {
    const { settings, anchorSizes } = made;
    const model = new MaskRcnn(nodeRuntime({ threads: 1 }), weights, {
      minSize: settings.min_size!,
      maxSize: settings.max_size!,
      anchorSizes,
      preNms: settings.rpn_pre_nms_top_n_test!,
      postNms: settings.rpn_post_nms_top_n_test!,
      scoreThreshold: settings.box_score_thresh!,
      detections: settings.box_detections_per_img!,
      ...own,
    });
    const found = await model.segment(pictures);
    await model.release();
    found.forEach(({ boxes, scores, labels, masks, keypoints, keypointScores }, i) => {
      const want = made.found[i]!;
      expect(keypoints === undefined).toBe(want.keypoints === undefined);
      if (keypoints) expect(largest(keypoints, want.keypoints!)).toBeLessThan(1e-3);
      if (keypointScores) expect(largest(keypointScores, want.keypointScores!)).toBeLessThan(1e-4);
      expect([...labels]).toEqual(want.labels);
      expect(largest(boxes, want.boxes)).toBeLessThan(1e-3);
      expect(largest(scores, want.scores)).toBeLessThan(1e-5);
      const area = masks.length / labels.length;
      const sums = want.labels.map((_, d) => {
        const box = want.boxes.slice(4 * d, 4 * d + 4);
        return pasteMask(masks.subarray(area * d, area * (d + 1)), box, pictures[i]!).reduce((a, b) => a + b, 0);
      });
      sums.forEach((sum, d) => {
        expect(Math.abs(sum / want.maskSums[d]! - 1)).toBeLessThan(1e-4);
      });
    });
  },
);

test("an examined picture has the same detections and masks, and what led to them", async () => {
  const { settings, anchorSizes } = fixture;
  const model = new MaskRcnn(nodeRuntime({ threads: 1 }), state, {
    ...{ minSize: settings.min_size!, maxSize: settings.max_size!, anchorSizes },
    ...{ preNms: settings.rpn_pre_nms_top_n_test!, postNms: settings.rpn_post_nms_top_n_test! },
    ...{ scoreThreshold: settings.box_score_thresh!, detections: settings.box_detections_per_img! },
  });
  const picture = pictures[0]!;
  const [found] = await model.segment([picture]);
  const seen = await model.examine(picture);
  await model.release();
  expect([...seen.boxes]).toEqual([...found!.boxes]);
  expect([...seen.labels]).toEqual([...found!.labels]);
  expect(largest(seen.masks, [...found!.masks])).toBeLessThan(1e-4);
  const D = found!.labels.length;
  expect(seen.pooled.difference).toHaveLength(196 * D);
  expect(Math.max(...seen.pooled.difference)).toBeGreaterThan(0);
  expect(seen.pooled.masks).toHaveLength(784 * D);
  expect([...seen.proposalScores]).toEqual([...seen.proposalScores].sort((a, b) => b - a));
  expect(seen.proposals.length).toBe(4 * seen.proposalScores.length);
  for (const level of [...seen.levels, ...seen.proposalLevels]) expect([2, 3, 4, 5]).toContain(level);
});

test("no proposals and no scores above the threshold: nothing is found", async () => {
  const runtime = nodeRuntime({ threads: 1 });
  for (const options of [{ postNms: 0 }, { scoreThreshold: 1 }]) {
    const model = new MaskRcnn(runtime, state, {
      minSize: 64,
      maxSize: 96,
      anchorSizes: fixture.anchorSizes,
      ...options,
    });
    const [found] = await model.segment([pictures[0]!]);
    expect([found!.boxes.length, found!.masks.length]).toEqual([0, 0]);
    const seen = await model.examine(pictures[0]!);
    expect([seen.pooled.masks.length, seen.levels.length]).toEqual([0, 0]);
    await model.release();
  }
});

const shared = join(process.env.REPRISE_DATA ?? "", "maskrcnn", "fixtures");

describe.skipIf(!process.env.REPRISE_DATA || !existsSync(shared))("as torchvision on REPRISE_DATA", () => {
  test.each(["tiny", "r18"])("%s", async (name) => {
    const read = (path: string) => readSafetensors(readFileSync(join(shared, `${name}.${path}`))).tensors;
    const facts = JSON.parse(readFileSync(join(shared, `${name}.json`), "utf8"));
    const io = read("io.safetensors");
    const model = new MaskRcnn(nodeRuntime({ threads: 1 }), read("weights.safetensors"), {
      minSize: facts.min_size,
      maxSize: facts.max_size,
      anchorSizes: facts.anchor_sizes.flat(),
      preNms: facts.rpn_pre_nms_top_n_test,
      postNms: facts.rpn_post_nms_top_n_test,
      scoreThreshold: facts.box_score_thresh,
      detections: facts.box_detections_per_img,
    });
    const pictures = [0, 1].map((i) => {
      const { shape, data } = io[`image${i}_hwc`]!;
      const [height, width] = shape as [number, number];
      const planar = new Uint8Array(data.length);
      for (let c = 0; c < 3; c++)
        for (let at = 0; at < height * width; at++) planar[c * height * width + at] = Number(data[3 * at + c]);
      return { data: planar, height, width };
    });
    const found = await model.segment(pictures);
    await model.release();
    for (const [i, { boxes, scores, labels, masks }] of found.entries()) {
      const want = (what: string) => Array.from(io[`eval/out${i}_${what}`]!.data as Float32Array, Number);
      expect([...labels]).toEqual(want("labels"));
      expect(largest(boxes, want("boxes"))).toBeLessThan(1e-3);
      expect(largest(scores, want("scores"))).toBeLessThan(1e-5);
      const { height, width } = pictures[i]!;
      const wantBoxes = Float32Array.from(want("boxes"));
      const wantMasks = want("masks");
      const area = height * width;
      labels.forEach((_, d) => {
        const mask = pasteMask(masks.subarray(784 * d, 784 * (d + 1)), wantBoxes.subarray(4 * d, 4 * d + 4), {
          height,
          width,
        });
        expect(largest(mask, wantMasks.slice(d * area, (d + 1) * area))).toBeLessThan(1e-4);
      });
    }
  });
});

function largest(got: ArrayLike<number>, want: readonly number[]): number {
  expect(got.length).toBe(want.length);
  return want.reduce((worst, value, i) => Math.max(worst, Math.abs(got[i]! - value)), 0);
}

test("weights of another network are refused by the names that they lack", () => {
  expect(() => new MaskRcnn(nodeRuntime(), {})).toThrow(
    "The weights are not of a Mask R-CNN with a feature pyramid: backbone.body.conv1.weight, backbone.body.layer4.0.conv1.weight, backbone.fpn.inner_blocks.0.0.weight, rpn.head.conv.0.0.weight, rpn.head.cls_logits.weight are missing.",
  );
});
