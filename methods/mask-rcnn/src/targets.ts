// What one training step is trained towards: which anchors and regions are sampled, their boxes and masks.
import { type Tensor, tensor } from "@reprise/engine";
import { boxCount, boxIouMatrix, takeBoxes } from "./box.ts";
import { type BoxWeights, encodeBoxes } from "./box-coder.ts";
import { levelsOf } from "./fpn-level.ts";
import { keypointPlaces } from "./keypoints.ts";
import type { TrainingInput } from "./losses.ts";
import { background, matchCandidates, type SamplerOptions, sampleCandidates } from "./matcher.ts";
import type { RegionShape } from "./network.ts";
import { roiAlign } from "./roi-align.ts";
import type { ImageBatch, Picture } from "./transform.ts";

/** The objects of one picture, in its pixels. */
export interface PictureTargets {
  /** [G, 4] */
  readonly boxes: Float32Array;
  /** 1 … K */
  readonly labels: ArrayLike<number>;
  /** [height, width] each, 1 where the object is. */
  readonly masks: readonly Uint8Array[];
  /** x, y and visibility of each object's keypoints, [J, 3] each, as COCO has them: 0 for those that are not labelled. */
  readonly keypoints?: readonly Float32Array[];
}

export interface SamplingOptions {
  readonly anchorsPerImage?: number;
  readonly anchorPositiveShare?: number;
  readonly regionsPerImage?: number;
  readonly regionPositiveShare?: number;
  /** An order of n candidates; the sampler takes the first. As they come if left out. */
  readonly order?: SamplerOptions["order"];
  /** Regions of this size are taken from level 4: ImageNet's 224 pixels if left out. */
  readonly canonicalSize?: number;
}

const boxWeights: BoxWeights = [10, 10, 5, 5];

/** The objects where the network sees them: boxes by float32 ratios, masks by the nearest pixel, as torchvision. */
export function resizedTargets(
  { boxes, labels, masks, keypoints }: PictureTargets,
  { height, width }: Picture,
  [rows, columns]: readonly [number, number],
): PictureTargets {
  const ratios = [Math.fround(columns / width), Math.fround(rows / height)];
  const nearest = (count: number, size: number) =>
    Array.from({ length: count }, (_, i) => Math.min(Math.floor(Math.fround(i * Math.fround(size / count))), size - 1));
  const ys = nearest(rows, height);
  const xs = nearest(columns, width);
  return {
    boxes: boxes.map((value, i) => value * ratios[i % 2]!),
    labels,
    ...(keypoints
      ? { keypoints: keypoints.map((own) => own.map((value, i) => (i % 3 === 2 ? value : value * ratios[i % 3]!))) }
      : {}),
    masks: masks.map((mask) => Uint8Array.from(ys.flatMap((y) => xs.map((x) => mask[y * width + x]!)))),
  };
}

/**
 * The inputs of `trainingLosses` beside the images.
 *
 * @param anchors    of the batch's padded size, [A, 4]
 * @param proposals  of each image, [·, 4]
 * @param targets    of each image where the network sees them
 * @param classes    K + 1
 */
export function trainingInputs(
  { sizes }: Pick<ImageBatch, "sizes">,
  anchors: Float32Array,
  proposals: readonly Float32Array[],
  targets: readonly PictureTargets[],
  classes: number,
  {
    anchorsPerImage = 256,
    anchorPositiveShare = 0.5,
    regionsPerImage = 512,
    regionPositiveShare = 0.25,
    order,
    canonicalSize = 224,
    stages = [2, 3, 4, 5],
    maskSize = 28,
    maskChannels = classes,
    keypoints = 0,
  }: SamplingOptions & Partial<RegionShape> = {},
): Record<Exclude<TrainingInput, "images">, Tensor> {
  const N = targets.length;
  const ordered = order ? { order } : {};
  const regions = targets.flatMap((own, n) =>
    regionsOf(
      own,
      proposals[n]!,
      n,
      { count: regionsPerImage, positiveShare: regionPositiveShare, ...ordered },
      (boxes) => levelsOf(boxes, stages, { canonicalSize }),
    ),
  );
  const positives = N * Math.floor(regionsPerImage * regionPositiveShare);
  return {
    ...anchorInputs(anchors, targets, { count: anchorsPerImage, positiveShare: anchorPositiveShare, ...ordered }),
    ...regionInputs(regions, N * regionsPerImage, classes, stages.length),
    ...maskInputs(regions, targets, sizes, {
      ...{ count: positives, maskSize, maskChannels },
      levels: stages.length,
    }),
    ...keypointInputs(regions, targets, positives, keypoints),
  };
}

function anchorInputs(anchors: Float32Array, targets: readonly PictureTargets[], sampler: SamplerOptions) {
  const [N, A] = [targets.length, boxCount(anchors)];
  const [objects, weights] = [new Float32Array(N * A), new Float32Array(N * A)];
  const [deltas, deltaWeights] = [new Float32Array(N * A * 4), new Float32Array(N * A)];
  let sampled = 0;
  targets.forEach(({ boxes }, n) => {
    const G = boxCount(boxes);
    const matches = G
      ? matchCandidates(boxIouMatrix(boxes, anchors), G, { high: 0.7, low: 0.3, lowQuality: true })
      : new Int32Array(A).fill(background);
    const labels = matches.map((g) => (g >= 0 ? 1 : g === background ? 0 : -1));
    const { positive, negative } = sampleCandidates(labels, sampler);
    sampled += positive.length + negative.length;
    const coded = encodeBoxes(
      takeBoxes(
        boxes,
        positive.map((a) => matches[a]!),
      ),
      takeBoxes(anchors, positive),
    );
    positive.forEach((a, i) => {
      objects[n * A + a] = 1;
      deltaWeights[n * A + a] = 1;
      deltas.set(coded.subarray(4 * i, 4 * i + 4), 4 * (n * A + a));
    });
    for (const a of [...positive, ...negative]) weights[n * A + a] = 1;
  });
  const share = (values: Float32Array) => values.map((value) => value / Math.max(sampled, 1));
  return {
    objectnessTargets: float([N, A], objects),
    objectnessWeights: float([N, A], share(weights)),
    anchorTargets: float([N, A, 4], deltas),
    anchorWeights: float([N, A], share(deltaWeights)),
  };
}

interface Region {
  readonly image: number;
  readonly box: Float32Array;
  /** Of the pyramid, from 0. */
  readonly level: number;
  /** The class, 0 for background. */
  readonly label: number;
  /** The object, −1 for background. */
  readonly truth: number;
  readonly deltas: Float32Array;
}

/** Proposals and the objects' own boxes, matched and sampled. */
function regionsOf(
  { boxes, labels }: PictureTargets,
  proposals: Float32Array,
  image: number,
  sampler: SamplerOptions,
  levelOf: (box: Float32Array) => Int32Array,
): readonly Region[] {
  const all = Float32Array.from([...proposals, ...boxes]);
  const G = boxCount(boxes);
  const matches = G
    ? matchCandidates(boxIouMatrix(boxes, all), G, { high: 0.5, low: 0.5 })
    : new Int32Array(boxCount(all)).fill(background);
  const classes = Array.from(matches, (g) => (g >= 0 ? labels[g]! : 0));
  const { positive, negative } = sampleCandidates(classes, sampler);
  return [...positive, ...negative]
    .sort((a, b) => a - b)
    .map((i) => {
      const truth = matches[i]!;
      const box = all.slice(4 * i, 4 * i + 4);
      const deltas = truth >= 0 ? encodeBoxes(takeBoxes(boxes, [truth]), box, boxWeights) : new Float32Array(4);
      const level = levelOf(box)[0]!;
      return { image, box, level, label: classes[i]!, truth, deltas };
    });
}

function regionInputs(regions: readonly Region[], R: number, classes: number, levels: number) {
  const placed = place(regions, R, levels);
  const share = 1 / Math.max(regions.length, 1);
  const labels = new BigInt64Array(R);
  const weights = new Float32Array(R);
  const [targets, targetWeights] = [new Float32Array(R * classes * 4), new Float32Array(R * classes * 4)];
  regions.forEach(({ label, deltas }, r) => {
    labels[r] = BigInt(label);
    weights[r] = share;
    if (label === 0) return;
    targets.set(deltas, (r * classes + label) * 4);
    targetWeights.fill(share, (r * classes + label) * 4, (r * classes + label) * 4 + 4);
  });
  return {
    regions: placed.boxes,
    regionImages: placed.images,
    regionLevels: placed.levels,
    labels: { dtype: "int64", shape: [R], data: labels } as const,
    labelWeights: float([R], weights),
    boxTargets: float([R, 4 * classes], targets),
    boxWeights: float([R, 4 * classes], targetWeights),
  };
}

function maskInputs(
  regions: readonly Region[],
  targets: readonly PictureTargets[],
  sizes: ImageBatch["sizes"],
  {
    count: P,
    levels,
    maskSize,
    maskChannels,
  }: Readonly<Record<"count" | "levels" | "maskSize" | "maskChannels", number>>,
) {
  const positive = regions.filter(({ truth }) => truth >= 0);
  const placed = place(positive, P, levels);
  const area = maskSize * maskSize;
  const [one, drawn, weights] = [new Float32Array(P * maskChannels), new Float32Array(P * area), new Float32Array(P)];
  positive.forEach(({ image, box, label, truth }, p) => {
    if (maskChannels === 0) return;
    const [height, width] = sizes[image]!;
    const mask = Float32Array.from(targets[image]!.masks[truth]!);
    drawn.set(
      roiAlign({ data: mask, shape: [1, 1, height, width] }, Float32Array.of(0, ...box), {
        outputSize: maskSize,
        samplingRatio: -1,
      }),
      p * area,
    );
    one[maskChannels === 1 ? p : p * maskChannels + label] = 1;
    weights[p] = 1 / (positive.length * area);
  });
  return {
    maskRegions: placed.boxes,
    maskImages: placed.images,
    maskLevels: placed.levels,
    maskClasses: float([P, maskChannels], one),
    maskTargets: float([P, maskSize, maskSize], drawn),
    maskWeights: float([P], weights),
  };
}

/** Of the regions of `maskInputs`, in their order. */
function keypointInputs(regions: readonly Region[], targets: readonly PictureTargets[], P: number, J: number) {
  const places = new BigInt64Array(P * J);
  const weights = new Float32Array(P * J);
  if (J > 0)
    regions
      .filter(({ truth }) => truth >= 0)
      .forEach(({ image, box, truth }, p) => {
        const own = targets[image]!.keypoints?.[truth] ?? new Float32Array(0);
        keypointPlaces(own, box).forEach((place, j) => {
          if (place < 0) return;
          places[p * J + j] = BigInt(place);
          weights[p * J + j] = 1;
        });
      });
  const learnt = weights.reduce((a, b) => a + b, 0);
  return {
    keypointTargets: { dtype: "int64", shape: [P * J], data: places } as const,
    keypointWeights: float(
      [P * J],
      weights.map((weight) => weight / Math.max(learnt, 1)),
    ),
  };
}

/** Boxes in the first places of `count`, the others empty. */
function place(regions: readonly Region[], count: number, levelCount: number) {
  const boxes = new Float32Array(4 * count);
  const images = new BigInt64Array(count);
  const levels = new Float32Array(levelCount * count);
  regions.forEach(({ box, image, level }, r) => {
    boxes.set(box, 4 * r);
    images[r] = BigInt(image);
    levels[level * count + r] = 1;
  });
  return {
    boxes: float([count, 4], boxes),
    images: { dtype: "int64", shape: [count], data: images } as const,
    levels: float([levelCount, count], levels),
  };
}

const float = (shape: readonly number[], data: Float32Array): Tensor => tensor("float32", shape, data);
