// Checkpoints of detectron2 (facebookresearch/detectron2, model zoo: R50/R101, C4 and FPN, masks and keypoints) under the
// names, the order of rows and the input that this network has. None can be had where this was written: the map follows
// detectron2's sources at 02b5c4e and is tested on files that the tests write under its names.
import { ModelError, type Tensor } from "@reprise/engine";
import type { StateDict } from "./network.ts";
import type { Conventions } from "./settings.ts";

/** What torchvision's networks take from pictures of 0 … 1. */
const mean = [0.485, 0.456, 0.406];
const deviation = [0.229, 0.224, 0.225];

/** Theirs → ours; what is left out of a file is dropped, and names that are not here are refused. */
const names: readonly (readonly [RegExp, string])[] = [
  [/^backbone\.(?:bottom_up\.)?stem\.conv1\.weight$/, "backbone.body.conv1.weight"],
  [/^backbone\.(?:bottom_up\.)?stem\.conv1\.norm\.(\w+)$/, "backbone.body.bn1.$1"],
  [/^backbone\.fpn_lateral(\d)\.(\w+)$/, "backbone.fpn.inner_blocks.$1.0.$2"],
  [/^backbone\.fpn_output(\d)\.(\w+)$/, "backbone.fpn.layer_blocks.$1.0.$2"],
  [/^proposal_generator\.rpn_head\.conv\.(\w+)$/, "rpn.head.conv.0.0.$1"],
  [/^proposal_generator\.rpn_head\.objectness_logits\.(\w+)$/, "rpn.head.cls_logits.$1"],
  [/^proposal_generator\.rpn_head\.anchor_deltas\.(\w+)$/, "rpn.head.bbox_pred.$1"],
  [/^roi_heads\.box_head\.fc([12])\.(\w+)$/, "roi_heads.box_head.fc$1.$2"],
  [/^roi_heads\.box_predictor\.(cls_score|bbox_pred)\.(\w+)$/, "roi_heads.box_predictor.$1.$2"],
  [/^roi_heads\.mask_head\.mask_fcn(\d)\.(\w+)$/, "roi_heads.mask_head.$1.0.$2"],
  [/^roi_heads\.mask_head\.deconv\.(\w+)$/, "roi_heads.mask_predictor.conv5_mask.$1"],
  [/^roi_heads\.mask_head\.predictor\.(\w+)$/, "roi_heads.mask_predictor.mask_fcn_logits.$1"],
  [/^roi_heads\.keypoint_head\.conv_fcn(\d)\.(\w+)$/, "roi_heads.keypoint_head.$1.$2"],
  [/^roi_heads\.keypoint_head\.score_lowres\.(\w+)$/, "roi_heads.keypoint_predictor.kps_score_lowres.$1"],
];
/** Constants of theirs that are known without a file, and counters. */
const dropped = /^(pixel_mean|pixel_std)$|anchor_generator\.cell_anchors|num_batches_tracked$/;

/** Whether a file has detectron2's names. */
export const isDetectron2 = (state: StateDict): boolean => "proposal_generator.rpn_head.conv.weight" in state;

export interface Detectron2Weights {
  readonly state: StateDict;
  /** Files of Caffe's networks, whose pictures are blue first, have a bottleneck's stride in its first convolution. */
  readonly conventions: Exclude<Conventions, "torchvision">;
}

/** @throws ModelError naming the arrays that are not known */
export function detectron2Weights(theirs: StateDict, source = "weights"): Detectron2Weights {
  const unknown: string[] = [];
  const state: Record<string, Tensor> = {};
  for (const [name, array] of Object.entries(theirs)) {
    if (dropped.test(name)) continue;
    const ours = nameOf(name);
    if (ours) state[ours] = array;
    else unknown.push(name);
  }
  if (unknown.length > 0)
    throw new ModelError(
      `${source}: ${unknown.length} arrays are not of a Mask R-CNN of detectron2 with a residual network: ${unknown.slice(0, 5).join(", ")}${unknown.length > 5 ? ", …" : ""}`,
    );
  const blueFirst = (theirs.pixel_mean?.data[0] ?? 0) < 110; // 103.53 blue first, 123.675 red first
  change(state, "backbone.body.conv1.weight", (array) => forOurInput(array, theirs, blueFirst, source));
  const own = { classes: theirs["roi_heads.box_predictor.cls_score.bias"]?.shape[0] ?? 0 };
  for (const part of ["weight", "bias"]) {
    // Their background is the last class, and has neither boxes nor masks.
    change(state, `roi_heads.box_predictor.cls_score.${part}`, (array) =>
      rowsOf(array, [own.classes - 1, ...range(own.classes - 1)]),
    );
    const boxes = state[`roi_heads.box_predictor.bbox_pred.${part}`]?.shape[0];
    if (boxes !== 4 * (own.classes - 1))
      throw new ModelError(
        `${source}: boxes of ${boxes} numbers for ${own.classes - 1} classes; boxes that all classes share are not read`,
      );
    change(state, `roi_heads.box_predictor.bbox_pred.${part}`, (array) =>
      rowsOf(array, [-1, -1, -1, -1, ...range(boxes)]),
    );
    change(state, `roi_heads.mask_predictor.mask_fcn_logits.${part}`, (array) =>
      array.shape[0] === 1 ? array : rowsOf(array, [-1, ...range(array.shape[0]!)]),
    );
    // Anchors: theirs size by size, ours ratio by ratio.
    const anchors = state[`rpn.head.cls_logits.${part}`]?.shape[0] ?? 0;
    const order = range(anchors).map((i) => (i % (anchors / 3)) * 3 + Math.floor(i / (anchors / 3)));
    change(state, `rpn.head.cls_logits.${part}`, (array) => rowsOf(array, order));
    change(state, `rpn.head.bbox_pred.${part}`, (array) =>
      rowsOf(
        array,
        order.flatMap((a) => range(4).map((i) => 4 * a + i)),
      ),
    );
  }
  return { state, conventions: blueFirst ? "detectron2-caffe" : "detectron2" };
}

/** Our name of an array of theirs. */
function nameOf(name: string): string | undefined {
  const stage = name.match(
    /^(backbone\.(?:bottom_up\.)?|roi_heads\.)res([2-5])\.(?:(\d+)\.)(conv\d|shortcut)\.(weight|norm\.(\w+))$/,
  );
  if (stage) {
    const [, place, number, block, layer, part, statistic] = stage;
    const at = place === "roi_heads." ? "roi_heads.res5" : `backbone.body.layer${Number(number) - 1}`;
    const [weight, norm] =
      layer === "shortcut" ? ["downsample.0", "downsample.1"] : [layer!, layer!.replace("conv", "bn")];
    return part === "weight" ? `${at}.${block}.${weight}.weight` : `${at}.${block}.${norm}.${statistic}`;
  }
  const found = names.find(([pattern]) => pattern.test(name));
  if (!found) return undefined;
  const ours = name.replace(...(found as [RegExp, string]));
  // Levels 2 … 5 are our blocks 0 … 3; their layers count from 1.
  return ours
    .replace(/_blocks\.(\d)/, (_, level) => `_blocks.${Number(level) - 2}`)
    .replace(/box_head\.fc([12])/, (_, i) => `box_head.fc${Number(i) + 5}`)
    .replace(/mask_head\.(\d)/, (_, i) => `mask_head.${Number(i) - 1}`)
    .replace(/keypoint_head\.(\d)/, (_, i) => `keypoint_head.${2 * (Number(i) - 1)}`);
}

/** Weights for pictures as torchvision normalises them in place of 0 … 255 less a mean, blue or red first. */
function forOurInput(array: Tensor, theirs: StateDict, blueFirst: boolean, source: string): Tensor {
  const order = blueFirst ? [2, 1, 0] : [0, 1, 2];
  const known = theirs.pixel_mean && Array.from(theirs.pixel_mean.data, Number);
  if (known?.some((value, c) => Math.abs(value - 255 * mean[order[c]!]!) > 0.01))
    throw new ModelError(`${source}: pixel_mean is ${known.join(", ")}; ImageNet's is expected`);
  const scales = theirs.pixel_std ? Array.from(theirs.pixel_std.data, Number) : [1, 1, 1];
  const [K, , h, w] = array.shape as [number, number, number, number];
  const area = h * w;
  const data = Float32Array.from({ length: K * 3 * area }, (_, i) => {
    const [k, c] = [Math.floor(i / (3 * area)), Math.floor(i / area) % 3];
    const there = order[c]!; // the channel's place in their picture
    return (Number(array.data[(k * 3 + there) * area + (i % area)]) * 255 * deviation[c]!) / scales[there]!;
  });
  return { dtype: "float32", shape: array.shape, data };
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

function change(state: Record<string, Tensor>, name: string, to: (array: Tensor) => Tensor): void {
  if (state[name]) state[name] = to(state[name]);
}

/** Rows of an array in another order; zeros where the row is −1. */
function rowsOf({ data, shape }: Tensor, rows: readonly number[]): Tensor {
  const each = shape.slice(1).reduce((a, b) => a * b, 1);
  const out = new Float32Array(rows.length * each);
  rows.forEach((row, r) => {
    if (row >= 0) out.set(data.subarray(row * each, (row + 1) * each) as Float32Array, r * each);
  });
  return { dtype: "float32", shape: [rows.length, ...shape.slice(1)], data: out };
}
