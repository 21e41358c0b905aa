// TIDE's kinds of errors, on pictures where each is known.
import { boxPolygon, type CocoDataset, type CocoDetection, cocoErrors } from "@reprise/data";
import { describe, expect, test } from "vitest";

const box = (x: number, y: number, size = 10) => [x, y, size, size] as const;
const truth = (id: number, category_id: number, bbox: readonly number[]) => ({
  ...{ id, image_id: 1, category_id, bbox, area: 100, iscrowd: 0 as const },
  segmentation: [boxPolygon(bbox)],
});
const dataset: CocoDataset = {
  images: [{ id: 1, width: 100, height: 100 }],
  categories: [
    { id: 1, name: "a" },
    { id: 2, name: "b" },
  ],
  annotations: [truth(1, 1, box(0, 0)), truth(2, 1, box(50, 0)), truth(3, 2, box(0, 50))],
};
const found = (category_id: number, bbox: readonly number[], score: number): CocoDetection => ({
  ...{ image_id: 1, category_id, bbox, score },
});
const perfect = [found(1, box(0, 0), 0.9), found(1, box(50, 0), 0.8), found(2, box(0, 50), 0.7)];
const errorsOf = (detections: readonly CocoDetection[], type: "bbox" | "segm" = "bbox") => {
  const { ap50, kinds } = cocoErrors(dataset, detections, { type });
  return { ap50, made: kinds.filter(({ count }) => count > 0) };
};

test("what is right has no errors", () => {
  for (const type of ["bbox", "segm"] as const) expect(errorsOf(perfect, type)).toEqual({ ap50: 1, made: [] });
});

describe("each error alone is found, and mending it gives all that is lacking", () => {
  test.each([
    ["class", [found(2, box(0, 0), 0.95), ...perfect.slice(1)]],
    ["place", [found(1, box(5, 0), 0.95), ...perfect.slice(1)]],
    ["duplicate", [...perfect, found(1, box(1, 0), 0.85)]],
    ["background", [...perfect, found(1, box(80, 80), 0.95)]],
    ["missed", perfect.slice(1)],
  ] as const)("%s", (kind, detections) => {
    const { ap50, made } = errorsOf(detections);
    expect(made.map((error) => [error.kind, error.count])).toEqual([[kind, 1]]);
    expect(ap50 + made[0]!.gain).toBeCloseTo(1, 12);
    expect(ap50).toBeLessThan(1);
  });

  test("both: the object is missed too, as nothing of its class comes close", () => {
    const { made } = errorsOf([found(2, box(5, 0), 0.95), ...perfect.slice(1)]);
    expect(made.map(({ kind }) => kind)).toEqual(["both", "missed"]);
  });
});

test("a mended class that makes a second one of an object goes", () => {
  const { made } = errorsOf([...perfect, found(2, box(0, 0), 0.95)]);
  expect(made).toEqual([{ kind: "class", count: 1, gain: expect.closeTo(0.25, 6) }]);
});

test("no detections: all is missed; without objects nothing has a number", () => {
  expect(errorsOf([])).toEqual({ ap50: 0, made: [{ kind: "missed", count: 3, gain: 1 }] });
});
