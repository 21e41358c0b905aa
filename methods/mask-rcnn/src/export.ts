// The whole of Mask R-CNN as one ONNX graph for pictures of one size, suppression inside: for ONNX Runtime's CPU provider
// in any language. Results have fixed sizes; what is after the last detection has the score 0.
import {
  add,
  cast,
  clip,
  concat,
  cpu,
  div,
  equal,
  exp,
  exportOnnx,
  floor,
  gather,
  greaterOrEqual,
  log,
  lower,
  max,
  min,
  mul,
  nonMaxSuppression,
  pad,
  reduceSum,
  reshape,
  resize,
  sigmoid,
  slice,
  softmax,
  split,
  sqrt,
  sub,
  tensor,
  topK,
  trace,
  type Value,
} from "@reprise/engine";
import { baseAnchors, gridAnchors } from "./anchors.ts";
import { type BoxWeights, sizeClip } from "./box-coder.ts";
import {
  type Arrays,
  boxHead,
  boxSizeOf,
  featureLevels,
  maskChannels,
  maskHead,
  maskSizeOf,
  proposalHead,
  regionStages,
  type StateDict,
  stridesOf,
} from "./network.ts";
import { type PooledOptions, pooled } from "./region-pooling.ts";
import type { PictureSettings } from "./settings.ts";
import { imageBatch } from "./transform.ts";

export interface ExportOptions extends PictureSettings {
  /** Pixels of the pictures that the file takes. */
  readonly height: number;
  readonly width: number;
  readonly preNms?: number;
  readonly postNms?: number;
  readonly scoreThreshold?: number;
  /** Rows of the results. */
  readonly detections?: number;
  /** Kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Input `image` float32 [1, 3, height, width], 0 … 255, red first. Outputs, best first: `boxes` [D, 4] as x₁ y₁ x₂ y₂ in
 * the picture's pixels, `scores` [D], `labels` [D] 1 … K, `masks` [D, 28, 28], of C4 [D, 14, 14], within the boxes, 0 … 1, and `count` [].
 */
export function exportMaskRcnn(state: StateDict, options: ExportOptions): Uint8Array {
  const { height, width, metadata = {} } = options;
  const graph = trace<"image", "boxes" | "scores" | "labels" | "masks" | "count">(
    ({ image }) => detector(state, image, options),
    { image: { dtype: "float32", shape: [1, 3, height, width] } },
  );
  return exportOnnx(lower(graph, cpu), { name: "mask-rcnn", metadata });
}

function detector(state: StateDict, image: Value, options: ExportOptions) {
  const { height, width, minSize, maxSize, anchorSizes, canonicalSize, pooling, maskLoss, conventions } = options;
  const { preNms = 1000, postNms = 1000, scoreThreshold = 0.05, detections = 100 } = options;
  const w: Arrays = (name) => image.graph.constant(state[name]!, "float32", name);
  const blank = { data: new Uint8Array(3 * height * width), height, width };
  const { shape, sizes } = imageBatch([blank], { minSize, maxSize });
  const [rows, columns] = sizes[0]!;
  const [, , H, W] = shape;
  const levels = featureLevels(state, w, placed(image, [rows, columns], [H, W]), conventions);
  const limits = { rows, columns, pre: preNms, post: postNms };
  const anchors = levels.map((level, k) => {
    const [, , y, x] = level.shape as [number, number, number, number];
    const own = levels.length === 1 ? anchorSizes : [anchorSizes[k]!];
    return gridAnchors(
      baseAnchors(own, [0.5, 1, 2], { rounded: (conventions ?? "torchvision") === "torchvision" }),
      [y, x],
      [H, W],
    );
  });
  const proposed = proposals(proposalHead(state, w, levels), anchors, limits);
  const P = proposed.boxes.shape[0]!;
  const features = (boxes: Value, size: number) =>
    ofLevels(levels, boxes, size, { state, canonicalSize, pooling, conventions });
  const { logits, deltas } = boxHead(state, w, features(proposed.boxes, boxSizeOf(state)), conventions);
  const classes = logits.shape[1]!;
  const K = classes - 1;
  const later = (x: Value) => slice(x, [{ axis: 1, start: 1, end: classes }]);
  const moved = clipped(
    decoded(later(reshape(deltas, [P, classes, 4])), reshape(proposed.boxes, [P, 1, 4]), [10, 10, 5, 5]),
    limits,
  );
  const all = reshape(moved, [P * K, 4]);
  const sure = reshape(mul(later(softmax(logits, { axis: 1 })), reshape(proposed.valid, [P, 1])), [P * K]);
  const labels = image.graph.constant(
    tensor(
      "int64",
      [P * K],
      Array.from({ length: P * K }, (_, i) => (i % K) + 1),
    ),
  );
  const best = suppressed(all, mul(sure, large(all, 1e-2)), cast(labels, "float32"), {
    ...{ most: detections, iouThreshold: 0.5, scoreThreshold, side: Math.max(rows, columns) },
  });
  const boxes = gather(all, best.places);
  const own = gather(labels, best.places);
  const drawn = maskHead(state, w, features(boxes, 14), conventions); // [D, K + 1, 28, 28]
  const D = best.places.shape[0]!;
  const numbers = image.graph.constant(
    tensor(
      "int64",
      [1, classes],
      Array.from({ length: classes }, (_, k) => k),
    ),
  );
  const chosen = reshape(cast(equal(reshape(own, [D, 1]), numbers), "float32"), [D, classes, 1, 1]);
  const M = maskSizeOf(state);
  const ownOf = (x: Value) =>
    maskChannels(state) === 1 ? reshape(x, [D, M, M]) : reduceSum(mul(x, chosen), { axes: [1] });
  const ratios = image.graph.constant(
    tensor("float32", [1, 4], [width / columns, height / rows, width / columns, height / rows]),
  );
  return {
    boxes: mul(boxes, ratios),
    scores: mul(gather(sure, best.places), best.valid),
    labels: mul(own, cast(best.valid, "int64")),
    masks: maskLoss === "softmax" ? ownOf(softmax(drawn, { axis: 1 })) : sigmoid(ownOf(drawn)),
    count: best.count,
  };
}

/** The picture as the network takes it: normalised, resized, padded. */
function placed(image: Value, size: readonly [number, number], [H, W]: readonly [number, number]): Value {
  const column = (data: readonly number[]) => image.graph.constant(tensor("float32", [1, 3, 1, 1], data));
  const normal = div(sub(div(image, 255), column([0.485, 0.456, 0.406])), column([0.229, 0.224, 0.225]));
  const resized = resize(normal, size, { mode: "linear" });
  return pad(resized, [0, 0, 0, 0], [0, 0, H - size[0], W - size[1]]);
}

interface Limits {
  /** Of the picture where the network sees it. */
  readonly rows: number;
  readonly columns: number;
  readonly pre: number;
  readonly post: number;
}

function proposals(
  heads: readonly { readonly objectness: Value; readonly deltas: Value }[],
  anchors: readonly Float32Array[],
  limits: Limits,
) {
  const parts = heads.map(({ objectness, deltas }, k) => {
    const A = objectness.shape[1]!;
    const { values, indices } = topK(reshape(objectness, [A]), Math.min(limits.pre, A));
    const own = objectness.graph.constant(tensor("float32", [A, 4], anchors[k]!));
    const boxes = decoded(gather(reshape(deltas, [A, 4]), indices), gather(own, indices), [1, 1, 1, 1]);
    const level = objectness.graph.constant(tensor("float32", values.shape, Array(values.shape[0]).fill(k)));
    return { scores: sigmoid(values), boxes: clipped(boxes, limits), level };
  });
  const joined = (name: "scores" | "boxes" | "level") =>
    concat(
      parts.map((part) => part[name]),
      0,
    );
  const boxes = joined("boxes");
  const best = suppressed(boxes, mul(joined("scores"), large(boxes, 1e-3)), joined("level"), {
    ...{ most: limits.post, iouThreshold: 0.7, scoreThreshold: 0, side: Math.max(limits.rows, limits.columns) },
  });
  return { boxes: gather(boxes, best.places), valid: best.valid };
}

/** Places of the boxes that remain, best first, each group by itself: groups are moved apart by more than the picture. */
function suppressed(
  boxes: Value,
  scores: Value,
  group: Value,
  {
    most,
    iouThreshold,
    scoreThreshold,
    side,
  }: {
    readonly most: number;
    readonly iouThreshold: number;
    readonly scoreThreshold: number;
    readonly side: number;
  },
) {
  const B = boxes.shape[0]!;
  const apart = add(boxes, mul(reshape(group, [B, 1]), side + 1));
  const { selected, count } = nonMaxSuppression(reshape(apart, [1, B, 4]), reshape(scores, [1, 1, B]), {
    ...{ maxOutput: most, iouThreshold, scoreThreshold },
  });
  const found = reshape(slice(selected, [{ axis: 1, start: 2, end: 3 }]), [selected.shape[0]!]);
  const valid = cast(greaterOrEqual(found, 0), "float32");
  return { places: max(found, 0), valid, count };
}

/** Boxes from deltas [R, 4] or [R, K, 4] and boxes that broadcast to them. */
function decoded(deltas: Value, boxes: Value, weights: BoxWeights): Value {
  const axis = deltas.shape.length - 1;
  const [x1, y1, x2, y2] = split(boxes, [1, 1, 1, 1], axis) as [Value, Value, Value, Value];
  const [dx, dy, dw, dh] = split(deltas, [1, 1, 1, 1], axis) as [Value, Value, Value, Value];
  const [wx, wy, ww, wh] = weights;
  const moved = (low: Value, high: Value, shift: Value, growth: Value, ws: number, wg: number) => {
    const size = sub(high, low);
    const centre = add(mul(div(shift, ws), size), add(low, mul(size, 0.5)));
    const half = mul(mul(exp(min(div(growth, wg), sizeClip)), size), 0.5);
    return [sub(centre, half), add(centre, half)] as const;
  };
  const [left, right] = moved(x1, x2, dx, dw, wx, ww);
  const [top, bottom] = moved(y1, y2, dy, dh, wy, wh);
  return concat([left, top, right, bottom], axis);
}

function clipped(boxes: Value, { rows, columns }: Pick<Limits, "rows" | "columns">): Value {
  const axis = boxes.shape.length - 1;
  const sides = split(boxes, [1, 1, 1, 1], axis);
  return concat(
    sides.map((side, i) => clip(side, { min: 0, max: i % 2 ? rows : columns })),
    axis,
  );
}

/** 1 for boxes [B, 4] whose sides both reach a size, [B]. */
function large(boxes: Value, size: number): Value {
  const [x1, y1, x2, y2] = split(boxes, [1, 1, 1, 1], 1) as [Value, Value, Value, Value];
  const smaller = min(sub(x2, x1), sub(y2, y1));
  return reshape(cast(greaterOrEqual(smaller, size), "float32"), [boxes.shape[0]!]);
}

/** Features of regions of the one picture, each from its own level: from all levels, times 1 or 0. */
function ofLevels(
  levels: readonly Value[],
  boxes: Value,
  size: number,
  {
    state,
    canonicalSize,
    ...how
  }: { readonly state: StateDict; readonly canonicalSize: number } & Pick<PooledOptions, "pooling" | "conventions">,
): Value {
  const stages = regionStages(state);
  const R = boxes.shape[0]!;
  const images = boxes.graph.constant(tensor("int64", [R], Array(R).fill(0)));
  const [x1, y1, x2, y2] = split(boxes, [1, 1, 1, 1], 1) as [Value, Value, Value, Value];
  const relative = div(sqrt(mul(sub(x2, x1), sub(y2, y1))), canonicalSize);
  const level = clip(floor(add(div(log(relative), Math.LN2), 4 + 1e-6)), { min: stages[0]!, max: stages.at(-1)! });
  return stridesOf(state)
    .map((stride, k) => {
      const chosen = reshape(cast(equal(level, stages[k]!), "float32"), [R, 1, 1, 1]);
      return mul(pooled(levels[k]!, boxes, images, size, { stride, ...how }), chosen);
    })
    .reduce((a, b) => add(a, b));
}
