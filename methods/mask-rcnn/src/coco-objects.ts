// The objects of a COCO data set as the network learns them, and generated pictures as a COCO data set.
import {
  boxPolygon,
  type CocoAnnotation,
  type CocoDataset,
  DataError,
  decodeRle,
  encodeRle,
  polygonsToRle,
  rleArea,
  rleToJson,
  segmentationToRle,
} from "@reprise/data";
import type { Examples } from "./examples.ts";
import { shapeNames } from "./shapes.ts";
import type { PictureTargets } from "./targets.ts";

/** Annotations of each image, crowds and boxes without area left out. */
export function objectsOfImages({ annotations }: CocoDataset): ReadonlyMap<number | string, readonly CocoAnnotation[]> {
  return Map.groupBy(
    annotations.filter(({ iscrowd, bbox }) => !iscrowd && bbox && bbox[2]! > 0 && bbox[3]! > 0),
    ({ image_id }) => image_id,
  );
}

/**
 * Boxes, classes and masks of one image; boxes are cut at its borders.
 *
 * @param labelOf  class of a category id, 1 … K
 * @param source   the image's name for messages
 */
export function targetsOf(
  annotations: readonly CocoAnnotation[],
  labelOf: ReadonlyMap<number, number>,
  { height, width, source }: { readonly height: number; readonly width: number; readonly source: string },
): PictureTargets {
  const objects = annotations.flatMap(({ id, category_id, bbox, segmentation, keypoints }) => {
    const label = labelOf.get(category_id);
    if (label === undefined) throw new DataError(source, `annotation ${id} has the unknown category ${category_id}.`);
    const [x, y, w, h] = bbox as [number, number, number, number];
    const box = [Math.max(x, 0), Math.max(y, 0), Math.min(x + w, width), Math.min(y + h, height)];
    if (!(box[2]! > box[0]! && box[3]! > box[1]!)) return [];
    const where = `${source}, annotation ${id}`;
    const rle = segmentation
      ? segmentationToRle(segmentation, height, width, where)
      : polygonsToRle([boxPolygon(bbox)], height, width);
    return [{ label, box, mask: decodeRle(rle), keypoints: Float32Array.from(keypoints ?? []) }];
  });
  return {
    boxes: Float32Array.from(objects.flatMap(({ box }) => box)),
    labels: objects.map(({ label }) => label),
    masks: objects.map(({ mask }) => mask),
    ...(objects.some(({ keypoints }) => keypoints.length > 0)
      ? { keypoints: objects.map(({ keypoints }) => keypoints) }
      : {}),
  };
}

/** Classes 1 … K of a data set's categories in their order. */
export const labelsOf = ({ categories }: Pick<CocoDataset, "categories">): ReadonlyMap<number, number> =>
  new Map(categories.map(({ id }, i) => [id, i + 1]));

export const shapeCategories = shapeNames.map((name, i) => ({ id: i + 1, name }));

/** The first generated pictures as a data set: image ids are their numbers. */
export async function cocoOfShapes(examples: Examples, count: number): Promise<CocoDataset> {
  const images: { id: number; width: number; height: number }[] = [];
  const annotations: CocoAnnotation[] = [];
  for (let i = 0; i < count; i++) {
    const { picture, targets } = await examples.read(i);
    const { height, width } = picture;
    images.push({ id: i, width, height });
    targets.masks.forEach((mask, g) => {
      const [x1, y1, x2, y2] = targets.boxes.subarray(4 * g, 4 * g + 4) as unknown as [number, number, number, number];
      const rle = encodeRle(mask, height, width);
      annotations.push({
        id: annotations.length + 1,
        image_id: i,
        category_id: targets.labels[g]!,
        bbox: [x1, y1, x2 - x1, y2 - y1],
        area: rleArea(rle),
        segmentation: rleToJson(rle),
        iscrowd: 0,
      });
    });
  }
  return { images, annotations, categories: shapeCategories };
}
