import { type CocoDataset, checkCoco, colourOf, drawObjects, encodeRle, ndArray, statsOfCoco } from "@reprise/data";
import { expect, test } from "vitest";

const square = (x: number, y: number, side: number) => [x, y, x + side, y, x + side, y + side, x, y + side];
const good: CocoDataset = {
  images: [
    { id: 1, width: 200, height: 100, file_name: "a.png" },
    { id: 2, width: 50, height: 60, file_name: "b.png" },
  ],
  categories: [
    { id: 3, name: "cat" },
    { id: 7, name: "dog" },
  ],
  annotations: [
    { id: 1, image_id: 1, category_id: 3, bbox: [5, 5, 20, 20], area: 400, segmentation: [square(5, 5, 20)] },
    { id: 2, image_id: 1, category_id: 7, bbox: [0, 0, 99, 99], area: 9801, segmentation: [square(0, 0, 99)] },
    { id: 3, image_id: 2, category_id: 7, bbox: [5, 5, 40, 40], area: 1600, segmentation: [square(5, 5, 40)] },
    {
      id: 4,
      image_id: 2,
      category_id: 7,
      bbox: [0, 0, 1, 60],
      area: 60,
      iscrowd: 1,
      segmentation: { size: [60, 50], counts: [0, 60, 2940] },
    },
  ],
};
const kinds = (dataset: CocoDataset, files?: ReadonlySet<string>) =>
  checkCoco(dataset, files ? { files } : {}).map(({ kind, severity, count, examples }) => [
    severity,
    kind,
    count,
    examples[0],
  ]);
const changed = (change: object): CocoDataset => ({
  ...good,
  annotations: [...good.annotations.slice(1), { ...good.annotations[0]!, ...change }],
});

test("a good data set has no problem", () => {
  expect(checkCoco(good, { files: new Set(["a.png", "b.png"]) })).toEqual([]);
});

test.each<[string, CocoDataset, unknown[][]]>([
  [
    "nothing",
    { images: [], annotations: [], categories: [] },
    [
      ["error", "no images", 1, "images"],
      ["error", "no categories", 1, "categories"],
      ["error", "no annotations", 1, "annotations"],
    ],
  ],
  [
    "ids twice",
    { ...good, images: [...good.images, good.images[0]!] },
    [
      ["error", "image id given twice", 1, "image 1"],
      ["warning", "file of two images", 1, "a.png"],
    ],
  ],
  ["annotation ids twice", changed({ id: 2 }), [["error", "annotation id given twice", 1, "annotation 2"]]],
  [
    "categories twice",
    { ...good, categories: [...good.categories, good.categories[0]!] },
    [
      ["error", "category id given twice", 1, "category 3"],
      ["warning", "category name given twice", 1, 'category "cat"'],
    ],
  ],
  [
    "id 0",
    changed({ id: 0 }),
    [["warning", "annotation id 0: pycocotools counts its matches as wrong", 1, "annotation 0"]],
  ],
  [
    "an unknown image",
    changed({ image_id: 9 }),
    [
      ["error", "annotation of an image that is not there", 1, "annotation 1 (image 9)"],
      ["warning", "category without an object (crowds do not count)", 1, 'category 3 "cat"'],
    ],
  ],
  [
    "crowds only",
    changed({ iscrowd: 1 }),
    [["warning", "category without an object (crowds do not count)", 1, 'category 3 "cat"']],
  ],
  [
    "an unknown category",
    changed({ category_id: 4 }),
    [
      ["error", "annotation of a category that is not there", 1, "annotation 1 (category 4)"],
      ["warning", "category without an object (crowds do not count)", 1, 'category 3 "cat"'],
    ],
  ],
  ["three numbers", changed({ bbox: [1, 2, 3] }), [["error", "box is not four numbers", 1, "annotation 1"]]],
  ["no width", changed({ bbox: [1, 2, 0, 3] }), [["error", "box without area", 1, "annotation 1"]]],
  ["outside", changed({ bbox: [200, 2, 5, 3] }), [["error", "box outside its image", 1, "annotation 1"]]],
  [
    "over the edge",
    changed({ bbox: [190, 2, 15, 3] }),
    [["warning", "box over the edge of its image", 1, "annotation 1"]],
  ],
  ["no area", changed({ area: undefined }), [["error", "annotation without an area", 1, "annotation 1"]]],
  [
    "no segmentation",
    changed({ segmentation: undefined }),
    [["warning", "annotation without a segmentation", 1, "annotation 1"]],
  ],
  [
    "a mask elsewhere",
    changed({ segmentation: [square(300, 5, 20)] }),
    [["error", "segmentation covers no pixel", 1, "annotation 1"]],
  ],
  [
    "another area",
    changed({ area: 4 }),
    [["warning", "area far from the segmentation's", 1, "annotation 1 (4, covers 400)"]],
  ],
  [
    "two points",
    changed({ segmentation: [[1, 1, 5, 5]] }),
    [["error", "segmentation that cannot be read", 1, "annotation 1: a polygon has 2 points, an area needs 3."]],
  ],
  [
    "an empty image",
    { ...good, images: [...good.images, { id: 5, width: 0, height: 1 }] },
    [
      ["error", "image without a size", 1, "image 5"],
      ["error", "image without a file name", 1, "image 5"],
      ["warning", "image without an annotation", 1, "image 5"],
    ],
  ],
])("%s", (_, dataset, expected) => {
  expect(kinds(dataset)).toEqual(expected);
});

test("images that are missing on disk", () => {
  expect(kinds(good, new Set(["a.png"]))).toEqual([["error", "image file missing", 1, "b.png"]]);
});

test("what is in a data set", () => {
  expect(statsOfCoco(good)).toEqual({
    images: 2,
    imagesWithoutAnnotation: 0,
    objects: 3,
    crowds: 1,
    polygons: 3,
    rle: 1,
    objectsPerImage: { mean: 2, median: 2, max: 2 },
    smallestImage: [50, 60],
    largestImage: [200, 100],
    categories: [
      { id: 3, name: "cat", images: 1, objects: 1, crowds: 0, small: 1, medium: 0, large: 0 },
      { id: 7, name: "dog", images: 2, objects: 2, crowds: 1, small: 0, medium: 1, large: 1 },
    ],
  });
});

test("a mask tints its pixels, a box outlines them", () => {
  const picture = ndArray("uint8", [1, 3, 4, 4], new Uint8Array(48).fill(100));
  const mask = encodeRle([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 4, 4);
  const { shape, data } = drawObjects(picture, [{ mask, box: [1, 1, 3, 3], colour: [200, 0, 50] }], { opacity: 0.5 });
  expect(shape).toEqual([3, 4, 4]);
  expect([...data.subarray(0, 16)]).toEqual([
    150, 100, 100, 100, 100, 200, 200, 200, 100, 200, 100, 200, 100, 200, 200, 200,
  ]);
  expect([data[16], data[32]]).toEqual([50, 75]);
  const gray = ndArray("uint8", [1, 2, 2], new Uint8Array(4));
  expect(() => drawObjects(gray, [])).toThrow("drawObjects: the picture has 1 channels, RGB has 3.");
  expect(new Set(Array.from({ length: 20 }, (_, i) => colourOf(i).join())).size).toBe(20);
});
