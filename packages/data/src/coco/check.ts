// What is wrong with a data set, in one report.
import type { CocoAnnotation, CocoDataset } from "./annotations.ts";
import { segmentationToRle } from "./annotations.ts";
import { rleArea } from "./rle.ts";

export interface CocoProblem {
  /** What is wrong, the same words for every place. */
  readonly kind: string;
  /** An error breaks training or evaluation; a warning is likely not meant. */
  readonly severity: "error" | "warning";
  readonly count: number;
  /** The first five places. */
  readonly examples: readonly string[];
}

export interface CheckOptions {
  /** Files that are there, to find images that are missing; not looked at if left out. */
  readonly files?: ReadonlySet<string>;
}

/** Every problem of a data set, errors first, each with how often and where. */
export function checkCoco(dataset: CocoDataset, { files }: CheckOptions = {}): readonly CocoProblem[] {
  const found = new Map<string, { severity: "error" | "warning"; count: number; examples: string[] }>();
  const report = (severity: "error" | "warning", kind: string, place: string) => {
    const entry = found.get(kind) ?? { severity, count: 0, examples: [] };
    found.set(kind, entry);
    if (entry.count++ < 5) entry.examples.push(place);
  };
  const error = (kind: string, place: string) => report("error", kind, place);
  const warning = (kind: string, place: string) => report("warning", kind, place);

  const images = new Map(dataset.images.map((image) => [image.id, image]));
  const categories = new Set(dataset.categories.map(({ id }) => id));
  for (const id of repeated(dataset.images.map((image) => image.id))) error("image id given twice", `image ${id}`);
  for (const id of repeated(dataset.categories.map((category) => category.id)))
    error("category id given twice", `category ${id}`);
  for (const name of repeated(dataset.categories.map((category) => category.name)))
    warning("category name given twice", `category "${name}"`);
  for (const id of repeated(dataset.annotations.map((annotation) => annotation.id)))
    error("annotation id given twice", `annotation ${id}`);
  for (const name of repeated(dataset.images.flatMap(({ file_name }) => file_name ?? [])))
    warning("file of two images", name);
  if (dataset.images.length === 0) error("no images", "images");
  if (dataset.categories.length === 0) error("no categories", "categories");
  if (dataset.annotations.length === 0) error("no annotations", "annotations");
  const annotated = new Set(dataset.annotations.map(({ image_id }) => image_id));
  for (const { id, file_name, width, height } of dataset.images) {
    if (!(width > 0 && height > 0)) error("image without a size", `image ${id}`);
    if (!file_name) error("image without a file name", `image ${id}`);
    else if (files && !files.has(file_name)) error("image file missing", file_name);
    if (!annotated.has(id)) warning("image without an annotation", `image ${id}`);
  }
  const counts = new Set<number>();
  for (const annotation of dataset.annotations) checkAnnotation(annotation);
  for (const { id, name } of dataset.categories)
    if (!counts.has(id)) warning("category without an object (crowds do not count)", `category ${id} "${name}"`);

  return [...found]
    .map(([kind, entry]) => ({ kind, ...entry }))
    .sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error") || b.count - a.count);

  function checkAnnotation(annotation: CocoAnnotation): void {
    const { id, image_id, category_id, bbox, area, segmentation, iscrowd } = annotation;
    const place = `annotation ${id}`;
    if (id === 0) warning("annotation id 0: pycocotools counts its matches as wrong", place);
    const image = images.get(image_id);
    if (!image) {
      error("annotation of an image that is not there", `${place} (image ${image_id})`);
      return;
    }
    if (!categories.has(category_id))
      error("annotation of a category that is not there", `${place} (category ${category_id})`);
    if (!iscrowd) counts.add(category_id);
    const { width, height } = image;
    if (bbox?.length !== 4 || !bbox.every(Number.isFinite)) error("box is not four numbers", place);
    else {
      const [x, y, w, h] = bbox as [number, number, number, number];
      if (!(w > 0 && h > 0)) error("box without area", place);
      else if (x >= width || y >= height || x + w <= 0 || y + h <= 0) error("box outside its image", place);
      else if (x < -1 || y < -1 || x + w > width + 1 || y + h > height + 1)
        warning("box over the edge of its image", place);
    }
    if (typeof area !== "number") error("annotation without an area", place);
    if (!segmentation) {
      warning("annotation without a segmentation", place);
      return;
    }
    try {
      const covered = rleArea(segmentationToRle(segmentation, height, width, place));
      if (covered === 0) error("segmentation covers no pixel", place);
      else if (typeof area === "number" && Math.abs(covered - area) > Math.max(0.5 * covered, 20))
        warning("area far from the segmentation's", `${place} (${area}, covers ${covered})`);
    } catch (cause) {
      error("segmentation that cannot be read", (cause as Error).message);
    }
  }
}

function repeated<T>(values: readonly T[]): readonly T[] {
  const seen = new Set<T>();
  return [...new Set(values.filter((value) => seen.size === seen.add(value).size))];
}
