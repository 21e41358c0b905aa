// Mask R-CNN at inference: three static networks, and between them what decides on counts, in TypeScript.
import { type Compiled, compile, type Inputs, type Runtime, type Tensor, type Value } from "@reprise/engine";
import { takeBoxes } from "./box.ts";
import { type Detections, detectionsOf } from "./detections.ts";
import { firstPass, type ProposalLimits, proposalsOf } from "./first-pass.ts";
import { fpnLevels } from "./fpn-level.ts";
import { boxHead, maskHead, pooled, type RoiPooling, type StateDict, strides } from "./network.ts";
import { type ImageBatch, imageBatch, type Picture } from "./transform.ts";

export interface MaskRcnnOptions {
  readonly minSize?: number;
  readonly maxSize?: number;
  /** One size for each level of the pyramid. */
  readonly anchorSizes?: readonly number[];
  readonly ratios?: readonly number[];
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

/** torchvision's `maskrcnn_resnet50_fpn`. */
const published = {
  minSize: 800,
  maxSize: 1333,
  anchorSizes: [32, 64, 128, 256, 512],
  ratios: [0.5, 1, 2],
  preNms: 1000,
  postNms: 1000,
  scoreThreshold: 0.05,
  detections: 100,
  pooling: "align",
} as const satisfies MaskRcnnOptions;

const maskSize = 28;
type RegionInput = "level" | "boxes" | "images";

export class MaskRcnn {
  readonly #options: Required<MaskRcnnOptions>;
  readonly #classes: number;
  readonly #features: Compiled<"images", string>;
  readonly #boxHeads: readonly Compiled<RegionInput, "logits" | "deltas">[];
  readonly #maskHeads: readonly Compiled<RegionInput, "logits">[];

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
          boxHead(arrays(level), pooled(level, boxes, images, 7, { stride, pooling })),
        purpose,
      ),
    );
    this.#maskHeads = strides.map((stride) =>
      compile(
        runtime,
        ({ level, boxes, images }: Inputs<RegionInput>) => ({
          logits: maskHead(arrays(level), pooled(level, boxes, images, 14, { stride, pooling })),
        }),
        purpose,
      ),
    );
  }

  /** Pictures that go through the network together are padded to one size, which moves results by a little. */
  async segment(pictures: readonly Picture[]): Promise<readonly Segmentation[]> {
    const { minSize, maxSize, scoreThreshold, detections: most } = this.#options;
    const batch = imageBatch(pictures, { minSize, maxSize });
    const { sizes } = batch;
    const { found, proposals } = await this.#run(batch, this.#options);
    const { logits, deltas } = await this.#overLevels(found, proposals, this.#boxHeads, {
      logits: this.#classes,
      deltas: 4 * this.#classes,
    });
    let from = 0;
    const detections = proposals.map((boxes, n) => {
      const rows = boxes.length / 4;
      const part = (all: Float32Array, each: number) => all.subarray(from * each, (from + rows) * each);
      const [height, width] = sizes[n]!;
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
    const area = maskSize * maskSize;
    const boxes = detections.map((one) => one.boxes);
    const { logits: maskLogits } = await this.#overLevels(found, boxes, this.#maskHeads, {
      logits: this.#classes * area,
    });
    let row = 0;
    return detections.map((one, n) => {
      const masks = new Float32Array(one.labels.length * area);
      one.labels.forEach((label, d) => {
        const start = (row++ * this.#classes + label) * area;
        for (let i = 0; i < area; i++) masks[d * area + i] = 1 / (1 + Math.exp(-maskLogits[start + i]!));
      });
      const [height, width] = sizes[n]!;
      const ratios = [Math.fround(pictures[n]!.width / width), Math.fround(pictures[n]!.height / height)];
      return { ...one, boxes: one.boxes.map((value, i) => value * ratios[i % 2]!), masks };
    });
  }

  /** Anchors of all levels, [A, 4], and each picture's proposals, in pixels of the batch: what training starts from. */
  async propose(batch: ImageBatch, limits: ProposalLimits) {
    const { anchors, proposals } = await this.#run(batch, limits);
    return { anchors, proposals };
  }

  async release(): Promise<void> {
    await Promise.all([this.#features, ...this.#boxHeads, ...this.#maskHeads].map((one) => one.release()));
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
    const levels = fpnLevels(all);
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

/** Graphs have fixed sizes: a few counts, so that few sessions are made. */
const paddedCount = (count: number) => 2 ** Math.max(3, Math.ceil(Math.log2(count)));

const required = [
  "backbone.body.conv1.weight",
  "backbone.body.layer4.0.conv1.weight",
  "backbone.fpn.inner_blocks.0.0.weight",
  "rpn.head.conv.0.0.weight",
  "rpn.head.cls_logits.weight",
  "roi_heads.box_head.fc6.weight",
  "roi_heads.box_predictor.cls_score.bias",
  "roi_heads.mask_head.0.0.weight",
  "roi_heads.mask_predictor.mask_fcn_logits.weight",
];
