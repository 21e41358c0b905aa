// predict on videos, on folders that mix them with pictures, and by an exported ONNX file.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CocoDetection, ndArray, parseDetections } from "@reprise/data";
import { readVideoFile, writeImage, writeVideoFile } from "@reprise/data/node";
import type { Verb, VerbContext } from "@reprise/experiment/verb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeModel, shapesExamples } from "../src/index.ts";
import { verbs } from "../src/verbs/index.node.ts";
import { setFrame } from "../src/verbs/predict-inputs.node.ts";
import { fixture, state } from "./generated.ts";

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const names = ["disc", "square", "triangle", "star"];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mask-rcnn-predict-"));
  const { anchorSizes } = fixture;
  const pictures = { minSize: 64, maxSize: 96, anchorSizes, canonicalSize: 224 };
  const classes = state["roi_heads.box_predictor.cls_score.bias"]!.shape[0]! - 1;
  const categories = Array.from({ length: classes }, (_, i) => ({ id: 10 * (i + 1), name: names[i] ?? `class ${i}` }));
  await writeFile(at("M"), encodeModel(state, { pictures, categories }));
  await mkdir(at("in"));
  const examples = shapesExamples(3, { height: 64, width: 80 });
  const video = { shape: [3, 64, 80, 3], data: new Uint8Array(3 * 64 * 80 * 3) };
  for (let t = 0; t < 3; t++) {
    const { picture } = await examples.read(t);
    setFrame(video, t, picture.data);
    if (t === 0) await writeImage(at("in", "still.png"), ndArray("uint8", [3, 64, 80], picture.data));
  }
  await writeVideoFile(at("in", "clip.gif"), video, { framesPerSecond: 5 });
  await writeVideoFile(at("film.mp4"), video, { framesPerSecond: 5 });
});
afterAll(() => rm(folder, { recursive: true }));

async function run(name: string, args: string[], options: Record<string, unknown>) {
  const verb = verbs.find((one) => one.name === name) as Verb;
  const defaults = Object.entries(verb.options).flatMap(([key, option]) =>
    "default" in option ? [[key, option.default]] : [],
  );
  const context: VerbContext = {
    args,
    options: { ...Object.fromEntries(defaults), threads: 1, ...options },
    json: false,
    debug: false,
    signal: new AbortController().signal,
    onStop: () => {},
    progress: { show: () => {}, end: () => {} },
    command: `mask-rcnn ${name}`,
  };
  const answer = await verb.run(context);
  return { result: answer!.result as Record<string, unknown>, text: answer!.text() };
}

test("a folder of a picture and a gif, and an mp4: each frame has its own image id", { timeout: 60_000 }, async () => {
  const { result, text } = await run("predict", [at("in"), at("film.mp4")], { model: at("M"), out: at("P"), score: 0 });
  expect(result.pictures).toBe(7);
  const results = parseDetections(await readFile(at("P", "results.json"), "utf8"), "results.json");
  expect([...new Set(results.map(({ image_id }) => image_id))]).toEqual([
    ...["clip#0", "clip#1", "clip#2", "still", "film#0", "film#1", "film#2"],
  ]);
  expect(existsSync(at("P", "still.png"))).toBe(true);
  for (const name of ["clip.gif", "film.mp4"]) {
    const { shape, times } = await readVideoFile(at("P", name));
    expect(shape).toEqual([3, 64, 80, 3]);
    expect(times[2]!).toBeCloseTo(0.4, 2);
  }
  expect(text).toMatch(/^clip: \d+ objects in 3 frames$/m);
});

test("an exported file finds what the network finds, in pictures of its size and of others", {
  timeout: 60_000,
}, async () => {
  await run("export", [at("M")], { out: at("M.onnx"), height: 64, width: 80, score: 0.05, proposals: 1000 });
  const options = { score: 0.05, threads: 1 };
  const found = async (model: string, out: string) =>
    (await run("predict", [at("in", "still.png")], { ...options, model: at(model), out: at(out) })).result
      .results as CocoDetection[];
  const [want, got] = [await found("M", "A"), await found("M.onnx", "B")];
  expect(want.length).toBeGreaterThan(0);
  expect(got.map(({ category_id }) => category_id)).toEqual(want.map(({ category_id }) => category_id));
  got.forEach(({ score, bbox }, d) => {
    expect(score).toBeCloseTo(want[d]!.score, 4);
    bbox!.forEach((value, i) => {
      expect(value).toBeCloseTo(want[d]!.bbox![i]!, 2);
    });
  });
  // Twice as large, each pixel four times: resized to the file's size it is the same picture.
  const { picture } = await shapesExamples(3, { height: 64, width: 80 }).read(0);
  const twice = Uint8Array.from({ length: 3 * 128 * 160 }, (_, i) => {
    const [x, y, c] = [i % 160, Math.floor(i / 160) % 128, Math.floor(i / (160 * 128))];
    return picture.data[(c * 64 + (y >> 1)) * 80 + (x >> 1)]!;
  });
  await writeImage(at("twice.png"), ndArray("uint8", [3, 128, 160], twice));
  const large = await run("predict", [at("twice.png")], { ...options, model: at("M.onnx"), out: at("C") });
  const results = large.result.results as CocoDetection[];
  expect(results.map(({ category_id }) => category_id)).toEqual(got.map(({ category_id }) => category_id));
  results[0]!.bbox!.forEach((value, i) => {
    expect(value).toBeCloseTo(2 * got[0]!.bbox![i]!, 2);
  });
  expect(results[0]!.segmentation).toMatchObject({ size: [128, 160] });
});

test("what cannot be run is refused in words", async () => {
  const predict = (paths: string[], model = "M", more = {}) =>
    run("predict", paths, { model: at(model), out: at("N"), ...more });
  await expect(predict([at("gone.png")])).rejects.toThrow("gone.png");
  await mkdir(at("empty"));
  await expect(predict([at("empty")])).rejects.toThrow(
    "holds no picture and no video. Pictures in png, jpg and webp are read, videos in mp4, m4v, mov, webm, mkv and gif.",
  );
  await expect(predict([at("film.mp4"), at("in", "clip.gif"), at("film.mp4")])).rejects.toThrow(
    "names without endings are the image ids",
  );
  await writeFile(at("text.onnx"), "no network");
  await expect(predict([at("film.mp4")], "text.onnx")).rejects.toThrow(/text\.onnx: not a /);
  await expect(predict([at("film.mp4")], "text.onnx", { minSize: 64 })).rejects.toThrow(
    "takes pictures of one size; --min-size and --max-size are not for ONNX files.",
  );
  expect(existsSync(at("N"))).toBe(false);
});
