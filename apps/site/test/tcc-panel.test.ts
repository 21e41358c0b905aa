// What the panel "in step" computes, on Node: pairs through the shipped encoder, learning from drawings, one cycle.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pouringVideo, Random, resizeVideo } from "@reprise/data";
import { nodeRuntime } from "@reprise/engine/node";
import { alignmentTau, tccLoss } from "@reprise/tcc";
import { afterAll, describe, expect, test } from "vitest";
import { type AlignResult, alignPair, cycleOf, pairVideo, repath } from "../src/run/tcc/align-pair.ts";
import { defaultAlign, defaultCycle, modelFile, paperKey } from "../src/run/tcc/inputs.ts";
import { learnFrom, oneCycle } from "../src/run/tcc/learn.ts";
import { drawnSequence, writtenLetters } from "../src/run/tcc/letters.ts";
import { principalComponents } from "../src/run/tcc/principal-components.ts";
import { momentOf, momentProblem, momentText } from "../src/web/panels/tcc/moment.ts";
import { framePixels, matrixPixels } from "../src/web/panels/tcc/pixels.ts";
import { learntSentence } from "../src/web/panels/tcc/wording.ts";

const model = new Uint8Array(
  readFileSync(fileURLToPath(new URL(`../content/${paperKey}/${modelFile}`, import.meta.url))),
);
const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());
const context = {
  runtime,
  signal: new AbortController().signal,
  progress: () => {},
  breathe: async () => {},
};
const { level, first, second } = defaultAlign;
const videos = [first, second].map((seed) => pairVideo(`video ${seed}`, pouringVideo({ seed, level }), 15));
let aligned: AlignResult;

describe("two videos in step", () => {
  test("the shipped encoder aligns a pair that it has not seen better than the frames do", async () => {
    aligned = await alignPair(model, [videos[0]!, videos[1]!], context);
    expect(aligned.tau).toBeGreaterThan(0.8);
    expect(aligned.tau!).toBeGreaterThan(aligned.tauRaw! + 0.3);
    expect(aligned.together!.aligned).toBeGreaterThan(aligned.together!.byTime);
    expect(alignmentTau(aligned.embeddings).tau).toBe(aligned.tau);
  });

  test("the path goes from first to last frames and never back", () => {
    const { path } = aligned;
    const [N, M] = videos.map(({ shown }) => shown.shape[0]!) as [number, number];
    expect([path[0], path.at(-1)]).toEqual([
      [0, 0],
      [N - 1, M - 1],
    ]);
    for (const [k, [i, j]] of path.entries()) {
      const [a, b] = path[k - 1] ?? [i - 1, j];
      expect([i - a, j - b].every((step) => step === 0 || step === 1)).toBe(true);
    }
  });

  test("a cycle goes to the nearest frame and from there to the nearest", () => {
    const [a, b] = aligned.embeddings;
    const D = a.shape[1]!;
    const far = (i: number, j: number) =>
      Math.hypot(...Array.from({ length: D }, (_, d) => a.data[i * D + d]! - b.data[j * D + d]!));
    const nearest = (count: number, distance: (k: number) => number) =>
      Array.from({ length: count }, (_, k) => k).reduce((best, k) => (distance(k) < distance(best) ? k : best), 0);
    for (const i of [0, 20, 41]) {
      const [there, back] = cycleOf(aligned, i);
      expect(far(i, there)).toBeCloseTo(
        far(
          i,
          nearest(b.shape[0]!, (j) => far(i, j)),
        ),
        5,
      );
      expect(far(back, there)).toBeCloseTo(
        far(
          nearest(a.shape[0]!, (k) => far(k, there)),
          there,
        ),
        5,
      );
    }
  });

  test("the path passes pairs that are set by hand, and refuses those that run back in time", () => {
    const { embeddings } = aligned;
    const path = repath({ embeddings, through: [[10, 3]] });
    expect(path).toContainEqual([10, 3]);
    expect(() =>
      repath({
        embeddings,
        through: [
          [10, 30],
          [20, 5],
        ],
      }),
    ).toThrow("frames 10 and 30 are set together, and so are 20 and 5; time would run back in one.");
  });

  test("cancelling ends it", async () => {
    const controller = new AbortController();
    const stopped = alignPair(model, [videos[0]!, videos[1]!], {
      ...context,
      signal: controller.signal,
      progress: () => controller.abort(new Error("cancelled")),
    });
    await expect(stopped).rejects.toThrow("cancelled");
  });

  test("pixels: a frame as it is, the most alike frames darkest, the path red", () => {
    const { shape, data } = videos[0]!.shown;
    const frame = framePixels(videos[0]!, 2);
    expect([frame.width, frame.height]).toEqual([shape[2], shape[1]]);
    const from = 2 * shape[1]! * shape[2]! * 3;
    expect([...frame.rgba.subarray(0, 8)]).toEqual([
      ...data.subarray(from, from + 3),
      255,
      ...data.subarray(from + 3, from + 6),
      255,
    ]);
    const { width, rgba } = matrixPixels({ ...aligned, path: [[0, 1]] });
    expect([...rgba.subarray(4, 8)]).toEqual([200, 40, 25, 255]);
    const { distances } = aligned;
    const least = distances.indexOf(Math.min(...distances));
    if (least !== 1) expect(rgba[4 * least]).toBe(40);
    expect(width).toBe(videos[1]!.shown.shape[0]);
  });
});

test("a moment of a comparison goes into an address and back; of other videos it says nothing", () => {
  const moment = { pins: [[10, 3] as const, [20, 15] as const], loop: { from: 4, to: 9 }, place: 7, moved: -2 };
  const text = momentText(defaultAlign, moment);
  expect(momentOf(text, defaultAlign)).toEqual(moment);
  expect(momentProblem(text)).toBeNull();
  const nothing = { pins: [], loop: null, place: 0, moved: 0 };
  expect(momentOf(text, { ...defaultAlign, first: 4 })).toEqual(nothing);
  expect(momentOf("", defaultAlign)).toEqual(nothing);
  expect(momentProblem("here")).toBe("It names no moment of a comparison.");
});

describe("learning from drawings", () => {
  test("what is learnt aligns letters better than drawn weights, and is told step by step", async () => {
    const told: number[] = [];
    const result = await learnFrom(
      writtenLetters("e", 30, 0),
      { steps: 400, seed: 0 },
      { ...context, progress: ({ done, partial }) => void (partial && told.push(done)) },
    );
    expect([result.sequences, result.heldOut]).toEqual([23, true]);
    expect(result.tau.learnt!).toBeGreaterThan(Math.max(result.tau.drawn!, result.tau.raw!) + 0.05);
    expect(told.at(-1)).toBe(400);
    expect(result.losses.at(-1)![0]).toBeGreaterThan(390);
    expect(result.trajectories).toHaveLength(5);
    expect(result.trajectories[0]!.points).toHaveLength(result.paths[0]!.points.length);
  });

  test("videos are learnt from as pictures", { timeout: 60_000 }, async () => {
    const size = { width: 16, height: 16 };
    const clips = [1, 2, 3].map((seed) => {
      const { shape, frames } = pouringVideo({ seed, level: "easy", size: 32 });
      return { name: `clip ${seed}`, ...resizeVideo({ shape, data: frames }, size) };
    });
    const result = await learnFrom(clips, { steps: 10, seed: 0 }, context);
    expect(result).toMatchObject({ what: "videos", sequences: 3, heldOut: false, paths: [] });
    expect(result.trajectories.map(({ points }) => points.length)).toEqual(clips.map(({ shape }) => shape[0]));
    expect(learntSentence(result)).toMatch(/^Learnt from 3 videos in .* of the frames as they are /);
  });

  test("a few drawings judge themselves", async () => {
    const result = await learnFrom(writtenLetters("S", 4, 1), { steps: 20, seed: 0 }, context);
    expect([result.sequences, result.heldOut]).toEqual([4, false]);
  });

  test("a drawing is taken thirty times a second, in the middle of its box", () => {
    const { shape, data } = drawnSequence({ x: [0.2, 0.6], y: [0.5, 0.5], t: [1000, 2000] }, "a line");
    expect(shape).toEqual([30, 2]);
    const xs = Array.from({ length: 30 }, (_, i) => data[2 * i]!);
    for (const [i, x] of xs.entries()) expect(x).toBeCloseTo(-0.5 + i / 30, 5);
    expect(data.filter((_, k) => k % 2 === 1).every((y) => y === 0)).toBe(true);
  });
});

test("one cycle: α and β are shares, µ and σ² their moments, and the loss is the method's own", () => {
  const result = oneCycle(defaultCycle);
  const { alpha, beta, mu, variance, videos, loss } = result;
  const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
  expect(sum(alpha)).toBeCloseTo(1, 12);
  expect(sum(beta)).toBeCloseTo(1, 12);
  const times = beta.map((_, k) => k / beta.length);
  expect(mu).toBeCloseTo(sum(beta.map((p, k) => p * times[k]!)), 12);
  expect(variance).toBeCloseTo(sum(beta.map((p, k) => p * (times[k]! - mu) ** 2)), 12);
  const frames = videos.map((points) => ({ shape: [points.length, 2], data: points.flat() }));
  const whole = tccLoss(frames, undefined, undefined, {
    loss: "regression-mse-var",
    temperature: defaultCycle.temperature,
    varianceEps: 1e-6,
    cycles: [{ videos: [0, 1], start: defaultCycle.start }],
  });
  expect(whole.loss).toBeCloseTo(loss, 12);
});

test("principal components: along the first the points vary most, and along a line there is no second", () => {
  const random = new Random(3);
  const along = Array.from({ length: 40 }, () => random.normal());
  const line = along.flatMap((p) => [3 * p + 1, 4 * p - 2, 0.5]);
  const [points] = principalComponents([{ shape: [40, 3], data: line }]);
  const mean = along.reduce((a, b) => a + b) / 40;
  for (const [i, [x, y]] of points!.entries()) {
    expect(Math.abs(x)).toBeCloseTo(5 * Math.abs(along[i]! - mean), 6);
    expect(y).toBeCloseTo(0, 6);
  }
});
