// Detections drawn over their picture.
import { colourOf, drawObjects, encodeRle, type NdArray, ndArray } from "@reprise/data";
import type { Segmentation } from "./mask-rcnn.ts";
import { objectMask } from "./results.ts";
import type { Picture } from "./transform.ts";

/** Masks and boxes of what scores at least so much, each of another colour; [3, height, width]. */
export function overlay(
  picture: Picture,
  found: Segmentation,
  { score }: { readonly score: number },
): NdArray<"uint8"> {
  const { data, height, width } = picture;
  const shown = Array.from(found.scores.keys()).filter((d) => found.scores[d]! >= score);
  return drawObjects(
    ndArray("uint8", [3, height, width], Uint8Array.from(data)),
    shown.map((d, i) => {
      const [x1, y1, x2, y2] = found.boxes.subarray(4 * d, 4 * d + 4) as unknown as [number, number, number, number];
      return {
        mask: encodeRle(objectMask(found, d, picture), height, width),
        box: [x1, y1, x2 - x1, y2 - y1],
        colour: colourOf(i),
      };
    }),
  );
}
