// Arrays to start from: a small residual network of basic blocks under torchvision's names.
import type { Random } from "@reprise/data";
import { ModelError, type Tensor } from "@reprise/engine";
import type { StateDict } from "./network.ts";
import type { MaskHead, NetworkFeatures } from "./settings.ts";

export interface SmallNetwork {
  /** K + 1: the background is class 0. */
  readonly classes: number;
  /** Channels of the four stages. */
  readonly widths?: readonly number[];
  /** In their place a residual network that is trained already, arrays under the names of torchvision's resnet18 … 101. */
  readonly body?: StateDict;
  /** Of the pyramid and the mask head. */
  readonly channels?: number;
  /** Of the box head. */
  readonly representation?: number;
  readonly features?: NetworkFeatures;
  /** C4 has none but its fifth stage. */
  readonly maskHead?: MaskHead;
  /** One mask for all classes. */
  readonly classAgnosticMask?: boolean;
  /** Keypoints of an object; no head for them if left out. */
  readonly keypoints?: number;
}

/**
 * Drawn by He et al. 2015 (fan in); outputs by normal numbers of .01, the boxes' of .001; biases 0. Batch normalisation
 * passes its input on, but for the last of each block, which starts at .3, so that sums of blocks do not grow.
 */
export function initialState(
  random: Random,
  {
    classes,
    body,
    widths = body ? stageWidths(body) : [16, 32, 64, 128],
    channels = 64,
    representation = 128,
    features = "fpn",
    maskHead = "fcn",
    classAgnosticMask = false,
    keypoints = 0,
  }: SmallNetwork,
): Record<string, Tensor<"float32">> {
  const state: Record<string, Tensor<"float32">> = {};
  const put = (name: string, shape: readonly number[], value: () => number) => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, value);
    state[name] = { dtype: "float32", shape, data };
  };
  const weight = (name: string, shape: readonly number[], deviation?: number) => {
    const fan = shape.slice(1).reduce((a, b) => a * b, 1);
    put(`${name}.weight`, shape, () => random.normal(0, deviation ?? Math.sqrt(2 / fan)));
  };
  const layer = (name: string, shape: readonly number[], deviation?: number) => {
    weight(name, shape, deviation);
    put(`${name}.bias`, [shape[0]!], () => 0);
  };
  const norm = (name: string, C: number, scale: number) => {
    for (const [part, value] of Object.entries({ weight: scale, bias: 0, running_mean: 0, running_var: 1 }))
      put(`${name}.${part}`, [C], () => value);
  };
  const at = "backbone.body.";
  const c4 = features === "c4";
  // C4's fifth stage, ResNet's fourth layer, is the head of each region.
  const placeOf = (name: string) => (c4 ? `${at}${name}`.replace(`${at}layer4`, "roi_heads.res5") : `${at}${name}`);
  if (body) {
    for (const [name, array] of Object.entries(body))
      if (isBody(name)) state[placeOf(name)] = array as Tensor<"float32">;
  } else {
    weight(`${at}conv1`, [widths[0]!, 3, 7, 7]);
    norm(`${at}bn1`, widths[0]!, 1);
  }
  widths.forEach((width, stage) => {
    const name = placeOf(`layer${stage + 1}.0`);
    const inputs = widths[stage - 1] ?? width;
    if (!body) {
      weight(`${name}.conv1`, [width, inputs, 3, 3]);
      norm(`${name}.bn1`, width, 1);
      weight(`${name}.conv2`, [width, width, 3, 3]);
      norm(`${name}.bn2`, width, 0.3);
      if (stage > 0) {
        weight(`${name}.downsample.0`, [width, inputs, 1, 1]);
        norm(`${name}.downsample.1`, width, 1);
      }
    }
    if (c4 || (features === "c5" && stage < 3)) return;
    layer(`backbone.fpn.inner_blocks.${stage}.0`, [channels, width, 1, 1]);
    layer(`backbone.fpn.layer_blocks.${stage}.0`, [channels, channels, 3, 3]);
  });
  const seen = c4 ? widths[2]! : channels;
  const anchors = features === "fpn" ? 3 : 15; // one size at each level, or all five at one
  layer("rpn.head.conv.0.0", [seen, seen, 3, 3], 0.01);
  layer("rpn.head.cls_logits", [anchors, seen, 1, 1], 0.01);
  layer("rpn.head.bbox_pred", [4 * anchors, seen, 1, 1], 0.01);
  const judged = c4 ? widths[3]! : representation;
  if (!c4) {
    layer("roi_heads.box_head.fc6", [representation, channels * 49]);
    layer("roi_heads.box_head.fc7", [representation, representation]);
  }
  layer("roi_heads.box_predictor.cls_score", [classes, judged], 0.01);
  layer("roi_heads.box_predictor.bbox_pred", [4 * classes, judged], 0.001);
  const drawnFrom = c4 ? judged : channels;
  if (keypoints > 0) {
    // Eight layers in the paper (§5); as many as the mask's here.
    for (let i = 0; i < 4; i++)
      layer(`roi_heads.keypoint_head.${2 * i}`, [channels, i === 0 && c4 ? widths[2]! : channels, 3, 3]);
    weight("roi_heads.keypoint_predictor.kps_score_lowres", [channels, keypoints, 4, 4], 0.01);
    put("roi_heads.keypoint_predictor.kps_score_lowres.bias", [keypoints], () => 0);
  }
  const masks = classAgnosticMask ? 1 : classes;
  if (maskHead !== "fcn" && !c4) {
    for (let i = 1; i < Number(maskHead.at(-1)) + 1; i++)
      layer(`roi_heads.mask_head.fc${i}`, [representation, i === 1 ? channels * 196 : representation]);
    layer("roi_heads.mask_predictor.mask_fc", [masks * 784, representation], 0.01);
    return state;
  }
  if (!c4) for (let i = 0; i < 4; i++) layer(`roi_heads.mask_head.${i}.0`, [channels, channels, 3, 3]);
  weight("roi_heads.mask_predictor.conv5_mask", [drawnFrom, channels, 2, 2], Math.sqrt(2 / drawnFrom));
  put("roi_heads.mask_predictor.conv5_mask.bias", [channels], () => 0);
  layer("roi_heads.mask_predictor.mask_fcn_logits", [masks, channels, 1, 1], 0.01);
  return state;
}

/** Arrays of a classifier that are its body: all but the last layer and counts of batches. */
const isBody = (name: string) => /^(conv1|bn1|layer[1-4])\./.test(name) && !name.endsWith("num_batches_tracked");

/** Channels that each stage of a residual network gives. @throws ModelError if the arrays are of another network */
function stageWidths(body: StateDict): number[] {
  return [1, 2, 3, 4].map((stage) => {
    const last = Object.keys(body)
      .filter((name) => name.startsWith(`layer${stage}.`) && /\.conv\d\.weight$/.test(name))
      .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
      .at(-1);
    if (!last || !("conv1.weight" in body))
      throw new ModelError(
        `The backbone is no residual network of torchvision's names: ${last ? "conv1.weight" : `layer${stage}.0.conv1.weight`} is missing. It has ${Object.keys(body).slice(0, 5).join(", ")}.`,
      );
    return body[last]!.shape[0]!;
  });
}
