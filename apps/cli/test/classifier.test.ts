// reprise classifier on small pictures: eight of each of two classes, told apart by colour.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DataError, ndArray, Random } from "@reprise/data";
import { writeImage } from "@reprise/data/node";
import { importOnnx, ModelError } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { UsageError } from "@reprise/experiment";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLabelledImages } from "../src/commands/classifier/labelled-images.ts";
import { completeSettings, type TrainSettings } from "../src/commands/classifier/settings.ts";
import { describeTest, testOnImages } from "../src/commands/classifier/test.ts";
import { trainOnImages } from "../src/commands/classifier/train.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const otherWeights = fileURLToPath(
  new URL("../../../packages/nn/test/fixtures/torch-files/resnet20.th", import.meta.url),
);
let root: string;
const at = (...names: string[]) => join(root, ...names);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "reprise-classifier-"));
  const random = new Random(5);
  for (const [name, width] of [
    ["pictures", 8],
    ["large", 12],
  ] as const)
    for (const [kind, colour] of [
      ["blue", 2],
      ["red", 0],
    ] as const) {
      await mkdir(at(name, kind), { recursive: true });
      for (let i = 0; i < 8; i++) {
        const pixels = Uint8Array.from({ length: 3 * 8 * width }, (_, p) =>
          Math.floor(p / (8 * width)) === colour ? 200 + random.integer(56) : random.integer(100),
        );
        await writeImage(at(name, kind, `${i}.png`), ndArray("uint8", [3, 8, width], pixels));
      }
    }
});
afterAll(() => rm(root, { recursive: true }));

const settings = (out: string, more: Partial<TrainSettings> = {}): TrainSettings =>
  completeSettings({
    data: at("pictures"),
    out: at(out),
    epochs: 3,
    batchSize: 4,
    learningRate: 0.02,
    crop: 1,
    flip: true,
    threads: 1,
    seed: 3,
    ...more,
  });
const reprise = (...args: string[]) =>
  spawnSync(process.execPath, [main, "classifier", ...args], { encoding: "utf8", cwd: root });

describe("train and test", () => {
  beforeAll(async () => {
    await trainOnImages(settings("whole", { test: at("pictures") }), { command: "as typed" });
  });

  test("checkpoint, description, log, loss curve and ONNX file", async () => {
    expect((await readdir(at("whole"))).sort()).toEqual([
      "checkpoint.safetensors",
      "classifier.json",
      "log.jsonl",
      "loss.svg",
      "model.onnx",
    ]);
    const description = JSON.parse(await readFile(at("whole", "classifier.json"), "utf8"));
    expect(description).toMatchObject({
      network: "resnet20",
      classes: ["blue", "red"],
      inputShape: [3, 8, 8],
      madeBy: { command: "as typed", seed: 3, crop: 1, recipe: { epochs: 3, milestones: [1.5, 2.25] } },
    });
    const log = (await readFile(at("whole", "log.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(log.filter(({ loss }) => loss !== undefined).map(({ step }) => step)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
    expect(log.filter((record) => record.test)).toHaveLength(3);
    expect(log.at(-1).test.loss).toBeLessThan(log[0].loss);
    const model = importOnnx(await readFile(at("whole", "model.onnx")));
    expect(Object.fromEntries(model.metadata)).toMatchObject({
      network: "resnet20",
      classes: '["blue","red"]',
      seed: "3",
    });
    expect(await readFile(at("whole", "loss.svg"), "utf8")).toContain("test loss");
  });

  test("the test verb's accuracy, matrix and picture", async () => {
    const result = await testOnImages({ data: at("pictures"), model: at("whole"), svg: at("c.svg"), threads: 1 });
    expect(result.count).toBe(16);
    expect(result.accuracy).toBeGreaterThan(0.8);
    expect(result.confusion.map((row) => row.reduce((a, b) => a + b, 0))).toEqual([8, 8]);
    expect(result.confusion[0]![0]! + result.confusion[1]![1]!).toBe(16 - result.errors);
    expect(describeTest(result)).toMatch(
      /^resnet20: [\d.]+ % of 16 images right.*\n\nlabel ↓ predicted → +blue +red +right\n/,
    );
    // The ONNX file takes the same pixels, in [0, 1].
    const runtime = nodeRuntime({ threads: 1 });
    const { examples } = await readLabelledImages(at("pictures"), { split: "test" });
    const session = await runtime.load(await readFile(at("whole", "model.onnx")), { purpose: "infer" });
    const logits = (await session.run({ x: examples.images })).logits!.data as Float32Array;
    const predicted = Array.from({ length: 16 }, (_, i) => +(logits[2 * i + 1]! > logits[2 * i]!));
    expect(predicted.filter((k, i) => k !== Number(examples.labels.data[i]))).toHaveLength(result.errors);
    await session.release();
    await runtime.release();
    expect(await readFile(at("c.svg"), "utf8")).toContain("blue taken for blue: ");
  });

  test("binarised in training: the exported weights of a layer are two values, and scored as in training", async () => {
    const result = await trainOnImages(settings("signs", { test: at("pictures"), defence: "binarisation" }));
    const { initializers, metadata } = importOnnx(await readFile(at("signs", "model.onnx")));
    expect(metadata.get("defence")).toBe("binarisation");
    const signs = new Set(initializers.get("layer1.0.conv1.weight")!.data as Float32Array);
    expect([...signs].map(Math.abs)).toEqual([Math.max(...signs), Math.max(...signs)]);
    const tested = await testOnImages({ data: at("pictures"), model: at("signs"), threads: 1 });
    expect(tested.accuracy).toBe(result.test!.accuracy);
    await expect(trainOnImages(settings("signs", { test: at("pictures") }), { resume: true })).rejects.toThrow(
      "resume: the checkpoint was made with defence binarisation",
    );
  });

  test("stopped and resumed, it ends in the same weights and log", async () => {
    const controller = new AbortController();
    const stopped = trainOnImages(settings("parts", { test: at("pictures") }), {
      signal: controller.signal,
      onEvent(event) {
        if (event.kind === "step" && event.done === 6) controller.abort();
      },
    });
    await expect(stopped).rejects.toThrow(/abort/);
    expect(await readdir(at("parts"))).not.toContain("model.onnx");
    const again = trainOnImages(settings("parts", { test: at("pictures") }));
    await expect(again).rejects.toThrow(/parts: holds a training already\. Go on with it by --resume/);
    const other = trainOnImages(settings("parts", { network: "resnet32" }), { resume: true });
    await expect(other).rejects.toThrow(ModelError);
    await expect(other).rejects.toThrow(
      /checkpoint\.safetensors: "layer1\.3\.conv1\.weight", .*another network's weights/,
    );
    const changed = trainOnImages(settings("parts", { crop: 2 }), { resume: true });
    await expect(changed).rejects.toThrow(/resume: the checkpoint was made with crop 1, not 2/);
    await trainOnImages(settings("parts", { test: at("pictures") }), { resume: true });
    for (const file of ["checkpoint.safetensors", "log.jsonl"])
      expect(await readFile(at("parts", file)), file).toEqual(await readFile(at("whole", file)));
  });

  test("killed after its first checkpoint and resumed, it ends in the same weights and log", async () => {
    const flags = "--epochs 3 --batch-size 4 --learning-rate 0.02 --crop 1 --flip --threads 1 --seed 3".split(" ");
    const paths = ["--data", at("pictures"), "--test", at("pictures"), "--out", at("killed")];
    const child = spawn(process.execPath, [main, "classifier", "train", ...paths, ...flags], { stdio: "ignore" });
    const ended = once(child, "exit");
    while (child.exitCode === null && !existsSync(at("killed", "checkpoint.safetensors"))) await setTimeout(5);
    child.kill("SIGKILL");
    await ended;
    await trainOnImages(settings("killed", { data: at("pictures"), test: at("pictures") }), { resume: true });
    for (const file of ["checkpoint.safetensors", "log.jsonl"])
      expect(await readFile(at("killed", file)), file).toEqual(await readFile(at("whole", file)));
  });

  test("pictures of several sizes, brought to one; a test does it as the training did", async () => {
    await mkdir(at("mixed"), { recursive: true });
    for (const kind of ["blue", "red"]) {
      await cp(at("pictures", kind), at("mixed", kind), { recursive: true });
      await cp(at("large", kind, "0.png"), at("mixed", kind, "wide.png"));
    }
    const { batchSize: _, ...all } = settings("resized", { data: at("mixed"), resize: 8, epochs: 1 });
    await trainOnImages(all);
    // 18 images, fewer than the recipe's batch of 128: all of them are one.
    expect(JSON.parse(await readFile(at("resized", "classifier.json"), "utf8"))).toMatchObject({
      inputShape: [3, 8, 8],
      resized: true,
      madeBy: { recipe: { batchSize: 18 } },
    });
    expect(await testOnImages({ data: at("large"), model: at("resized"), threads: 1 })).toMatchObject({ count: 16 });
    const other = testOnImages({ data: at("large"), model: at("whole") });
    await expect(other).rejects.toThrow(/12×8 pixels, the model's 8×8\. Give images of that size, or --resize 8\./);
    expect(await testOnImages({ data: at("large"), model: at("whole"), resize: 8, threads: 1 })).toMatchObject({
      count: 16,
    });
    const cifar = at("cifar.bin");
    await writeFile(cifar, new Uint8Array(3073));
    await expect(trainOnImages(settings("nowhere"), { resume: true })).rejects.toThrow(
      "holds no checkpoint to resume from. Leave --resume out to start.",
    );
    await expect(testOnImages({ data: cifar, model: at("whole"), network: "resnet20", threads: 1 })).rejects.toThrow(
      "--model brings its network and weights; leave --network and --weights out.",
    );
    const unwanted = trainOnImages(settings("none", { data: cifar, resize: 64 }));
    await expect(unwanted).rejects.toThrow(/CIFAR's images are 32×32; --resize 64 is for folders of pictures/);
  });

  test("a loss that is no number: what to do, and what there is", async () => {
    const wild = settings("wild", { learningRate: 1e30, epochs: 8, checkpointEvery: 1000 });
    await expect(trainOnImages(wild)).rejects.toThrow(
      /^training: the (loss is NaN|weights are not finite, though the loss was) at step \d+\. Train with a --learning-rate below 1e\+30, or a longer --warm-up; nothing was kept\.$/,
    );
    expect(await readdir(at("wild"))).toEqual(["classifier.json", "log.jsonl", "loss.svg"]);
    expect(await readFile(at("wild", "loss.svg"), "utf8")).not.toMatch(/NaN|Infinity/);
    // The same folder takes the next attempt.
    await trainOnImages(settings("wild", { epochs: 1 }));
  });

  test("our own checkpoint as a start, without its optimizer", async () => {
    await trainOnImages(settings("further", { weights: at("whole", "checkpoint.safetensors"), epochs: 1 }));
    const [first] = (await readFile(at("further", "log.jsonl"), "utf8")).split("\n");
    const [last] = (await readFile(at("whole", "log.jsonl"), "utf8")).trim().split("\n").slice(-2);
    expect(JSON.parse(first!).loss).toBeLessThan(3 * JSON.parse(last!).loss);
  });

  test("weights of a file as a start, and another network's", async () => {
    const wrong = trainOnImages(settings("from", { weights: otherWeights }));
    await expect(wrong).rejects.toThrow(/resnet20\.th: "linear\.weight" is \[10, 64\], the network's is \[2, 64\]/);
    expect(existsSync(at("from"))).toBe(false);
    await expect(trainOnImages(settings("from", { warmUp: 9 }))).rejects.toThrow(
      /warm-up is 9 epochs; expected 0 to the 3/,
    );
    expect(existsSync(at("from"))).toBe(false);
  });
});

describe("bad data", () => {
  const train = (data: string, more: Partial<TrainSettings> = {}) => trainOnImages(settings("none", { data, ...more }));
  const made = async (files: Record<string, string | Uint8Array>): Promise<string> => {
    const folder = await mkdtemp(at("bad-"));
    for (const [name, content] of Object.entries(files)) {
      await mkdir(join(folder, name, ".."), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    return folder;
  };
  test("no class folders, one class, an unreadable image, mixed sizes", async () => {
    await expect(train(await made({ "a.png": "" }))).rejects.toThrow(/holds no class folders/);
    const picture = await readFile(at("pictures", "red", "0.png"));
    await expect(train(await made({ "cat/1.png": picture }))).rejects.toThrow(/holds one class only, "cat"/);
    await expect(train(await made({ "cat/1.png": picture, "dog/2.png": "no" }))).rejects.toThrow(
      /dog.2\.png: is not an image/,
    );
    const large = await readFile(at("large", "red", "0.png"));
    await expect(train(await made({ "cat/1.png": picture, "dog/2.png": large }))).rejects.toThrow(
      /2\.png: the image is 12×8 pixels.*1\.png is 8×8.*Bring them to one by --resize, e\.g\. --resize 64\.$/,
    );
    await expect(train(at("nowhere"))).rejects.toThrow(/nowhere: cannot be read: there is no such file/);
  });
  test("CIFAR: a label out of range, a file cut short, the wrong split", async () => {
    const record = new Uint8Array(3073).fill(7);
    const file = await made({ "train.bin": Uint8Array.of(...record, 10, ...record.subarray(1)) });
    await expect(train(file)).rejects.toThrow(/train\.bin: label 1 is 10; expected 0 to 9/);
    const cut = await made({ "train.bin": record.subarray(1) });
    await expect(train(cut)).rejects.toThrow(/train\.bin: has 3072 bytes; the binary form of cifar10/);
    const split = await made({ "test_batch.bin": record });
    await expect(train(split)).rejects.toThrow(/has test_batch\.bin, but no data_batch_\*\.bin/);
  });
  test("CIFAR-100 has the names of the file beside it, numbers without one", async () => {
    const records = Uint8Array.from({ length: 2 * 3074 }, (_, i) => (i % 3074 < 2 ? 7 : 0));
    const path = await made({ "test.bin": records });
    const classes = async () => (await readLabelledImages(path, { split: "test" })).classes;
    expect((await classes())[7]).toBe("class 7");
    await writeFile(join(path, "fine_label_names.txt"), Array.from({ length: 100 }, (_, i) => `fish ${i}\n`).join(""));
    expect((await classes())[7]).toBe("fish 7");
  });
  test("test images of other classes or another size; images too small for a network", async () => {
    await expect(train(at("pictures"), { test: at("large") })).rejects.toThrow(
      /large: the images are 12×8 pixels, the model's 8×8/,
    );
    const foreign = await made({ "green/1.png": await readFile(at("pictures", "red", "0.png")) });
    await expect(train(at("pictures"), { test: foreign })).rejects.toThrow(
      /green: is not one of the classes blue, red/,
    );
    await expect(train(at("pictures"), { network: "vgg11" })).rejects.toThrow(/are 8×8 pixels; vgg11 takes 32×32/);
    await expect(train(at("pictures"), { network: "resnet21" })).rejects.toThrow(/network "resnet21" is not known/);
    await expect(train(at("pictures"), { batchSize: 17 })).rejects.toThrow(
      /pictures: holds 16 images, fewer than --batch-size 17\. Give a smaller one\./,
    );
  });
  test("a folder that cannot be written, and folders that hold no classifier", async () => {
    const out = await made({ file: "" });
    await expect(trainOnImages(settings("x", { out: join(out, "file", "sub") }))).rejects.toThrow(DataError);
    const broken = await made({ "classifier.json": "{}" });
    const read = (model: string) => testOnImages({ data: at("pictures"), model });
    await expect(read(broken)).rejects.toThrow(/classifier\.json: does not describe a classifier/);
    await expect(read(at("pictures"))).rejects.toThrow(/classifier\.json: cannot be read/);
    const nowhere = testOnImages({ data: at("pictures"), model: at("whole"), svg: at("nowhere", "c.svg") });
    await expect(nowhere).rejects.toThrow(/c\.svg: cannot be written: its folder does not exist/);
    await expect(testOnImages({ data: at("pictures") })).rejects.toThrow(/Give --model FOLDER, or --network NAME/);
    await expect(testOnImages({ data: at("pictures"), network: "resnet20", weights: otherWeights })).rejects.toThrow(
      /"linear\.weight" is \[10, 64\], the network's is \[2, 64\]/,
    );
  });
});

describe("settings", () => {
  const complete = (text: string, flags: Partial<TrainSettings> = {}) =>
    completeSettings(flags, { path: "c.json", text });
  test("flags replace the file's, which replaces the defaults", () => {
    const file = '{"data": "a", "out": "b", "epochs": 4, "milestones": [2, 3], "flip": true, "crop": 4}';
    expect(complete(file, { epochs: 7, crop: 0 })).toEqual({
      network: "resnet20",
      seed: 0,
      data: "a",
      out: "b",
      epochs: 7,
      milestones: [2, 3],
      flip: true,
      crop: 0,
    });
  });
  test.each([
    ["{", /c\.json: is not JSON/],
    ["[]", /c\.json: expected an object/],
    ['{"epoch": 3}', /c\.json: "epoch" is not a setting; there are data, out/],
    ['{"epochs": 0}', /c\.json: "epochs" is 0\. Expected a whole number from 1 up\./],
    ['{"schedule": "linear"}', /"schedule" is "linear"\. Allowed choices are constant, cosine, step/],
    ['{"data": "a", "out": "b", "clustering": 0.1}', /--clustering is of --defence piecewise-clustering; give both\./],
    ['{"defence": "prayer"}', /"defence" is "prayer"\. Allowed choices are piecewise-clustering, binarisation/],
    ['{"data": "a"}', /--out <folder> is missing; give it, or "out" in --config/],
  ])("%s", (text, message) => {
    expect(() => complete(text)).toThrow(UsageError);
    expect(() => complete(text)).toThrow(message);
  });
});

test("the command line: JSON on stdout, exit codes 0, 1 and 2", () => {
  const tested = reprise("test", "--data", "pictures", "--model", "whole", "--threads", "1", "--json");
  expect(tested.status, tested.stderr).toBe(0);
  expect(JSON.parse(tested.stdout)).toMatchObject({ network: "resnet20", count: 16, classes: ["blue", "red"] });
  const failed = reprise("test", "--data", "nowhere", "--model", "whole");
  expect([failed.status, failed.stdout]).toEqual([1, ""]);
  expect(failed.stderr).toBe("reprise: nowhere: cannot be read: there is no such file or folder. Check the path.\n");
  const usage = reprise("train", "--data", "pictures");
  expect([usage.status, usage.stdout]).toEqual([2, ""]);
  expect(usage.stderr).toMatch(/reprise classifier train: --out <folder> is missing/);
  const network = reprise("train", "--data", "pictures", "--out", "x", "--network", "resnet21");
  expect([network.status, network.stderr]).toEqual([2, expect.stringMatching(/Expected one of resnet20, .*vgg19-bn/)]);
  const flag = reprise("train", "--data", "pictures", "--out", "x", "--epochs", "0");
  expect([flag.status, flag.stderr]).toEqual([
    2,
    expect.stringMatching(/'0' is invalid\. Expected a whole number from 1 up/),
  ]);
});
