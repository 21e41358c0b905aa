// Every operation against torchvision: tools/reference/mask_rcnn_ops.py, and by path the larger fixtures of REPRISE_DATA.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors } from "@reprise/nn";
import { describe, expect, test } from "vitest";
import {
  type BoxWeights,
  baseAnchors,
  boxIouMatrix,
  clipBoxes,
  decodeBoxes,
  detectionsOf,
  encodeBoxes,
  type Features,
  fpnLevels,
  gridAnchors,
  largeBoxes,
  matchCandidates,
  nms,
  pasteMask,
  proposeRegions,
  roiAlign,
  roiAlignGradient,
  roiPool,
  roiPoolGradient,
  roiWarp,
  roiWarpGradient,
  sampleCandidates,
} from "../src/index.ts";

interface Tensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
/** Of all operations; a case has those of its own. */
interface Attributes {
  readonly output_size: readonly [number, number];
  readonly spatial_scale: number;
  readonly sampling_ratio: number;
  readonly aligned: boolean;
  readonly size: readonly [number, number];
  readonly min_size: number;
  readonly iou_threshold: number;
  readonly weights: BoxWeights;
  readonly high: number;
  readonly low: number;
  readonly low_quality: boolean;
  readonly sizes: readonly (readonly number[])[];
  readonly ratios: readonly number[];
  readonly image: readonly [number, number];
  readonly maps: readonly [number, number][];
  readonly counts: readonly number[];
  readonly pre: number;
  readonly post: number;
  readonly nms: number;
  readonly most: number;
}
interface Case {
  readonly name: string;
  readonly op: string;
  readonly attrs: Attributes;
  readonly in: Record<string, Tensor>;
  readonly out: Record<string, Tensor>;
}
type Result = Record<string, ArrayLike<number>>;

const floats = (tensor: Tensor | undefined) => Float32Array.from(tensor!.data);
const features = ({ in: { x } }: Case): Features => ({
  data: floats(x),
  shape: x!.shape as unknown as Features["shape"],
});

const regionOptions = ({ output_size, spatial_scale, sampling_ratio, aligned }: Case["attrs"]) => ({
  outputSize: output_size,
  spatialScale: spatial_scale,
  samplingRatio: sampling_ratio,
  aligned,
});

/** What ours gives for the inputs of a case, by the names of its outputs. */
const ours: Record<string, (c: Case) => Result> = {
  roi_align: (c) => ({
    y: roiAlign(features(c), floats(c.in.rois), regionOptions(c.attrs)),
    grad_x: roiAlignGradient(features(c), floats(c.in.rois), floats(c.in.grad_out), regionOptions(c.attrs)),
  }),
  roi_align_max: (c) => {
    const options = { ...regionOptions(c.attrs), aggregate: "maximum" } as const;
    return {
      y: roiAlign(features(c), floats(c.in.rois), options),
      grad_x: roiAlignGradient(features(c), floats(c.in.rois), floats(c.in.grad_out), options),
    };
  },
  roi_warp: (c) => ({
    y: roiWarp(features(c), floats(c.in.rois), regionOptions(c.attrs)),
    ...(c.in.grad_out && {
      grad_x: roiWarpGradient(features(c), floats(c.in.rois), floats(c.in.grad_out), regionOptions(c.attrs)),
    }),
  }),
  roi_pool: (c) => ({
    y: roiPool(features(c), floats(c.in.rois), regionOptions(c.attrs)),
    grad_x: roiPoolGradient(features(c), floats(c.in.rois), floats(c.in.grad_out), regionOptions(c.attrs)),
  }),
  box_iou: (c) => ({ iou: boxIouMatrix(floats(c.in.a), floats(c.in.b)) }),
  clip_boxes_to_image: (c) => ({ y: clipBoxes(floats(c.in.a), c.attrs.size[0], c.attrs.size[1]) }),
  remove_small_boxes: (c) => ({ keep: largeBoxes(floats(c.in.a), c.attrs.min_size) }),
  nms: (c) => ({ keep: nms(floats(c.in.boxes), floats(c.in.scores), c.attrs.iou_threshold) }),
  batched_nms: (c) => ({
    keep: nms(floats(c.in.boxes), floats(c.in.scores), c.attrs.iou_threshold, c.in.idxs!.data),
  }),
  box_coder: (c) => ({
    encoded: encodeBoxes(floats(c.in.gt), floats(c.in.proposals), c.attrs.weights as BoxWeights),
    decoded: decodeBoxes(floats(c.in.deltas), floats(c.in.proposals), c.attrs.weights as BoxWeights),
  }),
  matcher: (c) => ({
    m: matchCandidates(floats(c.in.q), c.in.q!.shape[0]!, { ...c.attrs, lowQuality: c.attrs.low_quality }),
  }),
  anchors: ({ attrs }) => ({
    anchors: attrs.maps.flatMap((map: [number, number], level: number) =>
      Array.from(gridAnchors(baseAnchors(attrs.sizes[level]!, attrs.ratios), map, attrs.image)),
    ),
  }),
  level_mapper: (c) => ({ level: fpnLevels(floats(c.in.boxes)) }),
  paste_masks_in_image: (c) => {
    const [height, width] = c.attrs.size;
    const masks = floats(c.in.masks);
    const boxes = floats(c.in.boxes);
    const R = boxes.length / 4;
    const each = masks.length / R;
    return {
      y: Array.from({ length: R }, (_, r) =>
        Array.from(
          pasteMask(masks.subarray(r * each, (r + 1) * each), boxes.subarray(4 * r, 4 * r + 4), { height, width }),
        ),
      ).flat(),
    };
  },
  proposals: (c) => {
    const [height, width] = c.attrs.size;
    let at = 0;
    const levels = c.attrs.counts.map((count: number) => {
      const from = at;
      at += count;
      return {
        anchors: floats(c.in.anchors).subarray(4 * from, 4 * at),
        objectness: floats(c.in.objectness).subarray(from, at),
        deltas: floats(c.in.deltas).subarray(4 * from, 4 * at),
      };
    });
    return { ...proposeRegions(levels, { height, width, preNms: c.attrs.pre, postNms: c.attrs.post }) };
  },
  detections: (c) => {
    const [height, width] = c.attrs.size;
    const { proposals, logits, deltas } = c.in;
    return {
      ...detectionsOf(
        { proposals: floats(proposals), logits: floats(logits), deltas: floats(deltas), classes: logits!.shape[1]! },
        { height, width, most: c.attrs.most },
      ),
    };
  },
};

/** Where decoded sizes grow to a thousand pixels the last bits of exp are worth more: relative beside absolute. */
function agree(name: string, got: ArrayLike<number>, want: Tensor): void {
  expect(got.length, name).toBe(want.data.length);
  let worst = 0;
  want.data.forEach((value, i) => {
    worst = Math.max(worst, Math.abs(got[i]! - value) / (1 + Math.abs(value)));
  });
  expect(worst, name).toBeLessThan(1e-5);
}

function check(c: Case): void {
  const result = ours[c.op]!(c);
  for (const [name, want] of Object.entries(c.out)) if (result[name]) agree(`${c.name} ${name}`, result[name], want);
}

const own = JSON.parse(readFileSync(new URL("fixtures/ops.json", import.meta.url), "utf8")) as { cases: Case[] };

describe("as torchvision", () => {
  test.each(own.cases.map((c) => [c.name, c] as const))("%s", (_, c) => {
    expect(Object.keys(ours[c.op]!(c))).toEqual(expect.arrayContaining(Object.keys(c.out)));
    check(c);
  });
});

const shared = join(process.env.REPRISE_DATA ?? "", "maskrcnn", "fixtures");
describe.skipIf(!process.env.REPRISE_DATA || !existsSync(shared))(
  "as torchvision on the fixtures of REPRISE_DATA",
  () => {
    test("every operation", () => {
      const { tensors } = readSafetensors(readFileSync(join(shared, "ops.safetensors")));
      const list = JSON.parse(readFileSync(join(shared, "ops.json"), "utf8")).cases as Case[];
      const read = (names: Record<string, unknown>) =>
        Object.fromEntries(
          Object.entries(names).map(([name, key]) => {
            const { shape, data } = tensors[key as string]!;
            return [name, { shape, data: Array.from(data as ArrayLike<number | bigint>, Number) }];
          }),
        );
      const run = list.filter(({ op }) => ours[op]);
      expect(run.length).toBeGreaterThan(40);
      for (const c of run) check({ ...c, in: read(c.in), out: read(c.out) });
    });
  },
);

test("samples hold their share of positives, filled up with negatives", () => {
  const labels = [1, 0, -1, 1, 1, 0, 0, 1, 0];
  expect(sampleCandidates(labels, { count: 5, positiveShare: 0.5 })).toEqual({ positive: [0, 3], negative: [1, 5, 6] });
  const backwards = (n: number) => Array.from({ length: n }, (_, i) => n - 1 - i);
  expect(sampleCandidates(labels, { count: 4, positiveShare: 0.25, order: backwards })).toEqual({
    positive: [7],
    negative: [5, 6, 8],
  });
});

test("no truth, no match", () => {
  expect(() => matchCandidates(new Float32Array(0), 0, { high: 0.5, low: 0.5 })).toThrow(
    "matchCandidates: there is no truth to match; all candidates are background.",
  );
});

test("nothing proposed, nothing found", () => {
  const none = new Float32Array(0);
  const size = { height: 10, width: 10 };
  const found = detectionsOf({ proposals: none, logits: none, deltas: none, classes: 3 }, size);
  expect([found.boxes.length, found.scores.length, found.labels.length]).toEqual([0, 0, 0]);
  expect(proposeRegions([], { ...size, preNms: 10, postNms: 5 }).boxes).toHaveLength(0);
});
