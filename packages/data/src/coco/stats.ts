// What is in a data set: how many of what, how large.
import { mean, quantile } from "../metrics.ts";
import type { CocoDataset } from "./annotations.ts";

export interface CategoryStats {
  readonly id: number;
  readonly name: string;
  readonly images: number;
  readonly objects: number;
  readonly crowds: number;
  /** Objects below 32², below 96² and from 96² pixels on, by COCO's sizes. */
  readonly small: number;
  readonly medium: number;
  readonly large: number;
}

export interface CocoStats {
  readonly images: number;
  readonly imagesWithoutAnnotation: number;
  readonly objects: number;
  readonly crowds: number;
  readonly polygons: number;
  readonly rle: number;
  readonly objectsPerImage: { readonly mean: number; readonly median: number; readonly max: number };
  /** Smallest and largest image, [width, height]. */
  readonly smallestImage: readonly [number, number] | null;
  readonly largestImage: readonly [number, number] | null;
  readonly categories: readonly CategoryStats[];
}

export function statsOfCoco({ images, annotations, categories }: CocoDataset): CocoStats {
  const perImage = new Map(images.map(({ id }) => [id, 0]));
  for (const { image_id } of annotations) perImage.set(image_id, (perImage.get(image_id) ?? 0) + 1);
  const counts = images.map(({ id }) => perImage.get(id)!);
  const bySize = images.toSorted((a, b) => a.width * a.height - b.width * b.height);
  const size = (image: (typeof images)[number] | undefined) => (image ? ([image.width, image.height] as const) : null);
  return {
    images: images.length,
    imagesWithoutAnnotation: counts.filter((count) => count === 0).length,
    objects: annotations.filter(({ iscrowd }) => !iscrowd).length,
    crowds: annotations.filter(({ iscrowd }) => iscrowd).length,
    polygons: annotations.filter(({ segmentation }) => Array.isArray(segmentation)).length,
    rle: annotations.filter(({ segmentation }) => segmentation && !Array.isArray(segmentation)).length,
    objectsPerImage: {
      mean: counts.length ? mean(counts) : 0,
      median: counts.length ? quantile(counts, 0.5) : 0,
      max: counts.reduce((a, b) => Math.max(a, b), 0),
    },
    smallestImage: size(bySize[0]),
    largestImage: size(bySize.at(-1)),
    categories: categories.map(({ id, name }) => {
      const own = annotations.filter((annotation) => annotation.category_id === id);
      const objects = own.filter(({ iscrowd }) => !iscrowd);
      const between = (low: number, high: number) => objects.filter(({ area }) => area >= low && area < high).length;
      return {
        id,
        name,
        images: new Set(own.map(({ image_id }) => image_id)).size,
        objects: objects.length,
        crowds: own.length - objects.length,
        small: between(0, 32 ** 2),
        medium: between(32 ** 2, 96 ** 2),
        large: between(96 ** 2, Number.POSITIVE_INFINITY),
      };
    }),
  };
}
