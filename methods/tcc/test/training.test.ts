import { Random } from "@reprise/data";
import { compile, conv, gradient, mul, reduceSum, reshape, tensor, transpose, type Value } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, test } from "vitest";
import { conv3dOverContext } from "../src/context-convolution.ts";
import { type Change, drawChange, sampleSteps, writeFrames } from "../src/frames.ts";
import {
  alignmentTau,
  embed,
  encoderOf,
  rawFrames,
  type Sequence,
  type Start,
  type TccCheckpoint,
  type TccEvent,
  type TrainSettings,
  train,
  untrained,
} from "../src/index.ts";
import { decodeModel, decodeTraining, encodeModel, encodeTraining } from "../src/model-file.ts";
import { holdOut, settingsFor } from "../src/train.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

/** One curve, at other speeds, places and sizes, turned, with noise. */
function curves(count: number, seed: number): Sequence[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => {
    const T = 25 + random.integer(20);
    const power = random.uniform(0.6, 1.6);
    const [size, angle] = [random.uniform(0.7, 1.4), random.uniform(-1, 1)];
    const [dx, dy, dz] = [random.normal(0, 0.4), random.normal(0, 0.4), random.normal(0, 0.4)];
    const rows = Array.from({ length: T }, (_, t) => {
      const s = (t / (T - 1)) ** power;
      const [x, y, z] = [Math.sin(3 * s), s * s, Math.cos(5 * s)];
      const turned = [
        x * Math.cos(angle) - y * Math.sin(angle) + dx,
        x * Math.sin(angle) + y * Math.cos(angle) + dy,
        z + dz,
      ];
      return turned.map((value) => size * value + random.normal(0, 0.03));
    });
    return { name: `curve ${i}`, shape: [T, 3], data: Float32Array.from(rows.flat()) };
  });
}

const tauOf = async (model: ReturnType<typeof untrained>, videos: readonly Sequence[]) =>
  alignmentTau(await embed(runtime, encoderOf(model.spec), model.parameters, videos)).tau!;

test("training aligns videos that it has not seen better than drawn weights do", { timeout: 60_000 }, async () => {
  const [videos, others] = [curves(20, 1), curves(8, 2)];
  const trained = await train(runtime, videos, { settings: { steps: 400 } });
  const [own, random] = [await tauOf(trained, others), await tauOf(untrained(videos), others)];
  expect(own).toBeGreaterThan(random + 0.2);
  expect(alignmentTau(others.map(rawFrames)).tau).toBeLessThan(1); // and they do not lie in step already
});

describe("a training that is stopped", () => {
  const videos = curves(8, 3).map((video) => ({
    ...video,
    labels: Array.from({ length: video.shape[0]! }, (_, t) => Math.floor((3 * t) / video.shape[0]!)),
  }));
  const heldOut = curves(3, 4);
  const settings: Partial<TrainSettings> = { steps: 30, validateEvery: 10, framesPerVideo: 8 };

  test.each(["tcc", "sal", "tcn", "supervised"] as const)(
    "goes on to the same bits (%s)",
    { timeout: 60_000 },
    async (objective) => {
      const own = { ...settings, objective };
      const whole = await train(runtime, videos, { settings: own, heldOut });
      const stop = new AbortController();
      let kept: TccCheckpoint | undefined;
      const onProgress = (event: TccEvent) => {
        if (event.kind === "step" && event.done === 17) stop.abort(new Error("stopped"));
        if (event.kind === "checkpoint") kept = event.checkpoint;
      };
      const half = train(runtime, videos, { settings: own, heldOut, signal: stop.signal, onProgress });
      await expect(half).rejects.toThrow("stopped");
      expect(kept!.training.state.step).toBe(17);
      const all = settingsFor(videos, own);
      const encoder = encoderOf(whole.spec);
      const from = decodeTraining(encodeTraining(kept!, encoder, all), encoder, all, "M.checkpoint");
      const rest = await train(runtime, videos, { settings: own, heldOut, from });
      expect(rest.step).toBe(whole.step);
      expect(rest.parameters).toEqual(whole.parameters);
    },
  );

  test("does not go on with other settings", async () => {
    let kept: TccCheckpoint | undefined;
    await train(runtime, videos, {
      settings,
      heldOut,
      onProgress(event) {
        if (event.kind === "checkpoint") kept = event.checkpoint;
      },
    });
    const other = train(runtime, videos, { settings: { ...settings, learningRate: 0.5 }, heldOut, from: kept! });
    await expect(other).rejects.toThrow("resume: the checkpoint was made with learningRate 0.001, not 0.5");
  });

  test("ends when τ has not been better for as long as it may wait", async () => {
    const steps: number[] = [];
    const trained = await train(runtime, videos, {
      settings: { ...settings, steps: 2000, learningRate: 1e-12, patience: 2 },
      heldOut,
      onProgress: (event) => {
        if (event.kind === "validation") steps.push(event.done);
      },
    });
    expect(trained.stopped).toBe("patience");
    expect(steps.length).toBeLessThan(20);
    expect(trained.step).toBe(steps.at(-3));
  });
});

test("held out are a tenth of ten videos or more, two at least; τ is that of pairs with one of them", async () => {
  const [nine, twelve, forty] = [curves(9, 1), curves(12, 1), curves(40, 1)];
  expect(holdOut(nine, 0)).toEqual([nine, nine]);
  const [own, others] = holdOut(twelve, 0);
  expect([own.length, others.length]).toEqual([10, 2]);
  expect(new Set([...own, ...others])).toEqual(new Set(twelve));
  expect(holdOut(forty, 0)[1]).toHaveLength(4);
  const trained = await train(runtime, own, { settings: { steps: 1, framesPerVideo: 8 }, heldOut: others });
  const embedded = await embed(runtime, encoderOf(trained.spec), trained.parameters, [...others, ...own]);
  const { pairs } = alignmentTau(embedded, { stride: 2 });
  const taus = pairs.filter(({ query, candidate }) => query < 2 || candidate < 2).map(({ tau }) => tau!);
  expect(trained.tau).toBeCloseTo(taus.reduce((a, b) => a + b) / taus.length, 12);
});

test("stochastic cycles train, too", async () => {
  const { tau } = await train(runtime, curves(6, 5), {
    settings: { steps: 20, validateEvery: 20, cycles: "stochastic", cycleLength: 3 },
  });
  expect(tau).not.toBeNull();
});

test("a model is read as it was written", () => {
  const model = untrained(curves(2, 1));
  const { spec, parameters, facts } = decodeModel(encodeModel(model, { step: 3 }), "M");
  expect({ spec, parameters }).toEqual(model);
  expect(facts.step).toBe(3);
  expect(() => decodeModel(new Uint8Array(3), "M")).toThrow("M");
  const unknown = encodeModel({ ...model, spec: { ...model.spec, context: 0 } });
  expect(() => decodeModel(unknown, "M")).toThrow("M: its encoder is unknown; a newer version may have written it");
});

test("pictures: the small encoder embeds them at length 1, in context of what comes before", async () => {
  const random = new Random(0);
  const shape = [6, 32, 32, 3];
  const video = { name: "noise", shape, data: Uint8Array.from({ length: 6 * 32 * 32 * 3 }, () => random.integer(256)) };
  const model = untrained([video, video], { contextStride: 2 });
  const [{ shape: out, data }] = (await embed(runtime, encoderOf(model.spec), model.parameters, [video])) as [
    { shape: readonly number[]; data: Float32Array },
  ];
  expect(out).toEqual([6, 128]);
  for (let t = 0; t < 6; t++) expect(Math.hypot(...data.subarray(t * 128, (t + 1) * 128))).toBeCloseTo(1, 5);
  // The last frame sees the one two before it, not the one before it.
  const changed = (frame: number) => {
    const copy = video.data.slice();
    copy.fill(0, frame * 32 * 32 * 3, (frame + 1) * 32 * 32 * 3);
    return embed(runtime, encoderOf(model.spec), model.parameters, [{ ...video, data: copy }]);
  };
  const last = (values: { data: ArrayLike<number> }[]) => Array.from(values[0]!.data).slice(5 * 128);
  expect(last(await changed(4))).toEqual(Array.from(data.subarray(5 * 128)));
  expect(last(await changed(3))).not.toEqual(Array.from(data.subarray(5 * 128)));
});

test("the convolution over context is ONNX's 3-D one, with its gradients", async () => {
  const [N, C, K, H, W, k] = [2, 3, 4, 5, 6, 3];
  const reference = nodeRuntime({ target: "reference", threads: 1 });
  const random = new Random(7);
  const drawn = (...shape: number[]) =>
    tensor(
      "float64",
      shape,
      Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
    );
  const x = drawn(N, k, C, H, W);
  const program = compile(reference, ({ x, w, b, g }: Record<"x" | "w" | "b" | "g", Value>) => {
    const ours = reshape(conv3dOverContext(reshape(x, [N, k * C, H, W]), w, b, k), [N, k, K, H, W]);
    const theirs = transpose(conv(transpose(x, [0, 2, 1, 3, 4]), w, b, { pads: [1, 1, 1] }), [0, 2, 1, 3, 4]);
    const [dOurs, wOurs] = gradient(reduceSum(mul(ours, g)), [x, w]) as [Value, Value];
    const [dTheirs, wTheirs] = gradient(reduceSum(mul(theirs, g)), [x, w]) as [Value, Value];
    return { ours, theirs, dOurs, dTheirs, wOurs, wTheirs };
  });
  const out = await program.run({ x, w: drawn(K, C, 3, 3, 3), b: drawn(K), g: drawn(N, k, K, H, W) });
  for (const [a, b] of [
    ["ours", "theirs"],
    ["dOurs", "dTheirs"],
    ["wOurs", "wTheirs"],
  ] as const)
    for (const [i, value] of (out[a].data as Float64Array).entries())
      expect(value).toBeCloseTo((out[b].data as Float64Array)[i]!, 9);
  await program.release();
});

test("a change moves, brightens and mirrors a picture", () => {
  const row = { name: "row", shape: [2, 1, 4, 3], data: Uint8Array.from({ length: 24 }, (_, i) => 10 * (i % 12)) };
  const { spec } = untrained([row, row], { context: 1, start: "ignored" });
  const written = (change: Partial<Change>) => {
    const out = new Float32Array(12);
    const all = { brightness: 0, contrast: [], shift: [0, 0] as const, mirrored: false, noise: 0, ...change };
    writeFrames(spec, row, [0], out, 0, { change: all, random: new Random(0) });
    return Array.from(out.subarray(0, 4), (x) => Math.round((x + 1) * 127.5)); // red
  };
  expect(written({})).toEqual([0, 30, 60, 90]);
  expect(written({ mirrored: true })).toEqual([90, 60, 30, 0]);
  expect(written({ shift: [0, 0.25] })).toEqual([0, 0, 30, 60]);
  expect(written({ brightness: 2 / 255, contrast: [1, 1, 1] })).toEqual([1, 31, 61, 91]);
  const mirrored = Array.from({ length: 40 }, (_, i) => drawChange(new Random(i), { mirror: true }).mirrored);
  expect(new Set(mirrored)).toEqual(new Set([true, false]));
  expect(drawChange(new Random(1)).mirrored).toBe(false);
});

test("the first frame is subtracted, or the difference stands behind the frame", () => {
  const video = { name: "v", shape: [2, 1, 2, 3], data: Uint8Array.of(10, 0, 0, 20, 0, 0, 40, 0, 0, 20, 0, 0) };
  const written = (start: Start, step: number, change = {}) => {
    const { spec } = untrained([video, video], { context: 1, start });
    const out = new Float32Array(start === "beside" ? 12 : 6);
    const all = { brightness: 0.5, contrast: [], shift: [0, 0] as const, mirrored: false, noise: 0, ...change };
    writeFrames(spec, video, [step], out, 0, { change: all, random: new Random(0) });
    return Array.from(out, (x) => Math.round(x * 127.5));
  };
  expect(written("subtracted", 1).slice(0, 2)).toEqual([30, 0]);
  expect(written("subtracted", 0)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(written("subtracted", 1, { mirrored: true, contrast: [2, 2, 2] }).slice(0, 2)).toEqual([0, 60]);
  const beside = written("beside", 1, { brightness: 0 });
  expect(beside.slice(0, 2)).toEqual([-88, -108]); // 40 and 20 of 255 in −127.5 … 127.5
  expect(beside.slice(6, 8)).toEqual([30, 0]);
});

test("small subtracts the first frame where the camera stands still, unless told otherwise", () => {
  const scene = (moves: boolean) => {
    const random = new Random(1);
    const first = Array.from({ length: 16 * 16 * 3 }, () => random.integer(256));
    const others = first.map((value) => (moves ? random.integer(256) : value));
    return { name: "scene", shape: [3, 16, 16, 3], data: Uint8Array.from([first, others, others].flat()) };
  };
  expect(settingsFor([scene(false), scene(false)]).start).toBe("subtracted");
  expect(settingsFor([scene(true), scene(true)]).start).toBe("ignored");
  expect(settingsFor([scene(false), scene(false)], { start: "beside" }).start).toBe("beside");
  expect(settingsFor([scene(false)], { encoder: "vggm" }).start).toBe("ignored");
  expect(() => settingsFor([scene(false)], { encoder: "resnet50", start: "beside" })).toThrow(
    "start beside is for encoders small and vggm, which learn from pixels.",
  );
});

test("frames are sampled in their order, and short videos repeat their last", () => {
  expect(sampleSteps(3, 5, new Random(0))).toEqual([0, 1, 2, 2, 2]);
  const steps = sampleSteps(50, 10, new Random(0));
  expect(steps).toHaveLength(10);
  for (const [i, step] of steps.entries()) expect(step).toBeGreaterThan(i === 0 ? 0 : steps[i - 1]!);
});

describe("what cannot be learnt from is refused", () => {
  const good = curves(2, 1);
  const bad = (sequence: Partial<Sequence>) => train(runtime, [good[0]!, { ...good[1]!, ...sequence }]);
  test.each([
    [[], "1 given; expected 2 or more videos of the same action."],
    [{ shape: [1, 3], data: new Float32Array(3) }, "curve 1 has 1 frame; there is nothing to align in fewer than 2."],
    [
      { shape: [3, 4], data: new Float32Array(12) },
      "curve 1 has frames of [4], curve 0 of [3]; they must be of one shape.",
    ],
    [
      { shape: [2, 3], data: Float32Array.of(0, 0, 0, 0, Number.NaN, 0) },
      "curve 1 holds NaN in frame 1; correct it or leave the file out.",
    ],
    [
      { shape: [4], data: new Float32Array(4) },
      "curve 1 has the shape [4]; expected [frames, features] or [frames, height, width, channels].",
    ],
  ])("%#", async (change, message) => {
    const given = Array.isArray(change) ? train(runtime, [good[0]!]) : bad(change);
    await expect(given).rejects.toThrow(message);
  });

  test("no labels for supervised learning", async () => {
    const supervised = train(runtime, good, { settings: { objective: "supervised" } });
    await expect(supervised).rejects.toThrow(
      /^curve 0 has no labels, but \d+ frames; supervised learning needs a phase/,
    );
  });

  test("an encoder of other data", async () => {
    await expect(train(runtime, good, { settings: { encoder: "small" } })).rejects.toThrow(
      "encoder small takes images [frames, height, width, channels]; curve 0 is [",
    );
  });
});
