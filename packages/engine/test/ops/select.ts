import { nonMaxSuppression, nonZero } from "@reprise/engine";
import type { Row } from "./row.ts";

export const rows: Record<string, Row> = {
  NonZero: {
    cases: {
      "a matrix": (x) => nonZero(x).places,
      "nothing found": (x) => nonZero(x).places,
    },
    wrong: [({ f }) => nonZero(f()), "NonZero: input is float32 []; a scalar has no coordinates"],
  },
  NonMaxSuppression: {
    cases: {
      "two images, two classes": (boxes, scores) =>
        nonMaxSuppression(boxes, scores, { maxOutput: 3, iouThreshold: 0.3 }).selected,
      "above a score": (boxes, scores) =>
        nonMaxSuppression(boxes, scores, { maxOutput: 9, scoreThreshold: 0.4 }).selected,
    },
    wrong: [
      ({ f }) => nonMaxSuppression(f(1, 6, 4), f(1, 2, 5), { maxOutput: 3 }),
      "NonMaxSuppression: boxes are float32 [1, 6, 4], scores float32 [1, 2, 5]; they must be float [N, B, 4] and [N, K, B]",
    ],
  },
};
