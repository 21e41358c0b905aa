import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CocoDataset,
  type CocoDetection,
  type EvaluationType,
  evaluateCoco,
  parseCoco,
  parseDetections,
} from "@reprise/data";
import { describe, expect, test } from "vitest";

interface Expected {
  stats: number[];
  categories: Record<string, [number, number]>;
}
type Fixture = { dataset: CocoDataset; detections: CocoDetection[] } & Record<string, Expected>;

// Numbers by pycocotools: tools/reference/coco.py.
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/coco/${name}.json`, import.meta.url), "utf8")) as Fixture;
const instances = fixture("instances");
const people = fixture("keypoints");
const without = (field: keyof CocoDetection) =>
  instances.detections.map(({ [field]: _, ...rest }) => rest as CocoDetection);

describe("evaluateCoco gives pycocotools' numbers to the last digit", () => {
  test.each<[string, EvaluationType, Fixture, readonly CocoDetection[]]>([
    ["bbox", "bbox", instances, without("segmentation")],
    ["segm", "segm", instances, without("bbox")],
    ["segm with boxes", "segm", instances, instances.detections],
    ["segm of boxes", "segm", instances, without("segmentation")],
    ["keypoints", "keypoints", people, people.detections],
    ["bbox", "bbox", people, people.detections],
  ])("%s (%s)", (name, type, { dataset, [name]: expected }, detections) => {
    const { stats, names, perCategory } = evaluateCoco(dataset, detections, { type });
    expect(stats).toEqual(expected!.stats);
    expect(names).toHaveLength(stats.length);
    expect(Object.fromEntries(perCategory.map(({ id, ap, ap50 }) => [id, [ap, ap50]]))).toEqual(expected!.categories);
  });

  const shared = join(process.env.REPRISE_DATA ?? "", "maskrcnn", "cocoapi_eval");
  const optional = process.env.REPRISE_DATA && existsSync(shared);
  test.skipIf(!optional)("of COCO's own example, 100 images of val2014 (REPRISE_DATA)", () => {
    const read = (name: string) => readFileSync(join(shared, name), "utf8");
    const expected = JSON.parse(read("expected_pycocotools.json")) as Record<string, Expected>;
    const dataset = parseCoco(read("instances_val2014_100.json"), "gt");
    for (const type of ["bbox", "segm"] as const) {
      const detections = parseDetections(read(`instances_val2014_fake${type}100_results.json`), "dt");
      expect(evaluateCoco(dataset, detections, { type }).stats).toEqual(expected[type]!.stats);
    }
  });
});

describe("evaluateCoco at the borders", () => {
  const image = { id: 1, width: 50, height: 50 };
  const truth = {
    id: 1,
    image_id: 1,
    category_id: 1,
    bbox: [5, 5, 10, 10],
    area: 100,
    segmentation: [[5, 5, 15, 5, 15, 15, 5, 15]],
  };
  const dataset: CocoDataset = { images: [image], annotations: [truth], categories: [{ id: 1, name: "a" }] };
  const found: CocoDetection = { image_id: 1, category_id: 1, score: 0.9, bbox: [5, 5, 10, 10] };

  test("no detection: 0 where there is ground truth, −1 where there is none", () => {
    expect(evaluateCoco(dataset, [], { type: "bbox" }).stats).toEqual([0, 0, 0, 0, -1, -1, 0, 0, 0, 0, -1, -1]);
  });

  test("no ground truth but crowds: −1", () => {
    const crowds = { ...dataset, annotations: [{ ...truth, iscrowd: 1 as const }] };
    expect(evaluateCoco(crowds, [found], { type: "bbox" }).stats).toEqual(new Array(12).fill(-1));
  });

  test("a perfect detection: AP 1 less the rounding of pycocotools", () => {
    const { perCategory, stats } = evaluateCoco(dataset, [found], { type: "bbox" });
    expect(stats[0]).toBeCloseTo(1, 14);
    expect(perCategory[0]!.curves[0]!.scores).toEqual(new Array(101).fill(0.9));
  });

  test.each<[string, Partial<CocoDataset>, Partial<CocoDetection>, EvaluationType, string]>([
    ["an unknown image", {}, { image_id: 5 }, "bbox", "dt.json: has 1 image ids that gt.json lacks: 5."],
    ["no categories", { categories: [] }, {}, "bbox", "gt.json: has no categories: nothing to evaluate."],
    [
      "no area",
      { annotations: [{ ...truth, area: undefined as never }] },
      {},
      "bbox",
      "gt.json: annotation 1 has no area, by which COCO tells sizes apart.",
    ],
    [
      "no segmentation",
      { annotations: [{ ...truth, segmentation: undefined as never }] },
      {},
      "segm",
      "gt.json: annotation 1: has no segmentation.",
    ],
    [
      "no box",
      {},
      { bbox: undefined as never },
      "segm",
      "dt.json: detection 0 (image 1): the detection has neither a segmentation nor a bbox.",
    ],
    [
      "a mask of another size",
      {},
      { segmentation: { size: [50, 40], counts: [2000] } },
      "segm",
      "dt.json: detection 0 (image 1): the RLE is 40 × 50, its image 50 × 50.",
    ],
    ["other keypoints", {}, {}, "keypoints", "gt.json: annotation 1 has 0 keypoints, there are sigmas for 17."],
  ])("%s", (_, truths, detection, type, message) => {
    const sources = { groundTruth: "gt.json", detections: "dt.json" };
    expect(() => evaluateCoco({ ...dataset, ...truths }, [{ ...found, ...detection }], { type, sources })).toThrow(
      message,
    );
  });

  test.each<[string, () => unknown, string]>([
    ["results as data set", () => parseCoco("[]", "a.json"), "a.json: is a list, as COCO's results are."],
    ["no list", () => parseCoco('{"images":[]}', "a.json"), 'a.json: has no list "annotations".'],
    ["no JSON", () => parseCoco("{", "a.json"), "a.json: is not JSON ("],
    [
      "a data set as results",
      () => parseDetections("{}", "a.json"),
      "a.json: is not a list. COCO's results are a list of",
    ],
    [
      "no image",
      () => parseDetections('[{"score":1}]', "a.json"),
      "a.json: detection 0 has no image_id or no category_id.",
    ],
    [
      "no score",
      () => parseDetections('[{"image_id":3,"category_id":1}]', "a.json"),
      "a.json: detection 0 (image 3) has the score undefined, which is no number.",
    ],
  ])("%s", (_, parse, message) => {
    expect(parse).toThrow(message);
  });
});
