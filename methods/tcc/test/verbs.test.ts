import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeNpy, encodeNpy, ndArray, pouringVideos, Random } from "@reprise/data";
import { readVideoFile, writeVideoFile } from "@reprise/data/node";
import { averagePool, exportOnnx, trace, type Value } from "@reprise/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sideBySide } from "../src/grid.ts";
import { runVerb as run } from "./run-verb.ts";

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const random = new Random(1);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tcc-"));
  await mkdir(at("sequences"));
  for (let i = 0; i < 6; i++) {
    const T = 20 + i;
    const data = Float32Array.from({ length: T * 2 }, (_, k) => Math.floor(k / 2) / T + random.normal(0, 0.01));
    await writeFile(at("sequences", `s${i}.npy`), encodeNpy(ndArray("float32", [T, 2], data)));
  }
  await mkdir(at("videos"));
  for (const [i, { frames, shape }] of pouringVideos(3, { seed: 1, level: "easy", size: 32 }).entries())
    await writeVideoFile(at("videos", `v${i}.mp4`), { shape, data: frames }, { framesPerSecond: 15 });
});
afterAll(() => rm(folder, { recursive: true }));

test("sequences: train, embed, evaluate, align", { timeout: 60_000 }, async () => {
  const model = at("M");
  const trained = await run("train", [at("sequences")], {
    encoder: "mlp",
    steps: 60,
    validateEvery: 20,
    out: model,
    threads: 1,
  });
  expect(trained.result).toMatchObject({ model, encoder: "mlp", videos: 6, stopped: "steps" });
  expect(existsSync(`${model}.checkpoint`)).toBe(false);
  await run("embed", [model, at("sequences")], { out: at("E"), threads: 1 });
  const embedding = decodeNpy(await readFile(at("E", "s3.npy")), "s3.npy");
  expect(embedding.shape).toEqual([23, 32]);
  const plain = await run("evaluate", [model, at("sequences")], { threads: 1 });
  expect(plain.result).toMatchObject({ videos: 6, classification: null });
  expect(plain.result.kendallTauRaw).toBeGreaterThan(0.8);
  const labels = Object.fromEntries(
    Array.from({ length: 6 }, (_, i) => [`s${i}`, Array.from({ length: 20 + i }, (_, t) => (t < 10 ? 0 : 1))]),
  );
  await writeFile(at("labels.json"), JSON.stringify(labels));
  const judged = await run("evaluate", [model, at("sequences")], { labels: at("labels.json"), threads: 1 });
  expect((judged.result.fewShot as unknown[]).length).toBe(3);
  expect(judged.text).toContain("retrieval, AP@15");
  const sal = at("SAL");
  await run("train", [at("sequences")], { objective: "sal", steps: 4, validateEvery: 4, out: sal, threads: 1 });
  const options = { labels: at("labels.json"), beside: [sal], threads: 1 };
  const table = await run("evaluate", [model, at("sequences")], options);
  const { baselines } = table.result as { baselines: { name: string; kendallTau: number; fewShot: unknown }[] };
  expect(baselines.map(({ name }) => name)).toEqual([sal, "drawn weights", "raw frames"]);
  expect(baselines[1]!.kendallTau).toBe(table.result.kendallTauRandom);
  expect(baselines[2]!.kendallTau).toBe(table.result.kendallTauRaw);
  expect(table.text).toMatch(/^6 videos +M +SAL +drawn weights +raw frames$/m);
  expect(table.text).toMatch(/^enclosed-area error( +0\.\d{3}){4}$/m);
  const asked = [model, at("sequences"), at("sequences", "s2.npy")];
  const compared = await run("compare", asked, { labels: at("labels.json"), out: at("frames.csv"), threads: 1 });
  expect(compared.result).toMatchObject({ video: "s2", videos: 5, frames: 22 });
  const told = (await readFile(at("frames.csv"), "utf8")).split("\n");
  expect(told[0]).toBe("frame,nearestVideo,nearestFrame,phase,distance,anomaly,reward");
  expect(told[13]).toMatch(/^12,s[01345],\d+,1,0\.\d+,\d\S*,-/);
  await run("compare", asked, { out: at("frames.json"), threads: 1 });
  expect(JSON.parse(await readFile(at("frames.json"), "utf8"))).toMatchObject({ video: "s2", frames: { length: 22 } });
  await expect(run("compare", asked, { out: at("frames.txt") })).rejects.toThrow("end its name in .csv or .json.");
  await mkdir(at("alone"));
  await writeFile(at("alone", "s2.npy"), await readFile(at("sequences", "s2.npy")));
  const alone = [model, at("alone"), at("alone", "s2.npy")];
  await expect(run("compare", alone, { out: at("frames.csv") })).rejects.toThrow(
    "holds no video but s2; give others to compare it with.",
  );
  await writeFile(at("labels.json"), JSON.stringify({ ...labels, s2: [0] }));
  await expect(run("evaluate", [model, at("sequences")], { labels: at("labels.json") })).rejects.toThrow(
    "has 1 labels of s2, which has 22 frames.",
  );
  const [a, b] = [at("sequences", "s0.npy"), at("sequences", "s1.npy")];
  await run("align", [a, b], { model, out: at("map.csv"), events: [5, 9], threads: 1 });
  const map = (await readFile(at("map.csv"), "utf8")).trim().split("\n");
  expect(map).toHaveLength(21);
  expect(map[0]).toBe("s0,s1");
  // The path goes through the pair; the map tells the first frame there.
  expect(Number(map[6]!.split(",")[1])).toBeLessThanOrEqual(9);
  expect(Number(map[7]!.split(",")[1])).toBeGreaterThanOrEqual(9);
  await expect(run("align", [a, b], { model, out: at("s.mp4") })).rejects.toThrow("features cannot be looked at");
  await expect(run("align", [a], { model, out: at("m.csv") })).rejects.toThrow("give two or more videos");
  await expect(run("align", [a, b], { model, out: at("m.avi") })).rejects.toThrow("end its name in .mp4");
  await expect(run("align", [a, b], { model, out: at("m.csv"), events: [1] })).rejects.toThrow(
    "--events has 1 frames; expected one of each of 2 videos for every event.",
  );
});

describe("labels", () => {
  const header = "video,frame,phase";
  const rows = Array.from({ length: 6 }, (_, i) =>
    Array.from({ length: 20 + i }, (_, t) => `s${i},${t},${t < 10 ? 0 : 1}`).join("\n"),
  );
  const write = (text: string) => writeFile(at("phases.csv"), text);
  const learn = (options: Record<string, unknown> = {}) =>
    run("train", [at("sequences")], {
      ...{ objective: "supervised", labels: at("phases.csv"), out: at("SUP"), steps: 4, validateEvery: 4, threads: 1 },
      ...options,
    });

  test("of a table are those of JSON; a classifier learns from them", { timeout: 60_000 }, async () => {
    await write(`\uFEFFphase;video;frame\r\n${rows.join("\r\n").replace(/(\w+),(\d+),(\d)/g, "$3;$1;$2")}\r\n`);
    const { result } = await learn({ labelled: 0.5 });
    expect(result).toMatchObject({ objective: "supervised", step: 4 });
    const told = await run("evaluate", [at("SUP"), at("sequences")], { labels: at("phases.csv"), threads: 1 });
    expect(told.result.classification).not.toBeNull();
  });

  test("that do not fit are refused", async () => {
    await write(`video,frame\n${rows[0]}`);
    await expect(learn()).rejects.toThrow('has no column "phase"; its first row must name video, frame and phase.');
    await write(`${header}\ns0,0,-1`);
    await expect(learn()).rejects.toThrow('line 2: frame "0" and phase "-1" must be whole numbers from 0 on.');
    await write(`${header}\ns0,0,1\ns0,0,2`);
    await expect(learn()).rejects.toThrow("line 3: frame 0 of s0 has a phase already.");
    await write(`${header}\n${rows[0]}`);
    await expect(learn()).rejects.toThrow("has no labels of s1; expected a list of 21 phases.");
    await write([header, ...rows].join("\n").replace("s3,7,0\n", ""));
    await expect(learn()).rejects.toThrow("the labels of s3 are not whole numbers from 0 on: frame 7 has undefined.");
    await expect(learn({ labels: undefined })).rejects.toThrow("holds no labels.json and no labels.csv.");
  });
});

test("digits become videos of ink with labels, which may be learnt from", { timeout: 60_000 }, async () => {
  const drawn = await run("drawings", ["digits"], { character: "3", writers: "2-4", out: at("threes"), size: 16 });
  expect(drawn.result).toMatchObject({ videos: 3, character: "3" });
  const video = decodeNpy(await readFile(at("threes", "writer002.npy")), "writer002.npy");
  expect([video.dtype, ...video.shape.slice(1)]).toEqual(["uint8", 16, 16]);
  const labels = JSON.parse(await readFile(at("threes", "labels.json"), "utf8")) as Record<string, number[]>;
  expect(labels.writer002).toHaveLength(video.shape[0]!);
  const drawings = (source: string, options: Record<string, unknown>) =>
    run("drawings", [source], { out: at("none"), ...options });
  await expect(drawings("digits", { character: "x" })).rejects.toThrow("--character x: the digits are 0 to 9.");
  await expect(drawings("digits", { character: "1", writers: "3" })).rejects.toThrow("--writers 3: give two numbers");
  await expect(drawings("digits", { character: "1", writers: "900-901" })).rejects.toThrow("--writers 900-901: 1 was");
  await mkdir(at("omniglot", "Latin", "character01"), { recursive: true });
  await writeFile(at("omniglot", "Latin", "character01", "0701_05.txt"), "START\n1,-1,0\n9,-9,900\nBREAK\n");
  const latin = await drawings(at("omniglot"), { character: "Latin/character01", out: at("latin") });
  expect(latin.result).toMatchObject({ videos: 1 });
  expect(existsSync(at("latin", "writer05.npy"))).toBe(true);
  await expect(drawings(at("omniglot"), { character: "Latin/character02" })).rejects.toThrow(
    "holds no strokes of Latin/character02; name a character such as Latin/character01.",
  );
});

test("features of a network are sequences, if wanted minus those of the first frame", { timeout: 60_000 }, async () => {
  const graph = trace(({ x }: { readonly x: Value }) => ({ maps: averagePool(x, { kernel: [4, 4] }) }), {
    x: { dtype: "float32", shape: [1, 3, 32, 32] },
  });
  await writeFile(at("net.onnx"), exportOnnx(graph));
  const features = (options: Record<string, unknown>) =>
    run("features", [at("net.onnx"), at("videos")], { cut: "maps", size: 32, threads: 1, out: at("F"), ...options });
  expect((await features({ pixels: "unit" })).result).toMatchObject({ dimensions: 3 });
  const { shape, data } = decodeNpy(await readFile(at("F", "v0.npy")), "v0.npy");
  const { data: frames } = await readVideoFile(at("videos", "v0.mp4"), { size: { width: 32, height: 32 } });
  const red = frames.subarray(0, 3 * 32 * 32).filter((_, i) => i % 3 === 0);
  expect(data[0]).toBeCloseTo(red.reduce((sum, value) => sum + value, 0) / red.length / 255, 5);
  await features({ pixels: "unit", grid: 2, fromStart: true, out: at("F2") });
  const moved = decodeNpy(await readFile(at("F2", "v0.npy")), "v0.npy");
  expect(moved.shape).toEqual([shape[0], 12]);
  expect(Array.from(moved.data.slice(0, 12) as Float32Array).every((value) => value === 0)).toBe(true);
  expect(Array.from(moved.data as Float32Array).some((value) => Math.abs(value) > 0.01)).toBe(true);
  await expect(features({ cut: undefined })).rejects.toThrow(
    "name the value of its graph whose feature maps are taken",
  );
  await expect(run("features", [at("net.onnx"), at("sequences")], { cut: "maps", out: at("F") })).rejects.toThrow(
    "s0 holds features already; give videos or pictures.",
  );
});

test("options of backbones that do not go together are refused", async () => {
  const train = (options: Record<string, unknown>) => run("train", [at("videos")], { out: at("N"), ...options });
  await expect(train({ width: 0.5 })).rejects.toThrow("--width is an option of --encoder vggm.");
  await expect(train({ encoder: "onnx" })).rejects.toThrow(
    "--encoder onnx needs --weights FILE, the network to go on from.",
  );
  await expect(train({ encoder: "onnx", weights: "a.onnx" })).rejects.toThrow(
    "a.onnx: name the value of its graph whose feature maps are taken: --cut VALUE.",
  );
  await expect(train({ cut: "a" })).rejects.toThrow("--cut is an option of --encoder onnx.");
  await expect(train({ weights: "a" })).rejects.toThrow("--weights is an option of --encoder resnet50 and onnx.");
});

test("videos: train, then two of them in step", { timeout: 60_000 }, async () => {
  const model = at("MV");
  await run("train", [at("videos")], {
    steps: 2,
    validateEvery: 2,
    framesPerVideo: 6,
    size: 32,
    out: model,
    threads: 1,
  });
  const out = at("s.mp4");
  const paths = [at("videos", "v0.mp4"), at("videos", "v1.mp4")];
  const { result } = await run("align", paths, { model, out, height: 64, threads: 1 });
  const seen = await readVideoFile(out);
  expect(seen.shape.slice(1)).toEqual([64, 128, 3]);
  expect(seen.shape[0]).toBe(result.frames);
});

describe("what cannot be read is refused by name", () => {
  const train = (name: string) => run("train", [at(name)], { out: at("N") });

  test("an empty folder, one video, text", async () => {
    await mkdir(at("empty"));
    await expect(train("empty")).rejects.toThrow("holds no videos.");
    await expect(train("missing")).rejects.toThrow("there is no such file or folder");
    await mkdir(at("one"));
    await writeFile(at("one", "a.npy"), encodeNpy(ndArray("float32", [3, 1], Float32Array.of(0, 1, 2))));
    await expect(train("one")).rejects.toThrow("1 given; expected 2 or more videos of the same action.");
    await writeFile(at("one", "b.npy"), "text");
    await expect(train("one")).rejects.toThrow("is not an NPY file");
    await writeFile(at("one", "b.npy"), encodeNpy(ndArray("float32", [1, 2, 2, 3], new Float32Array(12).fill(7))));
    await expect(train("one")).rejects.toThrow("holds 7; pictures of floats are read from 0 to 1. Divide by 255.");
    await writeFile(at("one", "b.npy"), encodeNpy(ndArray("uint8", [1, 2, 2, 5], new Uint8Array(20))));
    await expect(train("one")).rejects.toThrow("has the shape [1, 2, 2, 5]; expected [frames, features]");
  });

  test("a folder as the model", async () => {
    await expect(run("train", [at("sequences")], { out: at("sequences") })).rejects.toThrow(
      "is a folder; give the name of a file.",
    );
  });
});

test("a grid puts each video into its cell, by the frame that a row names", () => {
  const video = (value: number) => ({
    shape: [2, 1, 1, 3],
    data: Uint8Array.of(value, value, value, value + 1, value + 1, value + 1),
  });
  const { shape, data } = sideBySide([video(10), video(20), video(30)], [[1, 0, 1]]);
  expect(shape).toEqual([1, 2, 2, 3]);
  expect([0, 3, 6, 9].map((i) => data[i])).toEqual([11, 20, 31, 0]);
});
