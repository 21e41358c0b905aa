// The verbs as the command line runs them, on files.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CocoDetection, evaluateCoco, ndArray, parseCoco, parseDetections, Random } from "@reprise/data";
import { writeImage } from "@reprise/data/node";
import type { Verb, VerbContext } from "@reprise/experiment/verb";
import { writeSafetensors } from "@reprise/nn";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cocoNames } from "../src/coco-names.ts";
import { cocoOfShapes, forClasses, shapesExamples } from "../src/index.ts";
import { verbs } from "../src/verbs/index.node.ts";
import { state } from "./generated.ts";

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const small = { minSize: 64, maxSize: 96, anchorSizes: [8, 16, 32, 64, 96], threads: 1 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mask-rcnn-"));
  const examples = shapesExamples(7, { height: 64, width: 80 });
  const dataset = await cocoOfShapes(examples, 4);
  const images = dataset.images.map((image) => ({ ...image, file_name: `${image.id}.png` }));
  // Ids with gaps, as COCO's own.
  const categories = dataset.categories.map(({ id, name }) => ({ id: 10 * id, name }));
  const annotations = dataset.annotations.map((one) => ({ ...one, category_id: 10 * one.category_id }));
  await writeFile(at("gt.json"), JSON.stringify({ images, categories, annotations }));
  for (const { id } of images) {
    const { picture } = await examples.read(id as number);
    await writeImage(at(`${id}.png`), ndArray("uint8", [3, picture.height, picture.width], picture.data));
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a verb as the command line does, defaults filled in. */
async function run(
  name: string,
  args: string[],
  options: Record<string, unknown>,
  {
    signal = new AbortController().signal,
    show = () => {},
  }: { signal?: AbortSignal; show?: (text: string) => void } = {},
) {
  const verb = verbs.find((one) => one.name === name) as Verb;
  const defaults = Object.entries(verb.options).flatMap(([key, option]) =>
    "default" in option ? [[key, option.default]] : [],
  );
  let stopped = "";
  const context: VerbContext = {
    args,
    options: { ...Object.fromEntries(defaults), ...options },
    json: false,
    debug: false,
    signal,
    onStop: (message) => {
      stopped = message();
    },
    progress: { show, end: () => {} },
    command: `mask-rcnn ${name}`,
  };
  const answer = await verb.run(context);
  return { result: answer!.result as Record<string, unknown>, text: answer!.text(), stopped };
}

const train = (data: string, options: Record<string, unknown>, more = {}) => run("train", [data], options, more);

test("a data set: train, evaluate, predict, inspect", { timeout: 60_000 }, async () => {
  const model = at("M.safetensors");
  const { result } = await train(at("gt.json"), {
    ...{ ...small, out: model, steps: 6, validateEvery: 3, validation: at("gt.json") },
  });
  expect(result).toMatchObject({ model, pictures: 4, classes: ["disc", "square", "triangle"], steps: 6, skipped: 0 });
  expect(existsSync(`${model}.checkpoint`)).toBe(false);
  expect(existsSync(at("M.safetensors.overlays", "step6-3.png"))).toBe(true);
  const log = (await readFile(`${model}.log.jsonl`, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(log.filter(({ loss }) => loss !== undefined).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(log.filter(({ mask }) => mask).map(({ step }) => step)).toEqual([3, 6]);
  expect(existsSync(at("M.safetensors.plots", "loss.png"))).toBe(true);
  expect(existsSync(at("M.safetensors.plots", "ap.png"))).toBe(true);
  const losses = await readFile(at("M.safetensors.plots", "loss.svg"), "utf8");
  for (const name of ["all five", "classes", "masks", "proposals"]) expect(losses).toContain(name);

  const judged = await run("evaluate", [at("gt.json")], { model, out: at("dt.json"), threads: 1 });
  const dataset = parseCoco(await readFile(at("gt.json"), "utf8"), "gt");
  const detections = parseDetections(await readFile(at("dt.json"), "utf8"), "dt");
  expect((judged.result.segm as { stats: number[] }).stats).toEqual(
    evaluateCoco(dataset, detections, { type: "segm" }).stats,
  );
  expect(judged.text).toContain("disc");

  await run("predict", [folder], { model, out: at("P"), score: 0, threads: 1 });
  const results = parseDetections(await readFile(at("P", "results.json"), "utf8"), "results.json");
  expect(existsSync(at("P", "3.png"))).toBe(true);
  expect(new Set(results.map(({ category_id }) => category_id % 10))).toEqual(new Set([0]));
  for (const { bbox, segmentation } of results) {
    expect(bbox).toHaveLength(4);
    expect(segmentation).toMatchObject({ size: [64, 80], counts: expect.any(String) });
  }

  const exported = await run("export", [model], { out: at("M.onnx"), height: 64, width: 80, proposals: 50 });
  expect(exported.result.bytes).toBe((await readFile(at("M.onnx"))).length);

  const { text } = await run("inspect", [model], {});
  expect(text).toContain("4 classes with the background");
  expect(text).toContain("classes: 10 disc, 20 square, 30 triangle");
});

test("a training that is stopped goes on to the same bits", { timeout: 60_000 }, async () => {
  const options = { ...small, minSizes: [48, 64], steps: 4, validateEvery: 2 };
  await train(at("gt.json"), { ...options, out: at("whole") });
  const controller = new AbortController();
  const show = (text: string) => {
    if (text.startsWith("step 3")) controller.abort(new Error("stopped"));
  };
  await expect(
    train(at("gt.json"), { ...options, out: at("parts") }, { signal: controller.signal, show }),
  ).rejects.toThrow("stopped");
  expect(existsSync(at("parts"))).toBe(false);
  await expect(train(at("gt.json"), { ...options, out: at("parts"), steps: 5 })).rejects.toThrow(
    /parts\.checkpoint: this training was begun with other settings .* Give the same ones, or remove the file/,
  );
  await train(at("gt.json"), { ...options, out: at("parts") });
  expect(await readFile(at("parts"))).toEqual(await readFile(at("whole")));
});

test("other classes: the network's outputs are new, its body is kept", { timeout: 60_000 }, async () => {
  const options = { ...small, steps: 1 };
  await train(at("gt.json"), { ...options, out: at("three") });
  const dataset = JSON.parse(await readFile(at("gt.json"), "utf8"));
  await writeFile(
    at("one.json"),
    JSON.stringify({
      ...dataset,
      categories: [{ id: 1, name: "shape" }],
      annotations: dataset.annotations.map((one: object) => ({ ...one, category_id: 1 })),
    }),
  );
  const { result } = await train(at("one.json"), { ...options, out: at("one"), weights: at("three") });
  expect(result.classes).toEqual(["shape"]);
  await expect(run("evaluate", [at("gt.json")], { model: at("one"), threads: 1 })).rejects.toThrow(
    "has categories that",
  );
});

test("a state_dict of torchvision is run as it is, its classes named by COCO", { timeout: 60_000 }, async () => {
  const classes = forClasses(state, 91, new Random(0));
  await writeFile(at("tv.safetensors"), writeSafetensors(classes));
  const { result } = await run("predict", [at("0.png")], {
    ...{ model: at("tv.safetensors"), out: at("TV"), score: 0, minSize: 64, maxSize: 96, threads: 1 },
  });
  const found = (result.results as CocoDetection[]).map(({ category_id }) => category_id);
  expect(found.length).toBeGreaterThan(0);
  expect(found.every((id) => id >= 1 && id <= 90)).toBe(true);
  expect(cocoNames.size).toBe(80);
  expect([1, 13, 28, 44, 61, 70, 82, 90].map((id) => cocoNames.get(id))).toEqual([
    ...["person", "stop sign", "umbrella", "bottle", "cake", "toilet", "refrigerator", "toothbrush"],
  ]);
  expect(cocoNames.get(12)).toBeUndefined();
});

test("losses that are not finite: steps and pictures are named, the weights before are kept", {
  timeout: 60_000,
}, async () => {
  const options = { ...small, out: at("D"), steps: 30, learningRate: 1e38, warmUp: 0 };
  await expect(train(at("gt.json"), options)).rejects.toThrow(
    /^The loss is (NaN|Infinity|-Infinity) at step \d+ \(.*\.png, .*\.png\), as at the 9 steps before\. Lower the learning rate, 1e\+38, or lengthen the warm-up; the weights before are kept\. They are in .*D\.last-good\.$/,
  );
  const log = (await readFile(`${at("D")}.log.jsonl`, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(log.filter(({ skipped }) => skipped?.length === 2).length).toBeGreaterThanOrEqual(10);
  expect((await run("inspect", [at("D.last-good")], {})).text).toContain("4 classes");
});

test("pictures of one pixel, and of one row", { timeout: 60_000 }, async () => {
  await train(at("gt.json"), { ...small, steps: 1, out: at("S") });
  await writeImage(at("S-1.png"), ndArray("uint8", [3, 1, 1], Uint8Array.of(1, 2, 3)));
  await writeImage(at("S-row.png"), ndArray("uint8", [3, 1, 700], new Uint8Array(2100)));
  const { result } = await run("predict", [at("S-1.png"), at("S-row.png")], {
    ...{ model: at("S"), out: at("SP"), score: 0, threads: 1 },
  });
  expect(result.pictures).toBe(2);
});

describe("what cannot be learnt from is refused before the work", () => {
  const change = async (name: string, changed: (dataset: Record<string, unknown[]>) => unknown) => {
    await writeFile(at(name), JSON.stringify(changed(JSON.parse(await readFile(at("gt.json"), "utf8")))));
    return train(at(name), { ...small, out: at("N") });
  };

  test("no annotation, crowds only, no images, images that are missing, unknown categories", async () => {
    await expect(change("a.json", (set) => ({ ...set, annotations: [] }))).rejects.toThrow(
      "has no annotations: there is nothing to learn.",
    );
    const crowds = (set: Record<string, unknown[]>) =>
      set.annotations!.map((one) => ({ ...(one as object), iscrowd: 1 }));
    await expect(change("b.json", (set) => ({ ...set, annotations: crowds(set) }))).rejects.toThrow(
      /none of its \d+ annotations is an object with an area that is no crowd/,
    );
    await expect(change("c.json", (set) => ({ ...set, images: [] }))).rejects.toThrow("has no images.");
    const gone = (set: Record<string, unknown[]>) =>
      set.images!.map((one, i) => ({ ...(one as object), file_name: `gone${i}.png` }));
    await expect(change("d.json", (set) => ({ ...set, images: gone(set) }))).rejects.toThrow(
      /4 of 4 images are missing: .*gone0\.png, .*, … Name their folder|4 of 4 images are missing: .*gone0\.png/,
    );
    await expect(change("e.json", (set) => ({ ...set, categories: [{ id: 10, name: "disc" }] }))).rejects.toThrow(
      /annotation \d+ has the unknown category \d0\./,
    );
  });

  test("ids given twice, polygons of two points, RLE of another size", async () => {
    const twice = (name: string) => (set: Record<string, unknown[]>) => ({
      ...set,
      [name]: [...set[name]!, set[name]![0]],
    });
    const check = "reprise coco check lists every problem of the file.";
    await expect(change("f.json", twice("images"))).rejects.toThrow(`has two images of the id 0. ${check}`);
    await expect(change("g.json", twice("categories"))).rejects.toThrow(`has two categories of the id 10. ${check}`);
    const with1 = (segmentation: unknown) => (set: Record<string, unknown[]>) => ({
      ...set,
      annotations: set.annotations!.map((one, i) => (i === 0 ? { ...(one as object), segmentation } : one)),
    });
    await expect(change("h.json", with1([[1, 1, 9, 9]]))).rejects.toThrow(
      `annotation 1 has a polygon of 2 points, an area needs 3. ${check}`,
    );
    await expect(change("i.json", with1({ size: [80, 64], counts: [5120] }))).rejects.toThrow(
      `annotation 1 has an RLE of 64 × 80, its image is 80 × 64. ${check}`,
    );
  });

  test("sizes that do not fit each other", async () => {
    await expect(train(at("gt.json"), { ...small, out: at("N"), minSizes: [64, 128] })).rejects.toThrow(
      "the longer side, at most 96, is below a shorter one, 128.",
    );
  });

  test("two pictures of one name, a file that is no network", async () => {
    await writeFile(at("text"), "no network");
    await expect(run("predict", [at("0.png")], { model: at("text"), out: at("Q") })).rejects.toThrow("text: ");
    await train(at("gt.json"), { ...small, steps: 1, out: at("R") });
    await expect(run("predict", [at("0.png"), at("0.png")], { model: at("R"), out: at("Q") })).rejects.toThrow(
      "names without endings are the image ids",
    );
  });
});
