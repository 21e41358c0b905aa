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
  relu,
  reshape,
  resize,
  roiAlign,
  round,
  type Tensor,
  transpose,
  type Value,
} from "@reprise/engine";

/** A state_dict of torchvision's layout. */
export type StateDict = Readonly<Record<string, Tensor>>;

/** Arrays by name within a graph. */
export type Arrays = (name: string) => Value;

export const levelCount = 5;
/** Image pixels a feature of the levels that regions are taken from. */
export const strides = [4, 8, 16, 32] as const;

/** Images [N, 3, H, W] → the pyramid's levels 2 … 5 and 6, each [N, C, H/2ᵏ, W/2ᵏ]. */
export function pyramid(state: StateDict, w: Arrays, images: Value): readonly Value[] {
  const stages = body(state, w, images);
  const lateral = stages.map((stage, i) => named(state, w, `backbone.fpn.inner_blocks.${i}.0`, stage));
  for (let i = stages.length - 2; i >= 0; i--)
    lateral[i] = add(lateral[i]!, resize(lateral[i + 1]!, lateral[i]!.shape.slice(2)));
  const levels = lateral.map((level, i) => named(state, w, `backbone.fpn.layer_blocks.${i}.0`, level, 1));
  return [...levels, maxPool(levels.at(-1)!, { kernel: [1, 1], strides: [2, 2] })];
}

/** Stages 1 … 4 of a residual network with frozen batch normalisation. */
function body(state: StateDict, w: Arrays, images: Value): readonly Value[] {
  const at = "backbone.body.";
  let h = relu(
    frozenNorm(state, `${at}bn1`, conv(images, w(`${at}conv1.weight`), null, { strides: [2, 2], pads: [3, 3] })),
  );
  h = maxPool(h, { kernel: [3, 3], strides: [2, 2], pads: [1, 1] });
  return [1, 2, 3, 4].map((stage) => {
    for (let block = 0; `${at}layer${stage}.${block}.conv1.weight` in state; block++) {
      const name = `${at}layer${stage}.${block}`;
      const bottleneck = `${name}.conv3.weight` in state;
      const stride = stage > 1 && block === 0 ? 2 : 1;
      const norm = (i: number, x: Value, s: number) => {
        const W = w(`${name}.conv${i}.weight`);
        const pad = (W.shape[2]! - 1) / 2;
        return frozenNorm(state, `${name}.bn${i}`, conv(x, W, null, { strides: [s, s], pads: [pad, pad] }));
      };
      const inner = bottleneck
        ? norm(3, relu(norm(2, relu(norm(1, h, 1)), stride)), 1)
        : norm(2, relu(norm(1, h, stride)), 1);
      const shortcut =
        `${name}.downsample.0.weight` in state
          ? frozenNorm(
              state,
              `${name}.downsample.1`,
              conv(h, w(`${name}.downsample.0.weight`), null, { strides: [stride, stride] }),
            )
          : h;
      h = relu(add(inner, shortcut));
    }
    return h;
  });
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

/** How features of a region are taken (Table 2c): nothing rounded, or, as RoIWarp, its borders; mean or maximum of a bin. */
export type RoiPooling = "align" | "align-max" | "warp" | "warp-max";

/** Features of regions of one level. @param stride  image pixels a feature */
export function pooled(
  level: Value,
  boxes: Value,
  images: Value,
  outputSize: number,
  { stride, pooling = "align" }: { readonly stride: number; readonly pooling?: RoiPooling | undefined },
): Value {
  const at = pooling.startsWith("warp") ? mul(round(mul(boxes, 1 / stride)), stride) : boxes;
  const spatialScale = 1 / stride;
  if (!pooling.endsWith("max")) return roiAlign(level, at, images, { outputSize, samplingRatio: 2, spatialScale });
  // The largest of four samples, each by itself; ONNX's own maximum is that of weighted neighbours.
  const samples = roiAlign(level, at, images, { outputSize: 2 * outputSize, samplingRatio: 1, spatialScale });
  return maxPool(samples, { kernel: [2, 2], strides: [2, 2] });
}

/** Class logits [R, K + 1] and deltas [R, 4(K + 1)] from features [R, C, 7, 7]. */
export function boxHead(state: StateDict, w: Arrays, features: Value) {
  const fc = (name: string, x: Value) => gemm(x, w(`${name}.weight`), w(`${name}.bias`), { transB: true });
  const head = "roi_heads.box_head";
  let h = features;
  // maskrcnn_resnet50_fpn_v2: convolutions, then one layer; the first version has two layers.
  let i = 0;
  for (; `${head}.${i}.0.weight` in state; i++) h = relu(named(state, w, `${head}.${i}.0`, h, 1));
  const [R, ...rest] = h.shape as [number, ...number[]];
  const flat = reshape(h, [R, rest.reduce((a, b) => a * b, 1)]);
  h = i > 0 ? relu(fc(`${head}.${i + 1}`, flat)) : relu(fc(`${head}.fc7`, relu(fc(`${head}.fc6`, flat))));
  return {
    logits: fc("roi_heads.box_predictor.cls_score", h),
    deltas: fc("roi_heads.box_predictor.bbox_pred", h),
  };
}

/** Mask logits [R, K + 1, 28, 28] from features [R, C, 14, 14]. */
export function maskHead(state: StateDict, w: Arrays, features: Value): Value {
  let h = features;
  for (let i = 0; i < 4; i++) h = relu(named(state, w, `roi_heads.mask_head.${i}.0`, h, 1));
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
