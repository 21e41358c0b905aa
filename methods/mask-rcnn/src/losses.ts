// The five losses of one training step as a graph of fixed size: L = L_cls + L_box + L_mask (§3) and the two of the
// region proposal network. What is sampled is said by weights, which are 0 in places that are not used.
import {
  add,
  type Inputs,
  mul,
  reduceSum,
  reshape,
  sigmoidCrossEntropy,
  slice,
  smoothL1,
  softmaxCrossEntropy,
  type Value,
} from "@reprise/engine";
import {
  type Arrays,
  boxHead,
  maskHead,
  pooled,
  proposalHead,
  pyramid,
  type RoiPooling,
  type StateDict,
  strides,
} from "./network.ts";

/** N images, A anchors an image, R regions and P of them with masks, K classes. */
export type TrainingInput =
  | "images" // [N, 3, H, W]
  | "objectnessTargets" // [N, A], 1 for objects
  | "objectnessWeights" // [N, A]
  | "anchorTargets" // [N, A, 4]
  | "anchorWeights" // [N, A]
  | "regions" // [R, 4]
  | "regionImages" // [R] int64
  | "regionLevels" // [4, R], 1 at the region's level
  | "labels" // [R] int64
  | "labelWeights" // [R]
  | "boxTargets" // [R, 4(K + 1)]
  | "boxWeights" // [R, 4(K + 1)]
  | "maskRegions" // [P, 4]
  | "maskImages" // [P] int64
  | "maskLevels" // [4, P]
  | "maskClasses" // [P, K + 1], 1 at the region's class
  | "maskTargets" // [P, 28, 28]
  | "maskWeights"; // [P]

export type LossName = "loss_classifier" | "loss_box_reg" | "loss_mask" | "loss_objectness" | "loss_rpn_box_reg";

/** torchvision's, of the RPN and of the boxes. */
const beta = 1 / 9;

/** The five losses, scalars, under torchvision's names. */
export function trainingLosses(
  state: StateDict,
  w: Arrays,
  x: Inputs<TrainingInput>,
  { pooling }: { readonly pooling?: RoiPooling | undefined } = {},
): Record<LossName, Value> {
  const levels = pyramid(state, w, x.images);
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
  const box = boxHead(state, w, ofLevels(levels, x.regions, x.regionImages, x.regionLevels, 7, pooling));
  const logits = maskHead(state, w, ofLevels(levels, x.maskRegions, x.maskImages, x.maskLevels, 14, pooling));
  const [P, K] = x.maskClasses.shape as [number, number];
  const own = reduceSum(mul(logits, reshape(x.maskClasses, [P, K, 1, 1])), { axes: [1] }); // [P, 28, 28]
  return {
    loss_classifier: weighted(softmaxCrossEntropy(box.logits, x.labels, { reduction: "none" }), x.labelWeights),
    loss_box_reg: weighted(smoothL1(box.deltas, x.boxTargets, { beta, reduction: "none" }), x.boxWeights),
    loss_mask: weighted(
      sigmoidCrossEntropy(own, x.maskTargets, { reduction: "none" }),
      reshape(x.maskWeights, [P, 1, 1]),
    ),
    loss_objectness: objectness!,
    loss_rpn_box_reg: moved!,
  };
}

const weighted = (losses: Value, weights: Value): Value => reduceSum(mul(losses, weights));

/** Features of regions, each from its own level: from all levels, times 1 or 0, so that the graph has one size. */
function ofLevels(
  levels: readonly Value[],
  boxes: Value,
  images: Value,
  which: Value,
  size: number,
  pooling: RoiPooling | undefined,
): Value {
  return strides
    .map((stride, k) => {
      const R = boxes.shape[0]!;
      const chosen = reshape(slice(which, [{ axis: 0, start: k, end: k + 1 }]), [R, 1, 1, 1]);
      return mul(pooled(levels[k]!, boxes, images, size, { stride, pooling }), chosen);
    })
    .reduce((a, b) => add(a, b));
}
