// reprise tcc align: every form of its result, and what it refuses.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pouringVideos } from "@reprise/data";
import { readImage, readVideoFile, writeVideoFile } from "@reprise/data/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkWarpSize, labelsAlong, warp } from "../src/align.ts";
import { clockText, writeCaption } from "../src/caption.ts";
import { momentsOf, sideBySide } from "../src/grid.ts";
import { runVerb } from "./run-verb.ts";

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
let paths: string[];
const align = (options: Record<string, unknown>, args = paths, signal?: AbortSignal) =>
  runVerb("align", args, { model: at("M"), threads: 1, height: 32, ...options }, signal);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "align-"));
  await mkdir(at("videos"));
  const drawn = pouringVideos(3, { seed: 1, level: "easy", size: 32 });
  paths = drawn.map((_, i) => at("videos", `v${i}.mp4`));
  for (const [i, { frames, shape }] of drawn.entries())
    await writeVideoFile(paths[i]!, { shape, data: frames }, { framesPerSecond: 15 });
  const quick = { steps: 2, validateEvery: 2, framesPerVideo: 6, size: 32, out: at("M"), threads: 1 };
  await runVerb("train", [at("videos")], quick);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

describe("what comes out", () => {
  test("three videos in a grid as webm, as gif, and moments of them as png", async () => {
    const { result } = await align({ out: at("s.webm") });
    const seen = await readVideoFile(at("s.webm"));
    expect(seen.shape).toEqual([result.frames, 64, 64, 3]);
    await align({ out: at("s.gif") });
    const gif = await readVideoFile(at("s.gif"));
    expect(gif.shape).toEqual(seen.shape);
    expect(gif.times.at(-1)).toBeCloseTo(seen.times.at(-1)!, 1); // as fast as the reference
    await align({ out: at("s.png"), moments: 5, captions: false });
    expect((await readImage(at("s.png"))).shape).toEqual([1, 3, 96, 160]);
  });

  test("time maps with seconds, and the phases that the others take over", async () => {
    const count = (await readVideoFile(paths[0]!)).shape[0]!;
    const phases = Array.from({ length: count }, (_, t) => (t < 20 ? 0 : 3));
    await writeFile(at("labels.json"), JSON.stringify({ v0: phases }));
    await align({ out: at("map.json"), labels: at("labels.json") });
    const { frames, seconds, labels } = JSON.parse(await readFile(at("map.json"), "utf8"));
    expect(seconds[30]).toEqual(frames[30].map((frame: number) => Number((frame / 15).toFixed(4))));
    expect(labels.v0).toEqual(phases);
    const fromMap = frames.findIndex(([t]: number[]) => t === 20);
    expect(labels.v1[0]).toBe(0);
    expect(labels.v1.at(-1)).toBe(3);
    expect(labels.v1[frames[fromMap][1] + 1]).toBe(3);
    await align({ out: at("map.csv"), labels: at("labels.json") });
    const [head, , second] = (await readFile(at("map.csv"), "utf8")).split("\n");
    expect(head).toBe("v0,v1,v2,v0 seconds,v1 seconds,v2 seconds,phase");
    expect(second).toMatch(/^1,\d+,\d+,0\.0667,/);
  });

  test("--reference may be among the videos too", async () => {
    const { result } = await align({ out: at("r.npy"), reference: paths[1] });
    expect(result.videos).toEqual(["v1", "v0", "v2"]);
  });
});

describe("what is refused", () => {
  test("a result that would take a video's place, that is a folder, that has no sound", async () => {
    await expect(align({ out: paths[1] })).rejects.toThrow("v1.mp4 is one of the videos; give another name.");
    await mkdir(at("d.mp4"));
    await expect(align({ out: at("d.mp4") })).rejects.toThrow("d.mp4 is a folder; give the name of a file.");
    await expect(align({ out: at("a.gif"), audio: true })).rejects.toThrow(
      "--audio: a .gif file has no sound; end the name of --out in .mp4 or .webm.",
    );
    await expect(align({ out: at("a.mp4"), audio: true })).rejects.toThrow("v0.mp4: has no sound to take along.");
    await expect(align({ out: at("a.avi") })).rejects.toThrow("end its name in .mp4, .webm, .gif, .png, .csv,");
  });

  test("a video of one frame, labels of another", async () => {
    const one = { shape: [1, 32, 32, 3], data: new Uint8Array(32 * 32 * 3) };
    await writeVideoFile(at("one.mp4"), one, { framesPerSecond: 15 });
    await expect(align({ out: at("o.csv") }, [at("one.mp4"), paths[0]!])).rejects.toThrow(
      "one has 1 frame; there is nothing to align in fewer than 2.",
    );
    await writeFile(at("few.json"), JSON.stringify({ v0: [0, 1] }));
    await expect(align({ out: at("o.csv"), labels: at("few.json") })).rejects.toThrow("has 2 labels of v0, which has");
  });

  test("stopped, it leaves nothing behind", async () => {
    await mkdir(at("empty"));
    const stopped = AbortSignal.abort(new Error("stopped"));
    await expect(align({ out: at("empty", "s.mp4") }, paths, stopped)).rejects.toThrow("stopped");
    expect(await readdir(at("empty"))).toEqual([]);
  });

  test("still videos: aligned, and said to have no τ", async () => {
    const still = { shape: [8, 32, 32, 3], data: new Uint8Array(8 * 32 * 32 * 3).fill(99) };
    for (const name of ["a.gif", "b.gif"]) await writeVideoFile(at(name), still, { framesPerSecond: 10 });
    const { result, text } = await align({ out: at("o.csv") }, [at("a.gif"), at("b.gif")]);
    expect(result.kendallTau).toBeNull();
    expect(text).toContain("Kendall's τ is undefined: every frame has the same nearest neighbour");
  });
});

test("memory is stated before it is taken: two hours of warping, an hour of pictures", () => {
  expect(() => checkWarpSize(108_000, 108_000)).toThrow(
    "warping 108000 by 108000 frames takes 198.3 GB of memory, more than 4.3 GB. Cut the videos, or take fewer frames a second.",
  );
  const rows = Array.from({ length: 54_000 }, () => [0, 0]);
  const video = { shape: [1, 240, 320, 3], data: new Uint8Array(240 * 320 * 3) };
  expect(() => sideBySide([video, video], rows)).toThrow(
    "54000 frames of 640 by 240 take 24.9 GB of memory, more than 4.3 GB. Choose a smaller height, or cut the videos.",
  );
});

test("labels go along a path: the first frame beside each counts", () => {
  const line = (...values: number[]) => ({ shape: [values.length, 1], data: values });
  const { path } = warp(line(0, 1, 2), line(0, 0, 1, 2, 2));
  expect(labelsAlong(path, [5, 6, 7], 5)).toEqual([5, 5, 6, 7, 7]);
});

test("moments are the first, the last and those evenly between, in columns", () => {
  const video = (first: number) => ({
    shape: [5, 1, 1, 3],
    data: Uint8Array.from({ length: 15 }, (_, i) => first + Math.floor(i / 3)),
  });
  const rows = [0, 1, 2, 3, 4].map((t) => [t, 4 - t]);
  const { shape, data } = momentsOf([video(10), video(20)], rows, { moments: 3 });
  expect(shape).toEqual([1, 2, 3, 3]);
  expect([0, 1, 2, 3, 4, 5].map((i) => data[3 * i])).toEqual([10, 12, 14, 24, 22, 20]);
});

test("a caption stands in the lower left corner of its cell; what does not fit is left out", () => {
  expect([clockText(4.2), clockText(65.999), clockText(59.999)]).toEqual(["0:04.20", "1:06.00", "1:00.00"]);
  const frames = { shape: [1, 14, 20, 3], data: new Uint8Array(14 * 20 * 3).fill(9) };
  writeCaption(frames, 0, { left: 10, top: 7, width: 10, height: 7 }, "1.11");
  const dots = Array.from({ length: 14 }, (_, y) =>
    Array.from({ length: 20 }, (_, x) => ({ 0: "#", 255: "o", 9: " " })[frames.data[3 * (20 * y + x)]!]).join(""),
  );
  expect(dots.slice(0, 7).join("").trim()).toBe("");
  expect(dots.slice(7).map((row) => row.slice(10))).toEqual([
    "######### ",
    "##o###### ",
    "#oo###### ",
    "##o###### ",
    "##o###### ",
    "#ooo##o## ",
    "######### ",
  ]);
});
