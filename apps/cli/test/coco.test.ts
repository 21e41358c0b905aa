import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CocoDataset, ndArray } from "@reprise/data";
import { readImage, writeImage } from "@reprise/data/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inProcess } from "./in-process.ts";

const instances = new URL("../../../packages/data/test/fixtures/coco/instances.json", import.meta.url);
let folder: string;
let at: (name: string) => string;
const small: CocoDataset = {
  images: [{ id: 1, width: 6, height: 4, file_name: "a.png" }],
  categories: [{ id: 5, name: "thing" }],
  annotations: [
    { id: 1, image_id: 1, category_id: 5, bbox: [1, 1, 2, 2], area: 4, segmentation: [[1, 1, 3, 1, 3, 3, 1, 3]] },
  ],
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-coco-"));
  at = (name) => join(folder, name);
  const { dataset, detections } = JSON.parse(await readFile(instances, "utf8"));
  await writeFile(at("gt.json"), JSON.stringify(dataset));
  await writeFile(at("dt.json"), JSON.stringify(detections));
  await writeFile(at("small.json"), JSON.stringify(small));
  await writeImage(at("a.png"), ndArray("uint8", [3, 4, 6], new Uint8Array(72).fill(90)));
});
afterAll(() => rm(folder, { recursive: true }));

describe("reprise coco", () => {
  const evaluate = () => ["evaluate", "--ground-truth", at("gt.json"), "--detections", at("dt.json"), "--type", "segm"];

  test("evaluate prints pycocotools' numbers", async () => {
    const expected = JSON.parse(await readFile(instances, "utf8"))["segm with boxes"].stats;
    const { stats, perCategory } = JSON.parse(await inProcess("coco", [...evaluate(), "--json"]));
    expect(stats).toEqual(expected);
    expect(perCategory).toHaveLength(4);
    const text = await inProcess("coco", evaluate());
    expect(text).toContain(`AP50   ${expected[1].toFixed(3)}`);
    expect(text).toMatch(/class 30 +0 +– +– +– +–/);
    const { errors } = JSON.parse(await inProcess("coco", [...evaluate(), "--errors", "--json"]));
    expect(errors.ap50).toBe(expected[1]);
    const counts = errors.kinds.map(({ count }: { count: number }) => count);
    expect(counts.every((count: number) => count >= 0) && counts.some((count: number) => count > 0)).toBe(true);
    expect(await inProcess("coco", [...evaluate(), "--errors"])).toMatch(/^background +\d+ +[+-]\d\.\d{3}$/m);
    const keypoints = evaluate().with(-1, "keypoints");
    await expect(inProcess("coco", [...keypoints, "--errors"])).rejects.toThrow(
      "--errors are of boxes and masks, not of keypoints.",
    );
  });

  test("stats and check", async () => {
    expect(await inProcess("coco", ["stats", at("small.json")])).toMatch(
      /^1 images, 0 of them without an annotation; 1 objects, 0 crowds\n[\s\S]*thing +5 +1 +1 +0 +1 +0 +0$/,
    );
    expect(await inProcess("coco", ["check", at("small.json"), "--images", folder])).toBe("nothing wrong");
    expect(await inProcess("coco", ["check", at("gt.json"), "--images", folder])).toMatch(
      /^error: image file missing \(40\): \d+\.png, (\d+\.png, ){3}\d+\.png, …$/m,
    );
    await expect(inProcess("coco", ["check", at("gt.json"), "--images", at("none")])).rejects.toThrow(
      "none: is not a folder that can be read.",
    );
  });

  test("convert: to every format and back the objects are the same", async () => {
    const convert = (...args: string[]) => inProcess("coco", ["convert", ...args]);
    const back = async (name: string) => JSON.parse(await readFile(at(name), "utf8")) as CocoDataset;
    for (const [format, path, ...more] of [
      ["labelme", "labelme"],
      ["cvat", "cvat.xml"],
      ["yolo", "yolo", "--images", folder, "--names", "thing"],
    ] as const) {
      await convert(at("small.json"), "--from", "coco", "--to", format, "--out", at(path));
      const said = await convert(at(path), "--from", format, "--out", at(`${format}.json`), ...more);
      expect(said).toBe(`${at(`${format}.json`)}: 1 images, 1 objects of thing`);
      const { images, annotations } = await back(`${format}.json`);
      expect(images[0]).toMatchObject({ file_name: "a.png", width: 6, height: 4 });
      expect(annotations[0]).toMatchObject({ area: 4, bbox: [1, 1, 2, 2], segmentation: [[1, 1, 3, 1, 3, 3, 1, 3]] });
    }
    await writeFile(
      at("via.json"),
      JSON.stringify({
        a: {
          filename: "a.png",
          regions: [{ shape_attributes: { name: "rect", x: 1, y: 1, width: 2, height: 2 }, region_attributes: {} }],
        },
      }),
    );
    await convert(at("via.json"), "--from", "via", "--images", folder, "--out", at("from-via.json"));
    expect((await back("from-via.json")).annotations[0]).toMatchObject({ bbox: [1, 1, 2, 2] });
    await expect(convert(at("small.json"), "--from", "coco", "--out", at("x"))).rejects.toThrow(
      "--from and --to are both coco.",
    );
    await expect(convert(at("yolo"), "--from", "yolo", "--images", folder, "--out", at("x"))).rejects.toThrow(
      "give the --names of the classes 0, 1, …",
    );
    await expect(convert(at("out-of-nowhere"), "--from", "labelme", "--out", at("x"))).rejects.toThrow(
      "out-of-nowhere: is not a folder that can be read.",
    );
  });

  test("draw tints what annotations cover", async () => {
    const args = ["draw", at("small.json"), "--images", folder, "--out", at("out")];
    expect(await inProcess("coco", args)).toBe(`1 pictures in ${at("out")}`);
    const { data } = await readImage(at("out/a.png"));
    const changed = Array.from(data.subarray(0, 24), (value) => Number(value !== 90));
    expect(changed.join("")).toBe(["000000", "011000", "011000", "000000"].join(""));
  });

  test("draw refuses images of another size and without a name", async () => {
    const draw = async (image: object) => {
      await writeFile(at("other.json"), JSON.stringify({ ...small, images: [{ ...small.images[0], ...image }] }));
      return inProcess("coco", ["draw", at("other.json"), "--images", folder, "--out", at("out")]);
    };
    await expect(draw({ width: 4, height: 6 })).rejects.toThrow(
      /a\.png: the image is 6 × 4, .*other\.json says 4 × 6\. Was/,
    );
    await expect(draw({ file_name: undefined })).rejects.toThrow("other.json: image 1 has no file name.");
  });
});
