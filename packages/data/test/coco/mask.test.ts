import { readFileSync } from "node:fs";
import {
  boxIou,
  decodeRle,
  encodeRle,
  mergeRle,
  polygonToRle,
  type RleJson,
  rleArea,
  rleBox,
  rleFromString,
  rleIou,
  rleToString,
  segmentationToRle,
} from "@reprise/data";
import { describe, expect, test } from "vitest";

// Numbers by pycocotools: tools/reference/coco.py.
const fixture = JSON.parse(readFileSync(new URL("../fixtures/coco/masks.json", import.meta.url), "utf8")) as {
  height: number;
  width: number;
  masks: { height: number; width: number; rows: string; rle: string; area: number; box: number[] }[];
  polygons: { points: number[]; rle: string; area: number; box: number[] }[];
  iou: {
    detections: RleJson[];
    truths: RleJson[];
    crowd: number[];
    masks: number[][];
    boxes: number[][];
    union: RleJson;
    intersection: RleJson;
  };
};
const read = ({ size, counts }: RleJson) => rleFromString(counts as string, ...size);

describe("masks", () => {
  test("encode, decode, area and box as pycocotools", () => {
    for (const { height, width, rows, rle, area, box } of fixture.masks) {
      const bits = Uint8Array.from(rows, Number);
      const encoded = encodeRle(bits, height, width);
      expect(rleToString(encoded)).toBe(rle);
      expect(decodeRle(rleFromString(rle, height, width))).toEqual(bits);
      expect([rleArea(encoded), rleBox(encoded)]).toEqual([area, box]);
    }
  });

  test("polygons, off the image, doubled and without area, are the masks of pycocotools", () => {
    for (const { points, rle, area, box } of fixture.polygons) {
      const mask = polygonToRle(points, fixture.height, fixture.width);
      expect(rleToString(mask), points.join()).toBe(rle);
      expect([rleArea(mask), rleBox(mask)]).toEqual([area, box]);
    }
  });

  test("IoU with crowds, union and intersection as pycocotools", () => {
    const { detections, truths, crowd, masks, boxes, union, intersection } = fixture.iou;
    const [d, t] = [detections.map(read), truths.map(read)];
    expect(Array.from(rleIou(d, t, crowd))).toEqual(masks.flat());
    const flat = (rles: typeof d) => Float64Array.from(rles.flatMap(rleBox));
    expect(Array.from(boxIou(flat(d), flat(t), crowd))).toEqual(boxes.flat());
    expect(rleToString(mergeRle(d))).toBe(union.counts);
    expect(rleToString(mergeRle(d.slice(0, 2), { intersect: true }))).toBe(intersection.counts);
  });
});

describe("bad masks", () => {
  test.each<[unknown, RegExp]>([
    [[[1, 1, 5, 5]], /x: a polygon has 2 points, an area needs 3\./],
    [[[1, 1, 5, 5, 7, 1, 3]], /x: a polygon has 7 numbers: x without y/],
    [[[1, 1, 5, null, 7, 1]], /x: a polygon has a coordinate that is no finite number/],
    [[1, 1, 5, 5, 7, 1], /x: the segmentation is neither a list of polygons nor an RLE/],
    [[], /x: the segmentation is empty/],
    [{ size: [4, 6], counts: [24] }, /x: the RLE is 6 × 4, its image 4 × 5\./],
    [{ size: [5, 4], counts: [7, 3] }, /x: the RLE's runs sum to 10 pixels, an image of 4 × 5 has 20\./],
    [{ size: [5, 4], counts: "o" }, /x: the RLE counts end in the middle of a number/],
    [{ size: [5, 4], counts: "~" }, /x: the RLE counts have the character "~"/],
    [{ size: [5, 4], counts: "O" }, /x: the RLE counts have a run of -1 pixels/],
  ])("%j", (segmentation, message) => {
    expect(() => segmentationToRle(segmentation as never, 5, 4, "x")).toThrow(message);
  });

  test("of two sizes", () => {
    const [a, b] = [encodeRle([1, 1], 1, 2), encodeRle([1, 1], 2, 1)];
    expect(() => mergeRle([a, b])).toThrow(/masks of 2 × 1 and 1 × 2 pixels cannot be compared/);
    expect(() => rleIou([a], [b], [0])).toThrow(/cannot be compared/);
    expect(() => mergeRle([])).toThrow("mergeRle: no mask to merge.");
    expect(() => encodeRle([1], 2, 2)).toThrow("encodeRle: 1 values, a mask of 2 × 2 has 4.");
  });
});
