// The five losses of one training step as a graph of fixed size: L = L_cls + L_box + L_mask (§3) and the two of the
// region proposal network. What is sampled is said by weights, which are 0 in places that are not used.
import {
  add,
  type Inputs,
  logSoftmax,
  mul,
  neg,
  reduceSum,
  reshape,
  sigmoidCrossEntropy,
  slice,
  smoothL1,
  softmaxCrossEntropy,
  sub,
  type Value,
} from "@reprise/engine";
import { keypointCount, keypointHead, keypointMapSize } from "./keypoints.ts";
import {
  type Arrays,
  boxHead,
  boxSizeOf,
  featureLevels,
  hasMasks,
  maskHead,
  proposalHead,
  type StateDict,
  stridesOf,
} from "./network.ts";
import { pooled } from "./region-pooling.ts";
import type { Conventions, MaskLoss, RoiPooling } from "./settings.ts";

/** N images, A anchors an image, R regions and P of them with masks, K classes. */
export type TrainingInput =
  | "images" // [N, 3, H, W]
  | "objectnessTargets" // [N, A], 1 for objects
  | "objectnessWeights" // [N, A]
  | "anchorTargets" // [N, A, 4]
  | "anchorWeights" // [N, A]
  | "regions" // [R, 4]
  | "regionImages" // [R] int64
  | "regionLevels" // [levels, R], 1 at the region's level
  | "labels" // [R] int64
  | "labelWeights" // [R]
  | "boxTargets" // [R, 4(K + 1)]
  | "boxWeights" // [R, 4(K + 1)]
  | "maskRegions" // [P, 4]
  | "maskImages" // [P] int64
  | "maskLevels" // [levels, P]
  | "maskClasses" // [P, K + 1], 1 at the region's class; [P, 1] where classes share a mask
  | "maskTargets" // [P, 28, 28]; 14 × 14 of C4
  | "maskWeights" // [P]
  | "keypointTargets" // [P·J] int64, the place in the map
  | "keypointWeights"; // [P·J]

export type LossName = "loss_classifier" | "loss_box_reg" | "loss_mask" | "loss_objectness" | "loss_rpn_box_reg";
/** Numbers by the loss; that of masks is 0 of a network without them, keypoints' is there where the network has them. */
export type Losses = Readonly<Record<LossName, number>> & { readonly loss_keypoint?: number };

/** torchvision's, of the RPN and of the boxes. */
const beta = 1 / 9;

export interface LossOptions {
  readonly pooling?: RoiPooling | undefined;
  readonly maskLoss?: MaskLoss | undefined;
  readonly conventions?: Conventions | undefined;
}

/** The losses, scalars, under torchvision's names. */
export function trainingLosses(
  state: StateDict,
  w: Arrays,
  x: Inputs<TrainingInput>,
  { pooling, maskLoss = "sigmoid", conventions }: LossOptions = {},
): Readonly<Record<string, Value>> {
  const levels = featureLevels(state, w, x.images, conventions);
  let objectness: Value | undefined;
  let moved: Value | undefined;
  let from = 0;
  for (const head of proposalHead(state, w, levels)) {
    const count = head.objectness.shape[1]!;
    const part = (value: Value) => slice(value, [{ axis: 1, start: from, end: from + count }]);
    const score = weighted(
      sigmoidCrossEntropy(head.objectness, part(x.objectnessTargets), { reduction: "none" }),
      part(x.objectnessWeights),
    );
    const N = head.objectness.shape[0]!;
    const box = weighted(
      smoothL1(head.deltas, part(x.anchorTargets), { beta, reduction: "none" }),
      reshape(part(x.anchorWeights), [N, count, 1]),
    );
    objectness = objectness ? add(objectness, score) : score;
    moved = moved ? add(moved, box) : box;
    from += count;
  }
  const strides = stridesOf(state);
  const take = (boxes: Value, images: Value, which: Value, size: number) =>
    ofLevels(levels, strides, { boxes, images, which }, size, { pooling, conventions });
  const box = boxHead(state, w, take(x.regions, x.regionImages, x.regionLevels, boxSizeOf(state)), conventions);
  const drawn = take(x.maskRegions, x.maskImages, x.maskLevels, 14);
  const P = x.maskRegions.shape[0]!;
  const J = keypointCount(state);
  const keypoints = () =>
    softmaxCrossEntropy(reshape(keypointHead(state, w, drawn), [P * J, keypointMapSize ** 2]), x.keypointTargets, {
      reduction: "none",
    });
  return {
    loss_classifier: weighted(softmaxCrossEntropy(box.logits, x.labels, { reduction: "none" }), x.labelWeights),
    loss_box_reg: weighted(smoothL1(box.deltas, x.boxTargets, { beta, reduction: "none" }), x.boxWeights),
    ...(hasMasks(state)
      ? {
          loss_mask: weighted(
            maskLossOf(maskHead(state, w, drawn, conventions), x.maskClasses, x.maskTargets, maskLoss),
            reshape(x.maskWeights, [P, 1, 1]),
          ),
        }
      : {}),
    ...(J > 0 ? { loss_keypoint: weighted(keypoints(), x.keypointWeights) } : {}),
    loss_objectness: objectness!,
    loss_rpn_box_reg: moved!,
  };
}

/** Of each pixel, [P, M, M]. A softmax is over all classes: targets say how much of the pixel is the region's class. */
function maskLossOf(logits: Value, classes: Value, targets: Value, kind: MaskLoss): Value {
  const [P, K] = classes.shape as [number, number];
  const own = (x: Value) => reduceSum(mul(x, reshape(classes, [P, K, 1, 1])), { axes: [1] }); // [P, M, M]
  if (kind === "sigmoid") return sigmoidCrossEntropy(own(logits), targets, { reduction: "none" });
  const log = logSoftmax(logits, { axis: 1 });
  const background = reshape(slice(log, [{ axis: 1, start: 0, end: 1 }]), targets.shape);
  return neg(add(mul(targets, own(log)), mul(sub(1, targets), background)));
}

const weighted = (losses: Value, weights: Value): Value => reduceSum(mul(losses, weights));

/** Features of regions, each from its own level: from all levels, times 1 or 0, so that the graph has one size. */
function ofLevels(
  levels: readonly Value[],
  strides: readonly number[],
  { boxes, images, which }: Readonly<Record<"boxes" | "images" | "which", Value>>,
  size: number,
  options: Pick<LossOptions, "pooling" | "conventions">,
): Value {
  return strides
    .map((stride, k) => {
      const R = boxes.shape[0]!;
      const chosen = reshape(slice(which, [{ axis: 0, start: k, end: k + 1 }]), [R, 1, 1, 1]);
      return mul(pooled(levels[k]!, boxes, images, size, { stride, trained: true, ...options }), chosen);
    })
    .reduce((a, b) => add(a, b));
}
