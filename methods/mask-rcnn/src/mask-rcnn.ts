// Mask R-CNN at inference: three static networks, and between them what decides on counts, in TypeScript.
import { type Compiled, compile, type Inputs, type Runtime, type Tensor, type Value } from "@reprise/engine";
import { takeBoxes } from "./box.ts";
import { type Detections, detectionsOf } from "./detections.ts";
import { firstPass, type ProposalLimits, proposalsOf } from "./first-pass.ts";
import { levelsOf } from "./fpn-level.ts";
import { keypointCount, keypointHead, keypointMapSize, keypointsOf } from "./keypoints.ts";
import {
  boxHead,
  boxSizeOf,
  isC4,
  maskChannels,
  maskHead,
  maskSizeOf,
  regionStages,
  type StateDict,
  stridesOf,
} from "./network.ts";
import { channelMeans, type RegionFeatures, regionFeatures } from "./region-features.ts";
import { pooled } from "./region-pooling.ts";
import type { Conventions, MaskLoss, RoiPooling } from "./settings.ts";
import { type ImageBatch, imageBatch, type Picture } from "./transform.ts";

export interface MaskRcnnOptions {
  readonly minSize?: number;
  readonly maxSize?: number;
  /** One size for each level of the pyramid. */
  readonly anchorSizes?: readonly number[];
  readonly ratios?: readonly number[];
  /** Regions of this size are taken from the pyramid's level 4. */
  readonly canonicalSize?: number;
  /** Anchors of each level before suppression, and proposals of a picture after it. */
  readonly preNms?: number;
  readonly postNms?: number;
  readonly scoreThreshold?: number;
  /** Detections of a picture. */
  readonly detections?: number;
  /** As in training. */
  readonly pooling?: RoiPooling;
  readonly maskLoss?: MaskLoss;
  readonly conventions?: Conventions;
}

/** What is found in a picture, boxes in its own pixels. */
export interface Segmentation extends Detections {
  /** The mask of each detection's own class within its box, [D, 28, 28], of C4 [D, 14, 14], 0 … 1; empty of a network without masks. */
  readonly masks: Float32Array;
  /** Of a network with a head for them: x, y and 1 of each, [D, J, 3], in the picture's pixels, and logits [D, J]. */
  readonly keypoints?: Float32Array;
  readonly keypointScores?: Float32Array;
}

/** A segmentation with what led to it. */
export interface Examination extends Segmentation {
  /** The pyramid's level that each detection's mask is taken from, 2 … 5. */
  readonly levels: Int32Array;
  /** Boxes by falling score, [P, 4], in the picture's pixels. */
  readonly proposals: Float32Array;
  readonly proposalScores: Float32Array;
  readonly proposalLevels: Int32Array;
  /** Features of each detection by RoIAlign and by RoIPool from the same boxes, means over channels, [D, 14, 14]. */
  readonly pooled: {
    /** Means of absolute values. */
    readonly align: Float32Array;
    readonly pool: Float32Array;
    /** Mean of the absolute difference. */
    readonly difference: Float32Array;
    /** What the mask head makes of RoIPool's, [D, 28, 28]. */
    readonly masks: Float32Array;
  };
}

/** torchvision's `maskrcnn_resnet50_fpn`. */
const published = {
  minSize: 800,
  maxSize: 1333,
  anchorSizes: [32, 64, 128, 256, 512],
  ratios: [0.5, 1, 2],
  canonicalSize: 224,
  preNms: 1000,
  postNms: 1000,
  scoreThreshold: 0.05,
  detections: 100,
  pooling: "align",
  maskLoss: "sigmoid",
  conventions: "torchvision",
} as const satisfies MaskRcnnOptions;

type RegionInput = "level" | "boxes" | "images";

export class MaskRcnn {
  readonly #options: Required<MaskRcnnOptions>;
  readonly #classes: number;
  /** Stages that regions are taken from. */
  readonly #stages: readonly number[];
  /** Masks of a region, and the pixels of one. */
  readonly #masks: { readonly channels: number; readonly area: number };
  readonly #boxSize: 7 | 14;
  readonly #features: Compiled<"images", string>;
  /** Features of regions by the size of their grid, from each level; the heads' weights are there once, not per level. */
  readonly #pools: Readonly<Record<7 | 14, readonly Compiled<RegionInput, "features">[]>>;
  readonly #boxHead: Compiled<"features", "logits" | "deltas">;
  readonly #maskHead: Compiled<"features", "logits">;
  readonly #keypointHead: Compiled<"features", "logits">;
  readonly #keypoints: number;

  /** @param state  arrays under torchvision's names */
  constructor(runtime: Runtime, state: StateDict, options: MaskRcnnOptions = {}) {
    const missing = requiredOf(state).filter((name) => !(name in state));
    if (missing.length > 0)
      throw new RangeError(
        `The weights are not of a Mask R-CNN with a feature pyramid: ${missing.slice(0, 5).join(", ")} ${missing.length > 1 ? "are" : "is"} missing.`,
      );
    this.#options = { ...published, ...options };
    this.#classes = state["roi_heads.box_predictor.cls_score.bias"]!.shape[0]!;
    this.#stages = regionStages(state);
    this.#masks = { channels: maskChannels(state), area: maskSizeOf(state) ** 2 };
    this.#boxSize = boxSizeOf(state);
    const strides = stridesOf(state);
    const arrays = (value: Value) => (name: string) => {
      const array = state[name];
      if (!array) throw new RangeError(`The weights have no "${name}".`);
      return value.graph.constant(array);
    };
    const { pooling, conventions } = this.#options;
    const purpose = { purpose: "infer" } as const;
    this.#features = compile(
      runtime,
      ({ images }: Inputs<"images">) => firstPass(state, arrays(images), images, conventions),
      purpose,
    );
    const pools = (size: number) =>
      strides.map((stride) =>
        compile(
          runtime,
          ({ level, boxes, images }: Inputs<RegionInput>) => ({
            features: pooled(level, boxes, images, size, { stride, pooling, conventions }),
          }),
          purpose,
        ),
      );
    this.#pools = { 7: pools(7), 14: pools(14) };
    this.#boxHead = compile(
      runtime,
      ({ features }: Inputs<"features">) => boxHead(state, arrays(features), features, conventions),
      purpose,
    );
    this.#keypoints = keypointCount(state);
    this.#keypointHead = compile(
      runtime,
      ({ features }: Inputs<"features">) => ({ logits: keypointHead(state, arrays(features), features) }),
      purpose,
    );
    this.#maskHead = compile(
      runtime,
      ({ features }: Inputs<"features">) => ({ logits: maskHead(state, arrays(features), features, conventions) }),
      purpose,
    );
  }

  /** Each picture's keypoints, found in pixels of the batch. */
  async #keypointsOf(
    features: Pooled,
    detections: readonly Detections[],
    { sizes }: ImageBatch,
    pictures: readonly Picture[],
  ): Promise<readonly Required<Pick<Segmentation, "keypoints" | "keypointScores">>[]> {
    const each = this.#keypoints * keypointMapSize ** 2;
    const logits =
      features.rows === 0
        ? new Float32Array(0)
        : ((await this.#keypointHead.run({ features: features.tensor })).logits.data as Float32Array);
    let row = 0;
    return detections.map(({ boxes, labels }, n) => {
      const found = Array.from(labels, (_, d) => {
        const at = row++;
        return keypointsOf(logits.subarray(at * each, (at + 1) * each), boxes.subarray(4 * d, 4 * d + 4));
      });
      const [height, width] = sizes[n]!;
      const ratios = [Math.fround(pictures[n]!.width / width), Math.fround(pictures[n]!.height / height), 1];
      return {
        keypoints: Float32Array.from(found.flatMap(({ keypoints }) => [...keypoints])).map(
          (value, i) => value * ratios[i % 3]!,
        ),
        keypointScores: Float32Array.from(found.flatMap(({ scores }) => [...scores])),
      };
    });
  }

  /** Pictures that go through the network together are padded to one size, which moves results by a little. */
  async segment(pictures: readonly Picture[]): Promise<readonly Segmentation[]> {
    const { batch, found, detections } = await this.#detect(pictures);
    const boxes = detections.map((one) => one.boxes);
    const features = await this.#pool(found, boxes, 14);
    const logits = await this.#maskLogits(features);
    const keypoints = this.#keypoints > 0 ? await this.#keypointsOf(features, detections, batch, pictures) : undefined;
    let row = 0;
    return detections.map((one, n) => {
      const rows = row;
      row += one.labels.length;
      const masks = this.#ownMasks(logits.subarray(rows * this.#masks.channels * this.#masks.area), one.labels);
      return { ...one, boxes: enlarged(one.boxes, pictures[n]!, batch.sizes[n]!), masks, ...keypoints?.[n] };
    });
  }

  /**
   * What is found in a picture and how: its proposals, the level of each region, and what RoIPool's rounding would make of
   * the regions and masks of the detections.
   */
  async examine(picture: Picture): Promise<Examination> {
    const { batch, found, proposals, scores, detections } = await this.#detect([picture]);
    const own = detections[0]!;
    const size = batch.sizes[0]!;
    const detectionLevels = levelsOf(own.boxes, this.#stages, this.#options);
    const strides = this.#stages.map((stage) => 2 ** stage);
    const regions = (kind: "align" | "pool") => regionFeatures(found, own.boxes, detectionLevels, { strides, kind });
    const [align, pool] = [regions("align"), regions("pool")];
    const masksOf = async ({ features, channels }: RegionFeatures) => {
      const room = padded(own.labels.length, channels * 196, 14);
      room.tensor.data.set(features);
      return this.#ownMasks(await this.#maskLogits(room), own.labels);
    };
    return {
      ...own,
      boxes: enlarged(own.boxes, picture, size),
      masks: await masksOf(align),
      levels: detectionLevels.map((k) => this.#stages[k]!),
      proposals: enlarged(proposals[0]!, picture, size),
      proposalScores: scores[0]!,
      proposalLevels: levelsOf(proposals[0]!, this.#stages, this.#options).map((k) => this.#stages[k]!),
      pooled: {
        align: channelMeans(align, (value) => Math.abs(value)),
        pool: channelMeans(pool, (value) => Math.abs(value)),
        difference: channelMeans(align, (value, at) => Math.abs(value - pool.features[at]!)),
        masks: await masksOf(pool),
      },
    };
  }

  /** Boxes, classes and scores of each picture, in pixels of the batch. */
  async #detect(pictures: readonly Picture[]) {
    const { minSize, maxSize, scoreThreshold, detections: most } = this.#options;
    const batch = imageBatch(pictures, { minSize, maxSize });
    const { found, proposals, scores } = await this.#run(batch, this.#options);
    const { logits, deltas } = await this.#boxLogits(await this.#pool(found, proposals, this.#boxSize));
    let from = 0;
    const detections = proposals.map((boxes, n) => {
      const rows = boxes.length / 4;
      const part = (all: Float32Array, each: number) => all.subarray(from * each, (from + rows) * each);
      const [height, width] = batch.sizes[n]!;
      const result = detectionsOf(
        {
          proposals: boxes,
          logits: part(logits, this.#classes),
          deltas: part(deltas, 4 * this.#classes),
          classes: this.#classes,
        },
        { height, width, scoreThreshold, most },
      );
      from += rows;
      return result;
    });
    return { batch, found, proposals, scores, detections };
  }

  /** Each detection's mask of its own class, [D, M, M]. */
  #ownMasks(logits: Float32Array, labels: Int32Array): Float32Array {
    const { channels, area } = this.#masks;
    if (channels === 0) return new Float32Array(0);
    const softmax = this.#options.maskLoss === "softmax";
    const masks = new Float32Array(labels.length * area);
    labels.forEach((label, d) => {
      const first = d * channels * area;
      const own = first + (channels === 1 ? 0 : label * area);
      for (let i = 0; i < area; i++) {
        // A sigmoid is a softmax against 0.
        let others = softmax ? 0 : Math.exp(-logits[own + i]!);
        if (softmax)
          for (let k = 0; k < channels; k++)
            if (k !== label) others += Math.exp(logits[first + k * area + i]! - logits[own + i]!);
        masks[d * area + i] = 1 / (1 + others);
      }
    });
    return masks;
  }

  async #boxLogits(features: Pooled) {
    if (features.rows === 0) return { logits: new Float32Array(0), deltas: new Float32Array(0) };
    const { logits, deltas } = await this.#boxHead.run({ features: features.tensor });
    return { logits: logits.data as Float32Array, deltas: deltas.data as Float32Array };
  }

  /** [R, K + 1, 28, 28] */
  async #maskLogits(features: Pooled): Promise<Float32Array> {
    if (features.rows === 0 || this.#masks.channels === 0) return new Float32Array(0);
    const { logits } = await this.#maskHead.run({ features: features.tensor });
    return logits.data as Float32Array;
  }

  /** Anchors of all levels, [A, 4], and each picture's proposals, in pixels of the batch: what training starts from. */
  async propose(batch: ImageBatch, limits: ProposalLimits) {
    const { anchors, proposals } = await this.#run(batch, limits);
    return { anchors, proposals };
  }

  async release(): Promise<void> {
    await Promise.all(
      [this.#features, ...this.#pools[7], ...this.#pools[14], this.#boxHead, this.#maskHead, this.#keypointHead].map(
        (one) => one.release(),
      ),
    );
  }

  async #run(batch: ImageBatch, limits: ProposalLimits) {
    const { shape, data } = batch;
    const found = await this.#features.run({ images: { dtype: "float32", shape, data } });
    return { found, ...proposalsOf(found, batch, { ...this.#options, ...limits }) };
  }

  /** Features of regions, each from its own level, in the regions' order. */
  async #pool(found: Readonly<Record<string, Tensor>>, boxes: readonly Float32Array[], size: 7 | 14): Promise<Pooled> {
    const all = Float32Array.from(boxes.flatMap((own) => Array.from(own)));
    const image = boxes.flatMap((own, n) => Array.from({ length: own.length / 4 }, () => n));
    const levels = levelsOf(all, this.#stages, this.#options);
    const each = found.level0!.shape[1]! * size * size;
    const features = padded(image.length, each, size);
    for (const [k, pool] of this.#pools[size].entries()) {
      const rows = Array.from(levels.keys()).filter((r) => levels[r] === k);
      if (rows.length === 0) continue;
      const count = paddedCount(rows.length);
      const own = new Float32Array(4 * count);
      own.set(takeBoxes(all, rows));
      const images = new BigInt64Array(count);
      rows.forEach((r, i) => {
        images[i] = BigInt(image[r]!);
      });
      const result = await pool.run({
        level: found[`level${k}`]!,
        boxes: { dtype: "float32", shape: [count, 4], data: own },
        images: { dtype: "int64", shape: [count], data: images },
      });
      const values = result.features.data as Float32Array;
      rows.forEach((r, i) => {
        features.tensor.data.set(values.subarray(i * each, (i + 1) * each), r * each);
      });
    }
    return features;
  }
}

/** Features of regions, padded to one of a few counts. */
interface Pooled {
  readonly rows: number;
  readonly tensor: Tensor<"float32">;
}

/** Room for the features of so many regions, [count, each / size², size, size]. */
function padded(rows: number, each: number, size: number): Pooled {
  const count = paddedCount(rows);
  const shape = [count, each / size ** 2, size, size];
  return { rows, tensor: { dtype: "float32", shape, data: new Float32Array(rows === 0 ? 0 : count * each) } };
}

/** Boxes of the batch in the picture's own pixels, by float32 ratios as torchvision. */
function enlarged(boxes: Float32Array, picture: Picture, [height, width]: readonly [number, number]): Float32Array {
  const ratios = [Math.fround(picture.width / width), Math.fround(picture.height / height)];
  return boxes.map((value, i) => value * ratios[i % 2]!);
}

/** Graphs have fixed sizes: a few counts, so that few sessions are made. */
const paddedCount = (count: number) => 2 ** Math.max(3, Math.ceil(Math.log2(count)));

/** Names that a network of the kind of `state` has. */
function requiredOf(state: StateDict): readonly string[] {
  const layers = "roi_heads.mask_head.fc1.weight" in state;
  const keypoints = keypointCount(state) > 0;
  const level = "backbone.fpn.inner_blocks.3.0.weight" in state ? 3 : 0; // features of stride 32 have but this one
  return [
    "backbone.body.conv1.weight",
    ...(isC4(state) ? [] : ["backbone.body.layer4.0.conv1.weight", `backbone.fpn.inner_blocks.${level}.0.weight`]),
    "rpn.head.conv.0.0.weight",
    "rpn.head.cls_logits.weight",
    "roi_heads.box_predictor.cls_score.bias",
    ...(isC4(state) || layers || keypoints ? [] : ["roi_heads.mask_head.0.0.weight"]),
    ...(keypoints ? [] : [`roi_heads.mask_predictor.${layers ? "mask_fc" : "mask_fcn_logits"}.weight`]),
  ];
}
