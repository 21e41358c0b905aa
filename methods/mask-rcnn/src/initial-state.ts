// Arrays to start from: a small residual network of basic blocks under torchvision's names.
import type { Random } from "@reprise/data";
import { ModelError, type Tensor } from "@reprise/engine";
import type { StateDict } from "./network.ts";

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
  if (body) {
    for (const [name, array] of Object.entries(body))
      if (isBody(name)) state[`${at}${name}`] = array as Tensor<"float32">;
  } else {
    weight(`${at}conv1`, [widths[0]!, 3, 7, 7]);
    norm(`${at}bn1`, widths[0]!, 1);
  }
  widths.forEach((width, stage) => {
    const name = `${at}layer${stage + 1}.0`;
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
    layer(`backbone.fpn.inner_blocks.${stage}.0`, [channels, width, 1, 1]);
    layer(`backbone.fpn.layer_blocks.${stage}.0`, [channels, channels, 3, 3]);
  });
  layer("rpn.head.conv.0.0", [channels, channels, 3, 3], 0.01);
  layer("rpn.head.cls_logits", [3, channels, 1, 1], 0.01);
  layer("rpn.head.bbox_pred", [12, channels, 1, 1], 0.01);
  layer("roi_heads.box_head.fc6", [representation, channels * 49]);
  layer("roi_heads.box_head.fc7", [representation, representation]);
  layer("roi_heads.box_predictor.cls_score", [classes, representation], 0.01);
  layer("roi_heads.box_predictor.bbox_pred", [4 * classes, representation], 0.001);
  for (let i = 0; i < 4; i++) layer(`roi_heads.mask_head.${i}.0`, [channels, channels, 3, 3]);
  layer("roi_heads.mask_predictor.conv5_mask", [channels, channels, 2, 2], Math.sqrt(2 / channels));
  layer("roi_heads.mask_predictor.mask_fcn_logits", [classes, channels, 1, 1], 0.01);
  return state;
}

/** Arrays of a classifier that are its body: all but the last layer and counts of batches. */
const isBody = (name: string) => /^(conv1|bn1|layer[1-4])\./.test(name) && !name.endsWith("num_batches_tracked");

/** Channels that each stage of a residual network gives. @throws ModelError where it is none */
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
