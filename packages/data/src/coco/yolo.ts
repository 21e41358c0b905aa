// YOLO's segmentation labels: a text file an image, a line an object: the class, then x y pairs as shares of the image.
import { DataError } from "../error.ts";
import type { CocoDataset } from "./annotations.ts";
import { CocoBuilder } from "./builder.ts";

export interface YoloFile {
  /** The image's file name. */
  readonly image: string;
  readonly width: number;
  readonly height: number;
  /** The labels' text. */
  readonly text: string;
}

/** @param names  of the classes 0, 1, … */
export function cocoFromYolo(files: readonly YoloFile[], names: readonly string[]): CocoDataset {
  const builder = new CocoBuilder(names);
  for (const { image, width, height, text } of files) {
    const id = builder.image(image, width, height);
    text.split("\n").forEach((line, i) => {
      if (line.trim() === "") return;
      const place = `${image}: line ${i + 1}`;
      const [label, ...points] = line.trim().split(/\s+/).map(Number) as [number, ...number[]];
      const name = names[label];
      if (name === undefined) throw new DataError(place, `the class ${label} is not one of the ${names.length} names.`);
      if (points.length % 2 || points.length < 6 || !points.every(Number.isFinite))
        throw new DataError(place, `${points.length} numbers after the class, a polygon has at least 3 pairs x y.`);
      builder.polygons(id, name, [points.map((value, k) => value * (k % 2 ? height : width))]);
    });
  }
  return builder.dataset();
}

/**
 * A data set as YOLO's labels by image, and the class names. An object of several polygons takes a line for each:
 * the format has one outline an object.
 *
 * @throws DataError for RLE masks
 */
export function yoloFromCoco({ images, annotations, categories }: CocoDataset): {
  readonly names: readonly string[];
  readonly files: readonly YoloFile[];
} {
  const index = new Map(categories.map(({ id }, i) => [id, i]));
  const files = images.map(({ id, file_name, width, height }): YoloFile => {
    const lines = annotations
      .filter(({ image_id }) => image_id === id)
      .flatMap((annotation) => {
        const { segmentation, category_id } = annotation;
        if (!segmentation || !("length" in segmentation))
          throw new DataError(`annotation ${annotation.id}`, "its mask is an RLE, which YOLO's outlines cannot say.");
        return segmentation.map((points) =>
          [index.get(category_id), ...points.map((value, k) => value / (k % 2 ? height : width))].join(" "),
        );
      });
    return { image: file_name ?? String(id), width, height, text: lines.map((line) => `${line}\n`).join("") };
  });
  return { names: categories.map(({ name }) => name), files };
}
