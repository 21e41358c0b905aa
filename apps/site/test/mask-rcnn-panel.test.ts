// What the panel "Mask R-CNN" computes, on Node: the same as the method, on the shipped network.
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { evaluateCoco, rleArea, segmentationToRle } from "@reprise/data";
import { nodeRuntime } from "@reprise/engine/node";
import { cocoOfShapes, decodeModel, evaluate, MaskRcnn, shapesExamples } from "@reprise/mask-rcnn";
import { afterAll, describe, expect, test } from "vitest";
import { defaultInputs, modelBytes, modelFile, paperKey } from "../src/run/mask-rcnn/inputs.ts";
import { generatedPicture, segment } from "../src/run/mask-rcnn/segment.ts";
import { heatMap, maskIou, maskPicture, tinted } from "../src/web/panels/mask-rcnn/pixels.ts";
import { countsText, resultSentence } from "../src/web/panels/mask-rcnn/wording.ts";

const folder = fileURLToPath(new URL(`../content/${paperKey}/`, import.meta.url));
const bytes = new Uint8Array(readFileSync(`${folder}models/${modelFile}`));
const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());
const context = { runtime, signal: new AbortController().signal, progress: () => {}, breathe: async () => {} };

interface Told {
  readonly file: string;
  readonly test: { readonly seed: number; readonly pictures: number; readonly mask: { readonly ap: number } };
}

test("the shipped network is as large as the page says, and as good as its list on some of its test pictures", async () => {
  expect(Math.abs(statSync(`${folder}models/${modelFile}`).size / modelBytes - 1)).toBeLessThan(0.02);
  const [told] = JSON.parse(readFileSync(`${folder}models/models.json`, "utf8")) as Told[];
  expect(told!.file).toBe(modelFile);
  const { state, facts } = decodeModel(bytes, modelFile);
  const model = new MaskRcnn(runtime, state, facts.pictures);
  const examples = shapesExamples(told!.test.seed);
  const dataset = await cocoOfShapes(examples, 25);
  const { segm } = await evaluate(model, dataset, examples, { categories: facts.categories });
  await model.release();
  // 25 of the pictures: their mean is near that of all.
  expect(Math.abs(segm.stats[0]! - told!.test.mask.ap)).toBeLessThan(0.1);
  expect(segm.stats[0]).toBeGreaterThan(0.65);
}, 60_000);

describe("a picture", async () => {
  const given = await generatedPicture(defaultInputs.number);
  const result = await segment(bytes, given, context);
  const { picture, scores, objects, coco, pooled, masks } = result;

  test("is drawn from its number, the same each time", async () => {
    expect((await generatedPicture(defaultInputs.number)).picture.rgba).toEqual(picture.rgba);
    expect((await generatedPicture(defaultInputs.number + 1)).picture.rgba).not.toEqual(picture.rgba);
  });

  test("its objects are found, and told in COCO's format with the masks that are drawn", async () => {
    const sure = Array.from(scores.keys()).filter((d) => scores[d]! >= 0.5);
    expect(sure).toHaveLength(given.truth);
    expect(coco).toHaveLength(scores.length);
    coco.forEach(({ image_id, segmentation, score }, d) => {
      expect(image_id).toBe(picture.name);
      expect(score).toBe(scores[d]);
      const rle = segmentationToRle(segmentation!, picture.height, picture.width);
      expect(rleArea(rle)).toBe(objects[d]!.reduce((a, b) => a + b, 0));
    });
    expect(() =>
      evaluateCoco(
        { images: [{ id: picture.name, ...picture }], annotations: [], categories: [...result.categories] },
        coco,
        { type: "segm" },
      ),
    ).not.toThrow();
  });

  test("RoIPool moves features and masks, and leaves them alike", () => {
    expect(Math.max(...pooled.difference)).toBeGreaterThan(0.01);
    const iou = maskIou(masks.subarray(0, 784), pooled.masks.subarray(0, 784));
    expect(iou).toBeGreaterThan(0.3);
    expect(iou).toBeLessThan(1);
    expect(maskIou(masks.subarray(0, 784), masks.subarray(0, 784))).toBe(1);
  });

  test("is told in words", () => {
    expect(countsText({ names: ["disc", "disc", "square"], scores: Float32Array.of(0.9, 0.8, 0.4) }, 0.5)).toBe(
      "2 discs",
    );
    expect(countsText({ names: [], scores: new Float32Array(0) }, 0.5)).toBe("nothing");
    expect(resultSentence(result)).toMatch(
      new RegExp(`^Found: .+; ${given.truth} objects? w(as|ere) drawn\\. \\d+ regions were proposed, `),
    );
  });

  test("tints what is shown and nothing else", () => {
    expect(tinted(picture, objects, []).rgba).toEqual(picture.rgba);
    const { rgba } = tinted(picture, objects, [0]);
    const changed = objects[0]!.map((_, at) => (rgba[4 * at] === picture.rgba[4 * at] ? 0 : 1));
    changed.forEach((is, at) => {
      if (is) expect(objects[0]![at]).toBe(1);
    });
    expect(changed.reduce((a, b) => a + b, 0)).toBeGreaterThan(20);
    expect(heatMap(Float32Array.of(0, 1, 2, 4), 4).rgba).toHaveLength(16);
    expect([...maskPicture(Float32Array.of(0, 1, 0, 0)).rgba.slice(0, 8)]).toEqual([
      255, 255, 255, 255, 40, 40, 40, 255,
    ]);
  });

  test("can be the reader's own, of any size, and one where nothing is", async () => {
    const blank = { name: "blank.png", width: 50, height: 3, rgba: new Uint8ClampedArray(600).fill(255) };
    const none = await segment(bytes, { picture: blank, truth: null }, context);
    expect(none.objects.every((mask) => mask.length === 150)).toBe(true);
    expect(resultSentence(none)).toMatch(/^Found: .+\. \d+ regions were proposed/);
  });

  test("is stopped before the network looks", async () => {
    const controller = new AbortController();
    const progress = () => controller.abort(new Error("cancelled"));
    await expect(segment(bytes, given, { ...context, signal: controller.signal, progress })).rejects.toThrow(
      "cancelled",
    );
  });
});

test("the stored run is of the page's default inputs", async () => {
  const stored = JSON.parse(readFileSync(`${folder}run/result.json`, "utf8")) as {
    caption: string;
    table: { rows: unknown[] };
  };
  const { truth } = await generatedPicture(defaultInputs.number);
  expect(stored.table.rows).toHaveLength(truth);
  expect(stored.caption).toMatch(/^Found: /);
});
