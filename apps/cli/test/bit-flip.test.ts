// reprise bit-flip on a small convolutional classifier of random weights: files, resuming, and everything that is refused.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AttackDocument } from "@reprise/bit-flip";
import { encodeNpy, ndArray, Random } from "@reprise/data";
import {
  conv,
  cpu,
  exportOnnx,
  flatten,
  gemm,
  lower,
  relu,
  type Tensor,
  tensor,
  trace,
  type Value,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inProcess } from "./in-process.ts";

const bin = fileURLToPath(new URL("../bin/reprise.mjs", import.meta.url));
let folder: string;
const at = (name: string) => join(folder, name);
const reprise = (...args: string[]): Promise<string> => inProcess("bit-flip", args);
const json = async (...args: string[]) => JSON.parse(await reprise(...args, "--json"));

const random = new Random(3);
const draw = (shape: readonly number[], scale = 1): Tensor<"float32"> => ({
  ...{ dtype: "float32", shape },
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
});
const weights = { stem: draw([8, 1, 3, 3], 0.5), body: draw([16, 8, 3, 3], 0.2), classifier: draw([5, 144], 0.2) };
const images = draw([96, 1, 12, 12]);

function modelOf(given: Record<string, Tensor> = weights): Uint8Array {
  const graph = trace(
    ({ x }: Record<"x", Value>) => {
      const w = (name: string) => x.graph.constant(given[name]!, "float32", `${name}.weight`);
      const half = { pads: [1, 1], strides: [2, 2] };
      const y = relu(conv(relu(conv(x, w("stem"), null, half)), w("body"), null, half));
      return { scores: gemm(flatten(y), w("classifier"), null, { transB: true }) };
    },
    { x: { dtype: "float32", shape: [2, 1, 12, 12] } },
  );
  return exportOnnx(lower(graph, cpu), { dynamic: { x: ["N"], scores: ["N"] } });
}

async function answersOf(file: string): Promise<number[]> {
  const runtime = nodeRuntime({ threads: 1 });
  const session = await runtime.load(await readFile(at(file)), { purpose: "infer" });
  const { scores } = (await session.run({ x: images })) as Record<string, Tensor>;
  await runtime.release();
  return Array.from({ length: 96 }, (_, row) => {
    const five = Array.from(scores!.data.slice(5 * row, 5 * row + 5), Number);
    return five.indexOf(Math.max(...five));
  });
}

const npy = (file: string, dtype: "float32" | "int32", shape: number[], data: Float32Array | Int32Array) =>
  writeFile(at(file), encodeNpy(ndArray(dtype, shape, data as never)));

/** Sample, test images and labels. */
const given = () => [
  ...["--sample", at("sample.npy"), "--test", at("test.npy"), "--labels", at("labels.npy")],
  ...["--mean", "0.5", "--std", "0.125", "--threads", "1"],
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bit-flip-"));
  await writeFile(at("m.onnx"), modelOf());
  const unit = images.data.map((v) => Math.min(1, Math.max(0, 0.5 + v / 8)));
  await npy("test.npy", "float32", [96, 1, 12, 12], unit);
  await npy("sample.npy", "float32", [24, 1, 12, 12], images.data.slice(0, 24 * 144));
  await npy("labels.npy", "int32", [96], Int32Array.from(await answersOf("m.onnx")));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("attack", () => {
  test("the document, the files, and what ONNX Runtime makes of them", async () => {
    const document = (await json(
      "attack",
      at("m.onnx"),
      "--bits",
      "8",
      ...given(),
      "--stop-accuracy",
      "0.5",
      "--seed",
      "4",
      "--out",
      at("out"),
    )) as AttackDocument;
    expect(document).toMatchObject({
      model: "m.onnx",
      bits: 8,
      sample: { size: 24, seed: 4 },
      status: "reached",
      stopped: "accuracy",
    });
    expect(document.sample.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(document.before.accuracy).toBeGreaterThan(0.95);
    expect(document.after.accuracy).toBeLessThanOrEqual(0.5);
    expect(document.flips.at(-1)!.accuracy).toBe(document.after.accuracy);
    expect(document.hammingDistance).toBe(document.flips.length);
    expect(document.random).toHaveLength(1);
    for (const { layer, bit, before, after } of document.flips) {
      expect(["stem", "body", "classifier"]).toContain(layer);
      expect((before ^ after) & 255).toBe(1 << bit);
    }
    expect(readdirSync(at("out")).sort()).toEqual([
      "accuracy.png",
      "accuracy.svg",
      "flipped.onnx",
      "flips.csv",
      "map.png",
      "map.svg",
      "quantised.onnx",
      "results.json",
    ]);
    expect(JSON.parse(readFileSync(at("out/results.json"), "utf8"))).toEqual(document);
    const labels = await answersOf("m.onnx");
    const right = (answers: number[]) => answers.filter((answer, row) => answer === labels[row]).length / 96;
    expect(right(await answersOf("out/flipped.onnx"))).toBe(document.after.accuracy);
    expect(right(await answersOf("out/quantised.onnx"))).toBe(document.before.accuracy);
    expect(readFileSync(at("out/flips.csv"), "utf8").split("\n")[0]).toBe(
      "iteration,layer,index,bit,before,after,loss,accuracy,byte,mask",
    );

    // The quantised file is attacked by the same flips, and so is that of `quantise`.
    await reprise("quantise", at("m.onnx"), "--bits", "8", "--out", at("q.onnx"));
    expect(readFileSync(at("q.onnx"))).toEqual(readFileSync(at("out/quantised.onnx")));
    const own = (await json("attack", at("q.onnx"), ...given(), "--stop-accuracy", "0.5")) as AttackDocument;
    expect(own.flips).toEqual(document.flips);

    // apply and undo.
    expect(await reprise("apply", at("q.onnx"), at("out/results.json"), "--out", at("f.onnx"))).toMatch(
      /f\.onnx: \d+ flips made/,
    );
    expect(readFileSync(at("f.onnx"))).toEqual(readFileSync(at("out/flipped.onnx")));
    expect(await reprise("undo", at("f.onnx"), at("out/results.json"), "--out", at("u.onnx"))).toMatch(/flips undone/);
    expect(readFileSync(at("u.onnx"))).toEqual(readFileSync(at("q.onnx")));
    await expect(reprise("apply", at("f.onnx"), at("out/results.json"), "--out", at("x.onnx"))).rejects.toThrow(
      /f\.onnx: its SHA-256 is [0-9a-f]{64}; the flips of .*results\.json are for [0-9a-f]{64}\. They belong to another model\./,
    );
    await expect(reprise("undo", at("q.onnx"), at("out/results.json"), "--out", at("x.onnx"))).rejects.toThrow(
      /are for the flipped file [0-9a-f]{64}\. They belong to another model\./,
    );
    await expect(reprise("apply", at("q.onnx"), at("q.onnx"), "--out", at("x.onnx"))).rejects.toThrow(
      "is no list of flips. Give the results.json of an attack.",
    );
    expect(existsSync(at("x.onnx"))).toBe(false);
  });

  test("with a target: success and the accuracy of the others", async () => {
    const labels = await answersOf("m.onnx");
    const [source, target] = [labels[0]!, (labels[0]! + 1) % 5];
    for (const more of [
      [],
      ["--source", `${source}`],
      ["--source", `${source}`, "--stealthy"],
      ["--source", `${source}`, "--stealthy", "--stealth-as-constant"],
    ]) {
      const document = (await json(
        "attack",
        at("m.onnx"),
        "--bits",
        "6",
        ...given(),
        "--target",
        `${target}`,
        ...more,
        "--flips",
        "8",
        "--random-trials",
        "0",
      )) as AttackDocument;
      expect(document.after.success).toBeGreaterThan(document.before.success!);
      expect(document.after.loss).toBeLessThan(document.before.loss);
      expect(document.flips[0]!.success).toBeDefined();
    }
  });

  test("the search goes on from a stopped run, and from one that is killed, to the same flips", async () => {
    const args = [
      "attack",
      at("m.onnx"),
      "--bits",
      "8",
      ...given(),
      "--stop-accuracy",
      "0",
      "--flips",
      "12",
      "--random-trials",
      "0",
    ];
    const whole = (await json(...args)) as AttackDocument;
    const child = spawn(process.execPath, [bin, "bit-flip", ...args, "--out", at("killed")], { stdio: "ignore" });
    const kept = () =>
      existsSync(at("killed/partial"))
        ? readdirSync(at("killed/partial")).filter((name) => name.endsWith(".bin")).length
        : 0;
    while (kept() < 3 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(kept()).toBeGreaterThanOrEqual(3);
    expect(existsSync(at("killed/results.json"))).toBe(false);
    await expect(json(...args, "--bits", "7", "--out", at("killed"))).rejects.toThrow(
      /holds a part of another run: model is/,
    );
    const resumed = (await json(...args, "--out", at("killed"))) as AttackDocument;
    expect(resumed.flips).toEqual(whole.flips);
    expect(existsSync(at("killed/partial"))).toBe(false);
  });

  test("Ctrl-C: says what is kept, and the same command goes on to the same flips", async () => {
    const limits = ["--stop-accuracy", "0", "--flips", "12", "--random-trials", "0"];
    const args = ["attack", at("m.onnx"), "--bits", "8", ...given(), ...limits];
    const child = spawn(process.execPath, [bin, "bit-flip", ...args, "--out", at("stopped")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (text: Buffer) => {
      said += text.toString();
    });
    const kept = () =>
      existsSync(at("stopped/partial"))
        ? readdirSync(at("stopped/partial")).filter((name) => name.endsWith(".bin")).length
        : 0;
    while (kept() < 2 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect(code).toBe(1);
    expect(said).toMatch(/\d+ steps? (is|are) kept in .*partial; the same command goes on from there\./);
    const resumed = (await json(...args, "--out", at("stopped"))) as AttackDocument;
    expect(resumed.flips).toEqual(((await json(...args)) as AttackDocument).flips);
  });

  test("a search without a reachable limit says so, with the best so far", async () => {
    const args = ["attack", at("m.onnx"), "--bits", "8", ...given(), "--stop-accuracy", "0", "--random-trials", "0"];
    expect(await json(...args, "--flips", "2")).toMatchObject({ status: "not reached", stopped: "flips" });
    expect(await reprise(...args, "--flips", "2")).toMatch(
      /stopped: the most flips that were allowed; not what was to be reached, this is the best so far/,
    );
    expect(await json(...args, "--seconds", "0")).toMatchObject({
      status: "not reached",
      stopped: "seconds",
      flips: [],
    });
  });
});

test("random: accuracies with their interval, the same for a seed", async () => {
  const args = [
    "random",
    "--mean",
    "0.5",
    "--std",
    "0.125",
    at("m.onnx"),
    "--bits",
    "8",
    "--test",
    at("test.npy"),
    "--labels",
    at("labels.npy"),
    "--flips",
    "1,50",
    "--trials",
    "3",
    "--threads",
    "1",
  ];
  const first = await json(...args);
  expect(first.random.map((row: { flips: number; trials: number }) => [row.flips, row.trials])).toEqual([
    [1, 3],
    [50, 3],
  ]);
  for (const { low, mean, high } of first.random) expect(low <= mean && mean <= high).toBe(true);
  expect(await json(...args)).toEqual(first);
  expect((await json(...args, "--seed", "1")).random).not.toEqual(first.random);
});

test("sweep: a flip for each layer and bit, the sign bit the worst of the largest layer", async () => {
  const { map, before } = await json("sweep", at("m.onnx"), "--bits", "4", ...given(), "--out", at("map"));
  expect(map).toHaveLength(12);
  expect(new Set(map.map(({ layer, bit }: { layer: string; bit: number }) => `${layer}/${bit}`)).size).toBe(12);
  expect(Math.max(...map.map(({ loss }: { loss: number }) => loss))).toBeGreaterThan(before.loss);
  expect(readdirSync(at("map")).sort()).toEqual(["map.csv", "map.json", "map.png", "map.svg"]);
});

describe("defences", () => {
  const test96 = () => ["--test", at("test.npy"), "--labels", at("labels.npy"), "--mean", "0.5", "--std", "0.125"];

  test("protect by clipping: the same accuracy, and the protected file is attacked as any other", async () => {
    const args = ["protect", at("m.onnx"), "--bits", "8", "--threads", "1", ...test96()];
    const found = await json(...args, "--by", "clipping", "--out", at("clipped.onnx"));
    expect(found.accuracy.after).toBe(found.accuracy.before);
    expect(found.accuracy.before).toBeGreaterThan(0.9);
    expect(found.bytes).toBeGreaterThan(8 * (8 + 16 + 5)); // two floats an output channel
    expect(found.milliseconds.before).toBeGreaterThan(0);
    const limits = ["--stop-accuracy", "0", "--flips", "3", "--random-trials", "0"];
    const clipped = (await json("attack", at("clipped.onnx"), ...given(), ...limits)) as AttackDocument;
    const plain = (await json("attack", at("m.onnx"), "--bits", "8", ...given(), ...limits)) as AttackDocument;
    expect(clipped.before).toEqual(plain.before);
    expect(clipped.after.loss).toBeLessThan(plain.after.loss);
    const rebuilt = await reprise(...args, "--by", "reconstruction", "--limit", "4", "--out", at("rebuilt.onnx"));
    expect(rebuilt).toMatch(
      /rebuilt\.onnx: reconstruction\naccuracy [\d.]+ % → [\d.]+ %\ntime of an image .* ms\nstorage: .* more/,
    );
  });

  test("checksums find the flips of an attack, and recovery sets their groups to zero", async () => {
    await reprise("quantise", at("m.onnx"), "--bits", "8", "--out", at("p.onnx"));
    const protect = ["protect", at("p.onnx"), "--by", "checksums", "--threads", "1", "--out", at("p.json")];
    expect(await reprise(...protect, "--group", "4", "--key", "1")).toMatch(/time of a check [\d.]+ ms, of an image/);
    expect(await reprise("check", at("p.onnx"), at("p.json"))).toBe("p.onnx: no group of weights has changed");
    const args = ["attack", at("p.onnx"), ...given(), "--stop-accuracy", "0", "--flips", "4", "--random-trials", "0"];
    const { flips } = (await json(...args, "--out", at("attacked"))) as AttackDocument;
    const flippedFile = at("attacked/flipped.onnx");
    const { changed, groups } = await json("check", flippedFile, at("p.json"));
    expect(changed).toBe(true);
    const isFound = ({ layer, index }: { layer: string; index: number }) =>
      groups.some(
        (group: { layer: string; indices: number[] }) => group.layer === layer && group.indices.includes(index),
      );
    for (const flip of flips.filter(({ bit }) => bit === 7)) expect(isFound(flip)).toBe(true);
    const text = await reprise("recover", flippedFile, at("p.json"), "--out", at("recovered.onnx"));
    expect(text).toMatch(/recovered\.onnx: \d+ groups? of weights changed, \d+ weights, set to zero/);
    const right = async (file: string) => {
      const labels = await answersOf("m.onnx");
      return (await answersOf(file)).filter((answer, row) => answer === labels[row]).length;
    };
    expect(await right("recovered.onnx")).toBeGreaterThan(await right("attacked/flipped.onnx"));
  });

  test("what protect, check and recover refuse", async () => {
    const protect = (...args: string[]) =>
      reprise("protect", at("m.onnx"), "--bits", "8", "--out", at("x.onnx"), ...args);
    await expect(protect("--by", "clipping", "--group", "4")).rejects.toThrow(
      "--group and --limit are of reconstruction and checksums; clipping takes neither",
    );
    await expect(protect("--by", "clipping", "--key", "4")).rejects.toThrow("--key is of --by checksums");
    await expect(reprise("check", at("p.onnx"), at("p.onnx"))).rejects.toThrow(
      "p.onnx: holds no signatures. Give the file that protect --by checksums wrote.",
    );
    await writeFile(at("empty.json"), "{}");
    await expect(reprise("check", at("p.onnx"), at("empty.json"))).rejects.toThrow("holds no signatures");
    const { layers, ...rest } = JSON.parse(readFileSync(at("p.json"), "utf8"));
    await writeFile(at("other.json"), JSON.stringify({ ...rest, layers: layers.slice(1) }));
    await expect(reprise("check", at("p.onnx"), at("other.json"))).rejects.toThrow("They belong to another model.");
  });
});

describe("what is refused", () => {
  const refused: readonly (readonly [string, () => string[], RegExp])[] = [
    ["no model", () => [], /no model: give an ONNX file, or --network with --weights/],
    [
      "two models",
      () => [at("m.onnx"), "--network", "resnet20"],
      /both .*m\.onnx and the network resnet20 are given; attack one of them/,
    ],
    ["no weights", () => ["--network", "resnet20"], /--network resnet20 needs --weights, a file with its weights/],
    [
      "an unknown network",
      () => ["--network", "resnet21", "--weights", "w"],
      /network "resnet21" is not known; choose one of/,
    ],
    [
      "a float model without bits",
      () => [at("m.onnx"), ...given()],
      /m\.onnx: its weights are float32; say how many bits they are quantised to, 1 to 8/,
    ],
    [
      "no sample",
      () => [at("m.onnx"), "--bits", "8"],
      /no sample: give --sample with the network's inputs, or --images to draw from/,
    ],
    [
      "two samples",
      () => [at("m.onnx"), "--bits", "8", "--sample", "a", "--images", "b"],
      /both --sample and --images are given/,
    ],
    [
      "a sample of another shape",
      () => [at("m.onnx"), "--bits", "8", "--sample", at("other.npy")],
      /other\.npy: holds \[2, 1, 11, 12\]; m\.onnx takes images of \[1, 12, 12\], so a sample is \[N, 1, 12, 12\]/,
    ],
    [
      "a sample with NaN",
      () => [at("m.onnx"), "--bits", "8", "--sample", at("nan.npy")],
      /nan\.npy: holds NaN at value 7; expected finite numbers/,
    ],
    [
      "a sample that is empty",
      () => [at("m.onnx"), "--bits", "8", "--sample", at("none.npy")],
      /none\.npy: holds no images/,
    ],
    [
      "a sample of whole numbers",
      () => [at("m.onnx"), "--bits", "8", "--sample", at("labels.npy")],
      /labels\.npy: holds int32; a sample holds the network's inputs in float32/,
    ],
    [
      "too few images to draw from",
      () => [at("m.onnx"), "--bits", "8", "--images", at("test.npy")],
      /test\.npy: holds 96 images; a sample of 128 cannot be drawn\. Give a smaller --sample-size/,
    ],
    [
      "test images without labels",
      () => [at("m.onnx"), "--bits", "8", "--sample", at("sample.npy"), "--test", at("test.npy")],
      /test\.npy has no labels of its own; give them by --labels/,
    ],
    [
      "labels outside",
      () => [
        at("m.onnx"),
        "--bits",
        "8",
        "--sample",
        at("sample.npy"),
        "--test",
        at("test.npy"),
        "--labels",
        at("wrong.npy"),
      ],
      /Label 3 of the test images is 5; the model has classes 0 to 4/,
    ],
    [
      "sample labels outside",
      () => [at("m.onnx"), "--bits", "8", ...given(), "--sample-labels", at("wrong.npy")],
      /Target 3 of the sample is 5; the network has classes 0 to 4/,
    ],
    [
      "a target outside",
      () => [at("m.onnx"), "--bits", "8", ...given(), "--target", "5"],
      /--target is 5; the model has classes 0 to 4/,
    ],
    [
      "a source without a target",
      () => [at("m.onnx"), "--bits", "8", ...given(), "--source", "1"],
      /give --target as well/,
    ],
    [
      "a limit that is not measured",
      () => [at("m.onnx"), "--bits", "8", "--sample", at("sample.npy"), "--stop-accuracy", "0.1"],
      /--stop-accuracy needs --test/,
    ],
    [
      "stealth without a source",
      () => [at("m.onnx"), "--bits", "8", ...given(), "--target", "1", "--stealthy"],
      /--stealthy needs --source/,
    ],
    [
      "an accuracy limit with a target",
      () => [at("m.onnx"), "--bits", "8", ...given(), "--target", "1", "--stop-accuracy", "0.1"],
      /with --target give --stop-success/,
    ],
    [
      "means of other channels",
      () => [at("m.onnx"), "--bits", "8", ...given(), "--mean", "0,0"],
      /--mean has 2 numbers; images of \[1, 12, 12\] have 1 channels/,
    ],
    [
      "a deviation of zero",
      () => [at("m.onnx"), "--bits", "8", ...given(), "--std", "0"],
      /--std holds 0; expected numbers above 0/,
    ],
    [
      "NaN weights",
      () => [at("nan.onnx"), "--bits", "8", ...given()],
      /nan\.onnx: weight "body\.weight" is NaN at 9; expected finite numbers/,
    ],
    [
      "infinite logits",
      () => [at("inf.onnx"), "--bits", "8", ...given()],
      /Image 0 of the sample has the score (NaN|-?Infinity) for class \d; expected finite scores/,
    ],
    [
      "a truncated file",
      () => [at("cut.onnx"), "--bits", "8", ...given()],
      /cut\.onnx: not a readable ONNX model: .*\. Export or download the file again/,
    ],
    [
      "chance before the first flip",
      () => [at("m.onnx"), "--bits", "8", ...given(), "--stop-accuracy", "1"],
      /the accuracy is [\d.]+ before the first flip, and 1 is where the attack stops; nothing is left to break/,
    ],
    [
      "a full disk",
      () => [at("m.onnx"), "--bits", "8", ...given(), "--stop-accuracy", "0.3", "--out", "/dev/full/x"],
      /\/dev\/full.*cannot be (created|written): .*/,
    ],
    ["a bit width that is none", () => [at("m.onnx"), "--bits", "9", ...given()], /whole number from 1 to 8/],
  ];

  beforeAll(async () => {
    await npy("other.npy", "float32", [2, 1, 11, 12], new Float32Array(2 * 132));
    await npy("nan.npy", "float32", [1, 1, 12, 12], new Float32Array(144).fill(Number.NaN, 7, 8));
    await npy("none.npy", "float32", [0, 1, 12, 12], new Float32Array(0));
    await npy("wrong.npy", "int32", [96], new Int32Array(96).fill(5, 3, 4));
    const broken = (fill: number) =>
      modelOf({ ...weights, body: { ...weights.body, data: weights.body.data.map((v, i) => (i === 9 ? fill : v)) } });
    await writeFile(at("nan.onnx"), broken(Number.NaN));
    const huge = tensor(
      "float32",
      [5, 144],
      Array.from({ length: 720 }, () => 3e38),
    );
    await writeFile(
      at("inf.onnx"),
      modelOf({ ...weights, classifier: huge, body: { ...weights.body, data: weights.body.data.map((v) => 1e6 * v) } }),
    );
    await writeFile(at("cut.onnx"), modelOf().slice(0, 2000));
  });

  test.each(refused)("%s", async (_, args, message) => {
    await expect(reprise("attack", ...args())).rejects.toThrow(message);
  });

  test("quantise: a file that is quantised, and one without --out", async () => {
    await reprise("quantise", at("m.onnx"), "--bits", "4", "--out", at("q4.onnx"));
    await expect(reprise("quantise", at("q4.onnx"), "--out", at("q5.onnx"))).rejects.toThrow(
      "q4.onnx is quantised already; attack it as it is",
    );
    await expect(reprise("quantise", at("m.onnx"), "--bits", "4")).rejects.toThrow(/required option '--out/);
    await expect(reprise("attack", at("q4.onnx"), "--bits", "8", ...given())).rejects.toThrow(
      "q4.onnx: it is quantised to 4 bits already, and its integers are attacked as they are; 8 bits would need the float model.",
    );
  });
});
