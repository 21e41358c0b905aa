// Checkpoints of others under the names that the network has, and heads for other classes.
import type { Random } from "@reprise/data";
import { ModelError, type Tensor } from "@reprise/engine";
import { maskChannels, type StateDict } from "./network.ts";

/** Names of torchvision's published checkpoints, which are older than its present layout. */
const olderNames: readonly (readonly [RegExp, string])[] = [
  [/^backbone\.fpn\.(inner|layer)_blocks\.(\d)\.(weight|bias)$/, "backbone.fpn.$1_blocks.$2.0.$3"],
  [/^rpn\.head\.conv\.(weight|bias)$/, "rpn.head.conv.0.0.$1"],
];

/** Arrays of torchvision's maskrcnn_resnet50_fpn, of its present or its older layout, under the present names. */
export function torchvisionWeights(state: StateDict): StateDict {
  return Object.fromEntries(
    Object.entries(state)
      .filter(([name]) => !name.endsWith("num_batches_tracked"))
      .map(([name, array]) => {
        const mask = name.match(/^roi_heads\.mask_head\.mask_fcn(\d)\.(weight|bias)$/);
        if (mask) return [`roi_heads.mask_head.${Number(mask[1]) - 1}.0.${mask[2]}`, array];
        const older = olderNames.find(([pattern]) => pattern.test(name));
        return [older ? name.replace(...(older as [RegExp, string])) : name, array];
      }),
  );
}

/** The layers whose size follows the number of classes. */
const classLayers = [
  "roi_heads.box_predictor.cls_score",
  "roi_heads.box_predictor.bbox_pred",
  "roi_heads.mask_predictor.mask_fcn_logits",
  "roi_heads.mask_predictor.mask_fc",
];

/**
 * The network with new outputs for other classes; as it is where the number is the same.
 *
 * @param classes  K + 1
 */
export function forClasses(state: StateDict, classes: number, random: Random): StateDict {
  const bias = state["roi_heads.box_predictor.cls_score.bias"];
  if (!bias) throw new ModelError('The weights have no "roi_heads.box_predictor.cls_score.bias".');
  if (bias.shape[0] === classes) return state;
  const replaced: Record<string, Tensor> = {};
  const shared = maskChannels(state) === 1;
  for (const name of classLayers) {
    if (!(`${name}.weight` in state) || (shared && name.includes("mask_predictor"))) continue;
    const old = state[`${name}.weight`]!.shape as readonly number[];
    const rows = (old[0]! / bias.shape[0]!) * classes;
    const shape = [rows, ...old.slice(1)];
    const deviation = name.endsWith("bbox_pred") ? 0.001 : 0.01; // as the network's first outputs
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal(0, deviation));
    replaced[`${name}.weight`] = { dtype: "float32", shape, data };
    replaced[`${name}.bias`] = { dtype: "float32", shape: [rows], data: new Float32Array(rows) };
  }
  return { ...state, ...replaced };
}
