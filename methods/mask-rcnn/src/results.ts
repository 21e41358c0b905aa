// What is found, in COCO's results format.
import { type CocoDetection, encodeRle, rleToJson } from "@reprise/data";
import type { Segmentation } from "./mask-rcnn.ts";
import type { Category } from "./model-file.ts";
import { pasteMask } from "./paste.ts";
import type { Picture } from "./transform.ts";

/** Where a detection's object is: [height, width], 1 there. */
export function objectMask(
  { boxes, masks }: Pick<Segmentation, "boxes" | "masks">,
  d: number,
  { height, width }: Pick<Picture, "height" | "width">,
): Uint8Array {
  if (masks.length === 0) return new Uint8Array(height * width);
  const maskArea = masks.length / (boxes.length / 4);
  const soft = pasteMask(masks.subarray(maskArea * d, maskArea * (d + 1)), boxes.subarray(4 * d, 4 * d + 4), {
    height,
    width,
  });
  return Uint8Array.from(soft, (value) => (value > 0.5 ? 1 : 0));
}

function keypointsOfDetection(keypoints: Float32Array, d: number, detections: number): number[] {
  const each = keypoints.length / detections;
  return [...keypoints.subarray(each * d, each * (d + 1))];
}

/** One line of results.json for each detection: boxes x, y, width, height, masks as compressed RLE. */
export function cocoDetections(
  found: Segmentation,
  picture: Pick<Picture, "height" | "width">,
  { image, categories }: { readonly image: number | string; readonly categories: readonly Category[] },
): CocoDetection[] {
  return Array.from(found.labels, (label, d) => {
    const [x1, y1, x2, y2] = found.boxes.subarray(4 * d, 4 * d + 4) as unknown as [number, number, number, number];
    return {
      image_id: image,
      category_id: categories[label - 1]!.id,
      bbox: [x1, y1, x2 - x1, y2 - y1],
      score: found.scores[d]!,
      ...(found.masks.length > 0
        ? { segmentation: rleToJson(encodeRle(objectMask(found, d, picture), picture.height, picture.width)) }
        : {}),
      ...(found.keypoints ? { keypoints: keypointsOfDetection(found.keypoints, d, found.labels.length) } : {}),
    };
  });
}
