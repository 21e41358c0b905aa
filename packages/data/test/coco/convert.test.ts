import {
  type CocoDataset,
  cocoFromLabelMe,
  cocoFromVia,
  cocoFromYolo,
  encodeRle,
  labelMeFromCoco,
  rleArea,
  rleToJson,
  yoloFromCoco,
} from "@reprise/data";
import { readLabelMeMasks } from "@reprise/data/node";
import { describe, expect, test } from "vitest";

const triangle = [8, 8, 40, 8, 24, 40];
const square = [50, 10, 70, 10, 70, 30, 50, 30];
const dataset: CocoDataset = {
  images: [{ id: 1, file_name: "a/b.png", width: 128, height: 64 }],
  categories: [
    { id: 1, name: "cat" },
    { id: 2, name: "dog" },
  ],
  annotations: [
    { id: 1, image_id: 1, category_id: 1, bbox: [8, 8, 32, 32], area: 528, iscrowd: 0, segmentation: [triangle] },
    {
      id: 2,
      image_id: 1,
      category_id: 2,
      bbox: [8, 8, 62, 32],
      area: 928,
      iscrowd: 0,
      segmentation: [triangle, square],
    },
  ],
};
const shape = (label: string, shape_type: string, points: number[][], group_id: number | null = null) => ({
  label,
  shape_type,
  points,
  group_id,
});
const labelMe = (...shapes: object[]) => [
  { name: "x.json", json: { imagePath: "x.png", imageWidth: 100, imageHeight: 80, shapes } },
];
const corners = [
  [5, 7],
  [7, 8],
];
const sizes = new Map([["x.png", { width: 100, height: 80 }]]);

describe("LabelMe", () => {
  test("there and back", () => {
    const files = labelMeFromCoco(dataset);
    expect(files.map(({ name }) => name)).toEqual(["a/b.json"]);
    const back = cocoFromLabelMe(files);
    expect(back.images).toEqual(dataset.images);
    expect(back.categories).toEqual(dataset.categories);
    expect(back.annotations.map(({ area: _, ...rest }) => rest)).toEqual(
      dataset.annotations.map(({ area: _, ...rest }) => rest),
    );
  });

  test("masks with holes, there and back, over the edge, and in one group with a polygon", async () => {
    const ring = Uint8Array.from({ length: 64 * 128 }, (_, i) => {
      const [x, y] = [i % 128, Math.floor(i / 128)];
      return x > 3 && x < 30 && y > 5 && y < 20 && !(x > 10 && x < 14 && y > 9 && y < 12) ? 1 : 0;
    });
    const rle = encodeRle(ring, 64, 128);
    const one = { ...dataset.annotations[0]!, bbox: [4, 6, 26, 14], area: rleArea(rle), segmentation: rleToJson(rle) };
    const files = labelMeFromCoco({ ...dataset, annotations: [one] });
    const back = cocoFromLabelMe(files, { masks: await readLabelMeMasks(files) });
    expect(back.annotations).toEqual([one]);

    const masks = new Map([["AA", { data: new Uint8Array(6).fill(1), height: 2, width: 3 }]]);
    const over = [
      [98, 79],
      [100, 80],
    ];
    const cut = cocoFromLabelMe(labelMe({ ...shape("a", "mask", over), mask: "AA" }), { masks });
    expect(cut.annotations[0]!.bbox).toEqual([98, 79, 2, 1]);
    const both = [
      { ...shape("a", "mask", corners, 1), mask: "AA" },
      shape(
        "a",
        "rectangle",
        [
          [50, 50],
          [60, 60],
        ],
        1,
      ),
    ];
    const grouped = cocoFromLabelMe(labelMe(...both), { masks });
    expect(grouped.annotations.map(({ area }) => area)).toEqual([106]);
    await expect(readLabelMeMasks(labelMe({ ...shape("a", "mask", corners), mask: "AA" }))).rejects.toThrow(
      'x.json, mask of "a": is not an image (1 bytes)',
    );
  });

  test("rectangles, circles, groups", () => {
    const { annotations } = cocoFromLabelMe(
      labelMe(
        shape("a", "rectangle", [
          [30, 20],
          [10, 5],
        ]),
        shape("b", "circle", [
          [50, 40],
          [60, 40],
        ]),
        shape(
          "a",
          "polygon",
          [
            [0, 0],
            [5, 0],
            [0, 5],
          ],
          3,
        ),
        shape(
          "a",
          "polygon",
          [
            [20, 0],
            [25, 0],
            [20, 5],
          ],
          3,
        ),
      ),
    );
    expect(annotations[0]).toMatchObject({ bbox: [10, 5, 20, 15], area: 300, category_id: 1 });
    expect(annotations[1]!.area / (Math.PI * 100)).toBeCloseTo(1, 1);
    expect(annotations[2]!.segmentation).toHaveLength(2);
    expect(annotations).toHaveLength(3);
  });

  test.each<[string, () => unknown, string]>([
    [
      "lines",
      () =>
        cocoFromLabelMe(
          labelMe(
            shape("a", "line", [
              [0, 0],
              [1, 1],
            ]),
          ),
        ),
      'x.json: the shape "a" is a line. Polygons, rectangles, circles and masks are read; delete or redraw it.',
    ],
    [
      "two points",
      () =>
        cocoFromLabelMe(
          labelMe(
            shape("a", "polygon", [
              [0, 0],
              [1, 1],
            ]),
          ),
        ),
      'x.png: a polygon of "a" has 2 points, an area needs 3.',
    ],
    [
      "another file",
      () => cocoFromLabelMe([{ name: "x.json", json: {} }]),
      "x.json: is not a LabelMe file: it has no imagePath or no list of shapes.",
    ],
    [
      "no size",
      () => cocoFromLabelMe([{ name: "x.json", json: { imagePath: "x.png", shapes: [] } }]),
      "x.png: the image's size is NaN × NaN; COCO needs it. Give the image files too.",
    ],
    [
      "no segmentation",
      () => {
        const { segmentation: _, ...boxed } = dataset.annotations[0]!;
        return labelMeFromCoco({ ...dataset, annotations: [boxed] });
      },
      "annotation 1: has no segmentation.",
    ],
    [
      "a mask whose picture was not read",
      () => cocoFromLabelMe(labelMe({ ...shape("a", "mask", corners), mask: "AA" })),
      'x.json: the mask of "a" was not read: give the pictures of its masks.',
    ],
    [
      "a mask of another size",
      () =>
        cocoFromLabelMe(labelMe({ ...shape("a", "mask", corners), mask: "AA" }), {
          masks: new Map([["AA", { data: new Uint8Array(4), height: 2, width: 2 }]]),
        }),
      'x.json: the mask of "a" is 2 × 2, its points say 3 × 2.',
    ],
  ])("%s", (_, convert, message) => {
    expect(convert).toThrow(message);
  });
});

describe("VIA", () => {
  const region = (shape_attributes: object, region_attributes: object = { kind: "fig" }) => ({
    shape_attributes,
    region_attributes,
  });
  const rect = { name: "rect", x: 5, y: 6, width: 10, height: 20 };
  const version2 = (regions: object) => ({
    _via_img_metadata: { "x.png123": { filename: "x.png", size: 123, regions } },
  });
  const triangles = { name: "polygon", all_points_x: [8, 40, 24], all_points_y: [8, 8, 40] };

  test("version 2, and version 1's regions by number", () => {
    const expected = { bbox: [8, 8, 32, 32], segmentation: [triangle], category_id: 1 };
    const two = cocoFromVia(version2([region(triangles), region(rect)]), "v.json", { sizes });
    expect(two.annotations).toMatchObject([expected, { bbox: [5, 6, 10, 20], area: 200 }]);
    expect(two.categories).toEqual([{ id: 1, name: "fig" }]);
    const one = { "x.png123": { filename: "x.png", regions: { 0: region(triangles) } } };
    expect(cocoFromVia(one, "v.json", { sizes }).annotations).toMatchObject([expected]);
  });

  test("version 3, classes by their option", () => {
    const project = {
      file: { 1: { fname: "x.png" } },
      view: { 1: { fid_list: ["1"] } },
      attribute: { 1: { aname: "kind", options: { 0: "fig", 1: "date" } } },
      metadata: {
        "1_a": { vid: "1", xy: [7, ...triangle], av: { 1: "1" } },
        "1_b": { vid: "1", xy: [2, 5, 6, 10, 20], av: { 1: "0" } },
      },
    };
    const { annotations, categories } = cocoFromVia(project, "v.json", { sizes });
    expect(annotations).toMatchObject([{ segmentation: [triangle] }, { bbox: [5, 6, 10, 20] }]);
    expect(categories.map(({ name }) => name)).toEqual(["date", "fig"]);
    expect(() => cocoFromVia({ ...project, file: {} }, "v.json", { sizes })).toThrow(
      "v.json: the view 1 shows a file that the project lacks.",
    );
    const point = { "1_a": { vid: "1", xy: [1, 5, 6], av: {} } };
    expect(() => cocoFromVia({ ...project, metadata: point }, "v.json", { sizes })).toThrow(
      "v.json: x.png: a region is of the shape 1, which has no area.",
    );
  });

  test.each<[string, unknown, object, string]>([
    ["another file", {}, {}, "v.json: is not a project of the VGG Image Annotator: its entries have no filename."],
    [
      "an unknown image",
      version2([]),
      { sizes: new Map() },
      'v.json: the image "x.png" is not among the images that were given.',
    ],
    [
      "two attributes",
      version2([region(rect, { kind: "fig", ripe: "yes" })]),
      {},
      "v.json: x.png: a region has no class: its attributes are kind, ripe; which of them names the class?",
    ],
    [
      "points",
      version2([region({ name: "point", cx: 1, cy: 2 })]),
      {},
      "v.json: x.png: a region is a point, which has no area.",
    ],
  ])("%s", (_, json, options, message) => {
    expect(() => cocoFromVia(json, "v.json", { sizes, ...options })).toThrow(message);
  });
});

describe("YOLO", () => {
  test("there and back, several polygons as several objects", () => {
    const { names, files } = yoloFromCoco(dataset);
    expect(files[0]!.text.split("\n")[0]).toBe("0 0.0625 0.125 0.3125 0.125 0.1875 0.625");
    const back = cocoFromYolo(files, names);
    expect(back.images).toEqual(dataset.images);
    expect(back.categories).toEqual(dataset.categories);
    expect(back.annotations.map(({ segmentation }) => segmentation)).toEqual([[triangle], [triangle], [square]]);
    const rle = {
      ...dataset,
      annotations: [{ ...dataset.annotations[0]!, segmentation: { size: [1, 1], counts: [1] } as const }],
    };
    expect(() => yoloFromCoco(rle)).toThrow("annotation 1: its mask is an RLE, which YOLO's outlines cannot say.");
  });

  test.each([
    ["0 .1 .2 .3", "x.png: line 2: 3 numbers after the class, a polygon has at least 3 pairs x y."],
    ["7 0 0 0 1 1 1", "x.png: line 2: the class 7 is not one of the 1 names."],
  ])("%s", (line, message) => {
    const file = { image: "x.png", width: 10, height: 10, text: `0 0 0 0 1 1 1\n${line}\n` };
    expect(() => cocoFromYolo([file], ["a"])).toThrow(message);
  });
});
