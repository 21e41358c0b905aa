// Mask R-CNN at inference: three static networks, and between them what decides on counts, in TypeScript.
import { type Compiled, compile, type Inputs, type Runtime, type Tensor, type Value } from "@reprise/engine";
import { takeBoxes } from "./box.ts";
import { type Detections, detectionsOf } from "./detections.ts";
import { firstPass, type ProposalLimits, proposalsOf } from "./first-pass.ts";
import { fpnLevels } from "./fpn-level.ts";
import { boxHead, maskHead, pooled, type RoiPooling, type StateDict, strides } from "./network.ts";
import { channelMeans, regionFeatures } from "./region-features.ts";
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
}

/** What is found in a picture, boxes in its own pixels. */
export interface Segmentation extends Detections {
  /** The mask of each detection's own class within its box, [D, 28, 28], 0 … 1. */
  readonly masks: Float32Array;
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
} as const satisfies MaskRcnnOptions;

const maskArea = 28 * 28;
type RegionInput = "level" | "boxes" | "images";

export class MaskRcnn {
  readonly #options: Required<MaskRcnnOptions>;
  readonly #classes: number;
  readonly #features: Compiled<"images", string>;
  readonly #boxHeads: readonly Compiled<RegionInput, "logits" | "deltas">[];
  readonly #maskHeads: readonly Compiled<RegionInput, "logits">[];
  readonly #maskAlone: Compiled<"features", "logits">;

  /** @param state  arrays under torchvision's names */
  constructor(runtime: Runtime, state: StateDict, options: MaskRcnnOptions = {}) {
    const missing = required.filter((name) => !(name in state));
    if (missing.length > 0)
      throw new RangeError(
        `The weights are not of a Mask R-CNN with a feature pyramid: ${missing.slice(0, 5).join(", ")} ${missing.length > 1 ? "are" : "is"} missing.`,
      );
    this.#options = { ...published, ...options };
    this.#classes = state["roi_heads.box_predictor.cls_score.bias"]!.shape[0]!;
    const arrays = (value: Value) => (name: string) => {
      const array = state[name];
      if (!array) throw new RangeError(`The weights have no "${name}".`);
      return value.graph.constant(array);
    };
    const { pooling } = this.#options;
    const purpose = { purpose: "infer" } as const;
    this.#features = compile(
      runtime,
      ({ images }: Inputs<"images">) => firstPass(state, arrays(images), images),
      purpose,
    );
    this.#boxHeads = strides.map((stride) =>
      compile(
        runtime,
        ({ level, boxes, images }: Inputs<RegionInput>) =>
          boxHead(state, arrays(level), pooled(level, boxes, images, 7, { stride, pooling })),
        purpose,
      ),
    );
    this.#maskHeads = strides.map((stride) =>
      compile(
        runtime,
        ({ level, boxes, images }: Inputs<RegionInput>) => ({
          logits: maskHead(state, arrays(level), pooled(level, boxes, images, 14, { stride, pooling })),
        }),
        purpose,
      ),
    );
    this.#maskAlone = compile(
      runtime,
      ({ features }: Inputs<"features">) => ({ logits: maskHead(state, arrays(features), features) }),
      purpose,
    );
  }

  /** Pictures that go through the network together are padded to one size, which moves results by a little. */
  async segment(pictures: readonly Picture[]): Promise<readonly Segmentation[]> {
    const { batch, found, detections } = await this.#detect(pictures);
    const boxes = detections.map((one) => one.boxes);
    const { logits } = await this.#overLevels(found, boxes, this.#maskHeads, { logits: this.#classes * maskArea });
    let row = 0;
    return detections.map((one, n) => {
      const rows = row;
      row += one.labels.length;
      const masks = this.#ownMasks(logits.subarray(rows * this.#classes * maskArea), one.labels);
      return { ...one, boxes: enlarged(one.boxes, pictures[n]!, batch.sizes[n]!), masks };
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
    const detectionLevels = fpnLevels(own.boxes, this.#options);
    const regions = (kind: "align" | "pool") => regionFeatures(found, own.boxes, detectionLevels, kind);
    const [align, pool] = [regions("align"), regions("pool")];
    const masksOf = async (features: Float32Array) => this.#ownMasks(await this.#maskLogits(features, own), own.labels);
    return {
      ...own,
      boxes: enlarged(own.boxes, picture, size),
      masks: await masksOf(align.features),
      levels: detectionLevels.map((k) => k + 2),
      proposals: enlarged(proposals[0]!, picture, size),
      proposalScores: scores[0]!,
      proposalLevels: fpnLevels(proposals[0]!, this.#options).map((k) => k + 2),
      pooled: {
        align: channelMeans(align, (value) => Math.abs(value)),
        pool: channelMeans(pool, (value) => Math.abs(value)),
        difference: channelMeans(align, (value, at) => Math.abs(value - pool.features[at]!)),
        masks: await masksOf(pool.features),
      },
    };
  }

  /** Boxes, classes and scores of each picture, in pixels of the batch. */
  async #detect(pictures: readonly Picture[]) {
    const { minSize, maxSize, scoreThreshold, detections: most } = this.#options;
    const batch = imageBatch(pictures, { minSize, maxSize });
    const { found, proposals, scores } = await this.#run(batch, this.#options);
    const { logits, deltas } = await this.#overLevels(found, proposals, this.#boxHeads, {
      logits: this.#classes,
      deltas: 4 * this.#classes,
    });
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

  /** Each detection's mask of its own class, [D, 28, 28]. */
  #ownMasks(logits: Float32Array, labels: Int32Array): Float32Array {
    const masks = new Float32Array(labels.length * maskArea);
    labels.forEach((label, d) => {
      const start = (d * this.#classes + label) * maskArea;
      for (let i = 0; i < maskArea; i++) masks[d * maskArea + i] = 1 / (1 + Math.exp(-logits[start + i]!));
    });
    return masks;
  }

  /** The mask head on features that are given, [D, C, 14, 14]. */
  async #maskLogits(features: Float32Array, { labels }: Detections): Promise<Float32Array> {
    const each = features.length / Math.max(labels.length, 1);
    const count = paddedCount(labels.length);
    const data = new Float32Array(count * each);
    data.set(features);
    if (labels.length === 0) return data;
    const shape = [count, each / 196, 14, 14];
    const { logits } = await this.#maskAlone.run({ features: { dtype: "float32", shape, data } });
    return logits.data as Float32Array;
  }

  /** Anchors of all levels, [A, 4], and each picture's proposals, in pixels of the batch: what training starts from. */
  async propose(batch: ImageBatch, limits: ProposalLimits) {
    const { anchors, proposals } = await this.#run(batch, limits);
    return { anchors, proposals };
  }

  async release(): Promise<void> {
    await Promise.all(
      [this.#features, ...this.#boxHeads, ...this.#maskHeads, this.#maskAlone].map((one) => one.release()),
    );
  }

  async #run(batch: ImageBatch, limits: ProposalLimits) {
    const { shape, data } = batch;
    const found = await this.#features.run({ images: { dtype: "float32", shape, data } });
    return { found, ...proposalsOf(found, batch, { ...this.#options, ...limits }) };
  }

  /** Runs a head over regions, level by level; rows of the results are in the regions' order. */
  async #overLevels<O extends string>(
    found: Readonly<Record<string, Tensor>>,
    boxes: readonly Float32Array[],
    heads: readonly Compiled<RegionInput, O>[],
    widths: Readonly<Record<O, number>>,
  ): Promise<Record<O, Float32Array>> {
    const all = Float32Array.from(boxes.flatMap((own) => Array.from(own)));
    const image = boxes.flatMap((own, n) => Array.from({ length: own.length / 4 }, () => n));
    const levels = fpnLevels(all, this.#options);
    const names = Object.keys(widths) as O[];
    const out = Object.fromEntries(
      names.map((name) => [name, new Float32Array(image.length * widths[name])]),
    ) as Record<O, Float32Array>;
    for (const [k, head] of heads.entries()) {
      const rows = Array.from(levels.keys()).filter((r) => levels[r] === k);
      if (rows.length === 0) continue;
      const count = paddedCount(rows.length);
      const padded = new Float32Array(4 * count);
      padded.set(takeBoxes(all, rows));
      const images = new BigInt64Array(count);
      rows.forEach((r, i) => {
        images[i] = BigInt(image[r]!);
      });
      const result = await head.run({
        level: found[`level${k}`]!,
        boxes: { dtype: "float32", shape: [count, 4], data: padded },
        images: { dtype: "int64", shape: [count], data: images },
      });
      for (const name of names) {
        const each = widths[name];
        rows.forEach((r, i) => {
          out[name].set((result[name].data as Float32Array).subarray(i * each, (i + 1) * each), r * each);
        });
      }
    }
    return out;
  }
}

/** Boxes of the batch in the picture's own pixels, by float32 ratios as torchvision. */
function enlarged(boxes: Float32Array, picture: Picture, [height, width]: readonly [number, number]): Float32Array {
  const ratios = [Math.fround(picture.width / width), Math.fround(picture.height / height)];
  return boxes.map((value, i) => value * ratios[i % 2]!);
}

/** Graphs have fixed sizes: a few counts, so that few sessions are made. */
const paddedCount = (count: number) => 2 ** Math.max(3, Math.ceil(Math.log2(count)));

const required = [
  "backbone.body.conv1.weight",
  "backbone.body.layer4.0.conv1.weight",
  "backbone.fpn.inner_blocks.0.0.weight",
  "rpn.head.conv.0.0.weight",
  "rpn.head.cls_logits.weight",
  "roi_heads.box_predictor.cls_score.bias",
  "roi_heads.mask_head.0.0.weight",
  "roi_heads.mask_predictor.mask_fcn_logits.weight",
];
