// The three networks as graphs: backbone with feature pyramid and region proposals, box head, mask head (§3, "Network
// architecture"; Lin et al. 2017). Their arrays are named as in torchvision's state_dict, whose names also say the shape
// of the network: how many blocks a stage has, and whether they are bottlenecks.
import {
  add,
  constant,
  conv,
  convTranspose,
  gemm,
  maxPool,
  mul,
  reduceMean,
  relu,
  reshape,
  resize,
  transpose,
  type Value,
} from "@reprise/engine";

import { keypointCount } from "./keypoints.ts";
import type { Conventions } from "./settings.ts";
import type { Arrays, StateDict } from "./state-dict.ts";

export type { Arrays, StateDict } from "./state-dict.ts";

/** Where C4 keeps the fourth stage: it is the head of each region. */
const regionStage = "roi_heads.res5";
export const isC4 = (state: StateDict): boolean => `${regionStage}.0.conv1.weight` in state;

/**
 * Stages that regions are taken from: 2 … 5 of a feature pyramid, 5 alone where it has one level (features of stride 32),
 * 4 of C4.
 */
export const regionStages = (state: StateDict): readonly number[] =>
  isC4(state) ? [4] : [2, 3, 4, 5].filter((stage) => `backbone.fpn.inner_blocks.${stage - 2}.0.weight` in state);

/** Image pixels a feature of these stages. */
export const stridesOf = (state: StateDict): readonly number[] => regionStages(state).map((stage) => 2 ** stage);

/** A network of keypoints alone has none. */
export const hasMasks = (state: StateDict): boolean =>
  "roi_heads.mask_predictor.mask_fc.bias" in state || "roi_heads.mask_predictor.mask_fcn_logits.bias" in state;

/** Side of a mask as the network draws it. */
export const maskSizeOf = (state: StateDict): number => (isC4(state) ? 14 : 28);

/** Masks of a region: one for each class, background included, or one for all; 0 of a network without masks. */
export const maskChannels = (state: StateDict): number =>
  !hasMasks(state)
    ? 0
    : "roi_heads.mask_predictor.mask_fc.bias" in state
      ? state["roi_heads.mask_predictor.mask_fc.bias"]!.shape[0]! / maskSizeOf(state) ** 2
      : state["roi_heads.mask_predictor.mask_fcn_logits.bias"]!.shape[0]!;

/** What training targets need to know of a network. */
export const regionShape = (state: StateDict): RegionShape => ({
  ...{ stages: regionStages(state), maskSize: maskSizeOf(state), maskChannels: maskChannels(state) },
  keypoints: keypointCount(state),
});

/** What a network says of its regions and masks. */
export interface RegionShape {
  /** Stages that regions are taken from. */
  readonly stages: readonly number[];
  /** Side of a mask. */
  readonly maskSize: number;
  /** Masks of a region: K + 1, or 1 for all classes. */
  readonly maskChannels: number;
  /** Keypoints of an object. */
  readonly keypoints: number;
}

/** Images [N, 3, H, W] → the maps of `regionStages`, and of a pyramid level 6, each [N, C, H/2ᵏ, W/2ᵏ]. */
export function featureLevels(state: StateDict, w: Arrays, images: Value, conventions?: Conventions): readonly Value[] {
  const stages = body(state, w, images, conventions);
  if (isC4(state)) return [stages.at(-1)!];
  const taken = regionStages(state).map((stage) => stage - 2);
  const lateral = taken.map((i) => named(state, w, `backbone.fpn.inner_blocks.${i}.0`, stages[i]!));
  for (let i = lateral.length - 2; i >= 0; i--)
    lateral[i] = add(lateral[i]!, resize(lateral[i + 1]!, lateral[i]!.shape.slice(2)));
  const levels = lateral.map((level, i) => named(state, w, `backbone.fpn.layer_blocks.${taken[i]}.0`, level, 1));
  return levels.length === 1 ? levels : [...levels, maxPool(levels.at(-1)!, { kernel: [1, 1], strides: [2, 2] })];
}

/** Stages 1 … 4, or 3 of C4, of a residual network with frozen batch normalisation. */
function body(state: StateDict, w: Arrays, images: Value, conventions?: Conventions): readonly Value[] {
  const at = "backbone.body.";
  let h = relu(
    frozenNorm(state, `${at}bn1`, conv(images, w(`${at}conv1.weight`), null, { strides: [2, 2], pads: [3, 3] })),
  );
  h = maxPool(h, { kernel: [3, 3], strides: [2, 2], pads: [1, 1] });
  return [1, 2, 3, 4]
    .filter((stage) => `${at}layer${stage}.0.conv1.weight` in state)
    .map((stage) => {
      h = residualStage(state, w, `${at}layer${stage}`, h, { stride: stage > 1 ? 2 : 1, conventions });
      return h;
    });
}

/** Blocks of a residual network; the first has the stride, in a bottleneck's second convolution or in Caffe's first. */
function residualStage(
  state: StateDict,
  w: Arrays,
  stage: string,
  x: Value,
  { stride, conventions }: { readonly stride: number; readonly conventions?: Conventions | undefined },
): Value {
  const first = conventions === "detectron2-caffe";
  let h = x;
  for (let block = 0; `${stage}.${block}.conv1.weight` in state; block++) {
    const name = `${stage}.${block}`;
    const step = block === 0 ? stride : 1;
    const norm = (i: number, input: Value, s: number) => {
      const W = w(`${name}.conv${i}.weight`);
      const pad = (W.shape[2]! - 1) / 2;
      return frozenNorm(state, `${name}.bn${i}`, conv(input, W, null, { strides: [s, s], pads: [pad, pad] }));
    };
    const inner =
      `${name}.conv3.weight` in state
        ? norm(3, relu(norm(2, relu(norm(1, h, first ? step : 1)), first ? 1 : step)), 1)
        : norm(2, relu(norm(1, h, step)), 1);
    const down = `${name}.downsample`;
    const shortcut =
      `${down}.0.weight` in state
        ? frozenNorm(state, `${down}.1`, conv(h, w(`${down}.0.weight`), null, { strides: [step, step] }))
        : h;
    h = relu(add(inner, shortcut));
  }
  return h;
}

/** Batch normalisation by stored statistics, which training leaves alone: a factor and a shift of each channel. */
function frozenNorm(state: StateDict, name: string, x: Value): Value {
  const of = (part: string) => state[`${name}.${part}`]!.data as Float32Array;
  const [weight, bias, mean, variance] = [of("weight"), of("bias"), of("running_mean"), of("running_var")];
  const C = weight.length;
  const scale = Float32Array.from(weight, (value, c) => value / Math.sqrt(variance[c]! + 1e-5));
  const shift = Float32Array.from(bias, (value, c) => value - mean[c]! * scale[c]!);
  const column = (data: Float32Array) => constant(x, { dtype: "float32", shape: [C, 1, 1], data });
  return add(mul(x, column(scale)), column(shift));
}

/** Objectness [N, A] and deltas [N, A, 4] of each level, anchors row by row (§3; Ren et al. 2015). */
export function proposalHead(
  state: StateDict,
  w: Arrays,
  levels: readonly Value[],
): readonly { objectness: Value; deltas: Value }[] {
  return levels.map((level) => {
    let h = level;
    for (let i = 0; `rpn.head.conv.${i}.0.weight` in state; i++)
      h = relu(named(state, w, `rpn.head.conv.${i}.0`, h, 1));
    const rows = (x: Value, values: number) => {
      const [N, K, H, W] = x.shape as [number, number, number, number];
      const split = transpose(reshape(x, [N, K / values, values, H, W]), [0, 3, 4, 1, 2]);
      return reshape(split, values === 1 ? [N, (H * W * K) / values] : [N, (H * W * K) / values, values]);
    };
    return {
      objectness: rows(named(state, w, "rpn.head.cls_logits", h), 1),
      deltas: rows(named(state, w, "rpn.head.bbox_pred", h), 4),
    };
  });
}

/** Side of the features that the heads take. */
export const boxSizeOf = (state: StateDict): 7 | 14 => (isC4(state) ? 14 : 7);

/** Class logits [R, K + 1] and deltas [R, 4(K + 1)] from features [R, C, 7, 7]; of C4 from [R, C, 14, 14]. */
export function boxHead(state: StateDict, w: Arrays, features: Value, conventions?: Conventions) {
  const fc = (name: string, x: Value) => gemm(x, w(`${name}.weight`), w(`${name}.bias`), { transB: true });
  const outputs = (h: Value) => ({
    logits: fc("roi_heads.box_predictor.cls_score", h),
    deltas: fc("roi_heads.box_predictor.bbox_pred", h),
  });
  if (isC4(state))
    return outputs(
      reduceMean(residualStage(state, w, regionStage, features, { stride: 2, conventions }), { axes: [2, 3] }),
    );
  const head = "roi_heads.box_head";
  let h = features;
  // maskrcnn_resnet50_fpn_v2: convolutions, then one layer; the first version has two layers.
  let i = 0;
  for (; `${head}.${i}.0.weight` in state; i++) h = relu(named(state, w, `${head}.${i}.0`, h, 1));
  const [R, ...rest] = h.shape as [number, ...number[]];
  const flat = reshape(h, [R, rest.reduce((a, b) => a * b, 1)]);
  h = i > 0 ? relu(fc(`${head}.${i + 1}`, flat)) : relu(fc(`${head}.fc7`, relu(fc(`${head}.fc6`, flat))));
  return outputs(h);
}

/**
 * Mask logits [R, K + 1, 28, 28] from features [R, C, 14, 14]; [R, 1, 28, 28] where all classes share one, and 14 × 14 of
 * C4. Fully connected layers (Table 2e) are known by their names.
 */
export function maskHead(state: StateDict, w: Arrays, features: Value, conventions?: Conventions): Value {
  const head = "roi_heads.mask_head";
  let h = features;
  if (isC4(state)) h = residualStage(state, w, regionStage, features, { stride: 2, conventions });
  else if (`${head}.fc1.weight` in state) {
    const [R, ...rest] = h.shape as [number, ...number[]];
    const M = maskSizeOf(state);
    const fc = (name: string, x: Value) => gemm(x, w(`${name}.weight`), w(`${name}.bias`), { transB: true });
    h = reshape(h, [R, rest.reduce((a, b) => a * b, 1)]);
    for (let i = 1; `${head}.fc${i}.weight` in state; i++) h = relu(fc(`${head}.fc${i}`, h));
    return reshape(fc("roi_heads.mask_predictor.mask_fc", h), [R, maskChannels(state), M, M]);
  } else for (let i = 0; `${head}.${i}.0.weight` in state; i++) h = relu(named(state, w, `${head}.${i}.0`, h, 1));
  const up = "roi_heads.mask_predictor.conv5_mask";
  h = relu(convTranspose(h, w(`${up}.weight`), w(`${up}.bias`), { strides: [2, 2] }));
  return named(state, w, "roi_heads.mask_predictor.mask_fcn_logits", h);
}

/** A convolution by its name, with its bias or the normalisation beside it, where it has them. */
function named(state: StateDict, w: Arrays, name: string, x: Value, pad = 0): Value {
  const bias = `${name}.bias` in state ? w(`${name}.bias`) : null;
  const out = conv(x, w(`${name}.weight`), bias, { pads: [pad, pad] });
  const norm = name.replace(/\.0$/, ".1");
  return norm !== name && `${norm}.running_mean` in state ? frozenNorm(state, norm, out) : out;
}
