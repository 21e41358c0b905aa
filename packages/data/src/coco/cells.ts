// Detections and ground truth sorted into cells, one for each category and image, read as they are needed: the masks of
// one cell at a time are in memory.
import { DataError } from "../error.ts";
import {
  type CocoAnnotation,
  type CocoCategory,
  type CocoDataset,
  type CocoDetection,
  type CocoImage,
  detectionMask,
  segmentationToRle,
} from "./annotations.ts";
import { keypointSimilarity, personSigmas } from "./keypoints.ts";
import type { Cell } from "./matching.ts";
import { type Rle, rleArea, rleBox } from "./rle.ts";
import { boxIou, rleIou } from "./rle-iou.ts";

export type EvaluationType = "bbox" | "segm" | "keypoints";

interface Options {
  readonly type: EvaluationType;
  readonly sigmas?: readonly number[];
  readonly sources: { readonly groundTruth: string; readonly detections: string };
}

/** Indices sorted by category, then image, and of one cell in their order. */
interface Sorted {
  readonly index: Uint32Array;
  readonly image: Int32Array;
  /** Where each category starts, [K + 1]. */
  readonly starts: Uint32Array;
}

export class Cells {
  /** By rising id, as images are. */
  readonly categories: readonly CocoCategory[];
  /** Detections an image and category that count, of which the last is the most. */
  readonly limits: readonly [number, number, number];
  readonly #images: readonly CocoImage[];
  readonly #truths: readonly CocoAnnotation[];
  readonly #detections: readonly CocoDetection[];
  readonly #sortedTruths: Sorted;
  readonly #sortedDetections: Sorted;
  readonly #options: Options;
  /** What pycocotools takes all detections for, from the first one: it decides on their areas. */
  readonly #kind: "bbox" | "segmentation" | "keypoints";

  constructor(dataset: CocoDataset, detections: readonly CocoDetection[], options: Options) {
    this.#options = options;
    this.limits = options.type === "keypoints" ? [20, 20, 20] : [1, 10, 100];
    this.#images = distinctSorted(dataset.images);
    this.categories = distinctSorted(dataset.categories);
    this.#truths = dataset.annotations;
    this.#detections = detections;
    const images = new Map(this.#images.map(({ id }, i) => [id, i]));
    const categories = new Map(this.categories.map(({ id }, k) => [id, k]));
    this.#requireImages(images);
    this.#sortedTruths = sorted(dataset.annotations, images, categories);
    this.#sortedDetections = sorted(detections, images, categories);
    const first = detections[0];
    this.#kind = first?.bbox?.length ? "bbox" : first?.segmentation ? "segmentation" : "keypoints";
  }

  /** The cells of a category, and how many detections they have together. */
  of(k: number): { readonly detections: number; cells(): Generator<{ cell: Cell; scores: Float64Array }> } {
    const limit = this.limits[2];
    const [truths, found] = [this.#sortedTruths, this.#sortedDetections];
    const [g0, g1, d0, d1] = [truths.starts[k]!, truths.starts[k + 1]!, found.starts[k]!, found.starts[k + 1]!];
    let detections = 0;
    for (let d = d0, end = d; d < d1; d = end) {
      end = endOfImage(found, d, d1);
      detections += Math.min(limit, end - d);
    }
    const cell = this.#cell.bind(this);
    return {
      detections,
      *cells() {
        for (let [g, d] = [g0, d0]; g < g1 || d < d1; ) {
          const image = Math.min(g < g1 ? truths.image[g]! : Infinity, d < d1 ? found.image[d]! : Infinity);
          const gEnd = g < g1 && truths.image[g] === image ? endOfImage(truths, g, g1) : g;
          const dEnd = d < d1 && found.image[d] === image ? endOfImage(found, d, d1) : d;
          yield cell(image, truths.index.subarray(g, gEnd), found.index.subarray(d, dEnd));
          [g, d] = [gEnd, dEnd];
        }
      },
    };
  }

  #cell(image: number, truthIndex: Uint32Array, detectionIndex: Uint32Array): { cell: Cell; scores: Float64Array } {
    const { type } = this.#options;
    const all = this.#detections;
    // Typed arrays sort stably: equal scores stay in the file's order.
    const best = detectionIndex.toSorted((a, b) => all[b]!.score - all[a]!.score || a - b).subarray(0, this.limits[2]);
    const own = Array.from(best, (d) => all[d]!);
    const truths = Array.from(truthIndex, (g) => this.#truths[g]!);
    const crowd = Uint8Array.from(truths, ({ iscrowd }) => (iscrowd ? 1 : 0));
    const ignore = type === "keypoints" ? crowd.map((c, g) => (c || !truths[g]!.num_keypoints ? 1 : 0)) : crowd;
    const masks = this.#needsMasks() ? own.map((detection, i) => this.#mask(detection, image, best[i]!)) : [];
    const cell: Cell = {
      iou:
        own.length && truths.length
          ? this.#similarity(own, masks, truths, crowd, image)
          : new Float64Array(own.length * truths.length),
      areas: Float64Array.from(own, (detection, i) => this.#area(detection, masks[i])),
      truthAreas: Float64Array.from(truths, (truth) => this.#truthArea(truth)),
      ignore,
      crowd,
      idZero: Uint8Array.from(truths, ({ id }) => (id === 0 ? 1 : 0)),
    };
    return { cell, scores: Float64Array.from(own, ({ score }) => score) };
  }

  #needsMasks(): boolean {
    return this.#options.type === "segm" || this.#kind === "segmentation";
  }

  #mask(detection: CocoDetection, image: number, index: number): Rle {
    const { id, width, height } = this.#images[image]!;
    return detectionMask(
      detection,
      height,
      width,
      `${this.#options.sources.detections}: detection ${index} (image ${id})`,
    );
  }

  #area(detection: CocoDetection, mask: Rle | undefined): number {
    if (this.#kind === "bbox" && detection.bbox) return detection.bbox[2]! * detection.bbox[3]!;
    if (mask && this.#kind === "segmentation") return rleArea(mask);
    const [, , w, h] = keypointBox(detection.keypoints ?? []);
    return w! * h!;
  }

  #truthArea({ id, area }: CocoAnnotation): number {
    if (typeof area === "number") return area;
    throw new DataError(
      this.#options.sources.groundTruth,
      `annotation ${id} has no area, by which COCO tells sizes apart.`,
    );
  }

  #similarity(
    detections: readonly CocoDetection[],
    masks: readonly Rle[],
    truths: readonly CocoAnnotation[],
    crowd: Uint8Array,
    image: number,
  ): Float64Array {
    const { type, sources, sigmas = personSigmas } = this.#options;
    if (type === "keypoints") {
      for (const { id, keypoints } of truths)
        if (keypoints?.length !== sigmas.length * 3)
          throw new DataError(
            sources.groundTruth,
            `annotation ${id} has ${(keypoints?.length ?? 0) / 3} keypoints, there are sigmas for ${sigmas.length}.`,
          );
      return Float64Array.from(
        detections.flatMap(({ keypoints = [] }) =>
          truths.map((truth) =>
            keypointSimilarity(keypoints, truth.keypoints!, { box: truth.bbox, area: truth.area, sigmas }),
          ),
        ),
      );
    }
    if (type === "segm") {
      const { width, height } = this.#images[image]!;
      const truthMasks = truths.map(({ id, segmentation }) => {
        const source = `${sources.groundTruth}: annotation ${id}`;
        if (segmentation) return segmentationToRle(segmentation, height, width, source);
        throw new DataError(source, "has no segmentation.");
      });
      return rleIou(masks, truthMasks, crowd);
    }
    const boxes = detections.map(({ bbox, keypoints }, i) =>
      bbox?.length ? bbox : masks[i] ? rleBox(masks[i]) : keypointBox(keypoints ?? []),
    );
    return boxIou(flat(boxes), flat(truths.map(({ bbox }) => bbox)), crowd);
  }

  #requireImages(images: ReadonlyMap<number | string, number>): void {
    const { groundTruth, detections } = this.#options.sources;
    const missing = new Set(this.#detections.map(({ image_id }) => image_id).filter((id) => !images.has(id)));
    if (missing.size === 0) return;
    const some = [...missing].slice(0, 5).join(", ");
    throw new DataError(
      detections,
      `has ${missing.size} image ids that ${groundTruth} lacks: ${some}${missing.size > 5 ? ", …" : ""}.`,
    );
  }
}

function flat(boxes: readonly (readonly number[])[]): Float64Array {
  const out = new Float64Array(boxes.length * 4);
  boxes.forEach((box, i) => {
    for (let c = 0; c < 4; c++) out[4 * i + c] = box[c]!;
  });
  return out;
}

/** The box around all points, as pycocotools takes it from a result of keypoints. */
function keypointBox(keypoints: readonly number[]): readonly number[] {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let p = 0; p + 1 < keypoints.length; p += 3) {
    x0 = Math.min(x0, keypoints[p]!);
    x1 = Math.max(x1, keypoints[p]!);
    y0 = Math.min(y0, keypoints[p + 1]!);
    y1 = Math.max(y1, keypoints[p + 1]!);
  }
  return [x0, y0, x1 - x0, y1 - y0];
}

function distinctSorted<T extends { readonly id: number | string }>(values: readonly T[]): readonly T[] {
  return [...new Map(values.map((value) => [value.id, value])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Sorts by image, then stably by category; leaves out what is of neither. */
function sorted(
  values: readonly { readonly image_id: number | string; readonly category_id: number }[],
  images: ReadonlyMap<number | string, number>,
  categories: ReadonlyMap<number, number>,
): Sorted {
  const image = Int32Array.from(values, ({ image_id }) => images.get(image_id) ?? -1);
  const category = Int32Array.from(values, ({ category_id }) => categories.get(category_id) ?? -1);
  let index = new Uint32Array(values.length);
  let n = 0;
  for (let i = 0; i < values.length; i++) if (image[i]! >= 0 && category[i]! >= 0) index[n++] = i;
  index = countingSort(index.subarray(0, n), image, images.size).index;
  const { index: byCategory, starts } = countingSort(index, category, categories.size);
  return { index: byCategory, image: Int32Array.from(byCategory, (i) => image[i]!), starts };
}

function countingSort(index: Uint32Array, keys: Int32Array, buckets: number) {
  const starts = new Uint32Array(buckets + 1);
  for (const i of index) starts[keys[i]! + 1]!++;
  for (let b = 0; b < buckets; b++) starts[b + 1]! += starts[b]!;
  const next = starts.slice();
  const out = new Uint32Array(index.length);
  for (const i of index) out[next[keys[i]!]!++] = i;
  return { index: out, starts };
}

function endOfImage({ image }: Sorted, from: number, to: number): number {
  let end = from + 1;
  while (end < to && image[end] === image[from]) end++;
  return end;
}
