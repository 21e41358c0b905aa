// What reprise bit-flip refuses, each in one clear line.
import { writeFile } from "node:fs/promises";
import { tensor } from "@reprise/engine";
import { beforeAll, describe, expect, test } from "vitest";
import { at, given, modelOf, npy, reprise, weights, withModel } from "./bit-flip-models.ts";

withModel();

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
    [
      "a bit width out of range",
      () => [at("m.onnx"), "--bits", "9", ...given()],
      /--bits is 9; expected 1 to 8, or 32 or 16/,
    ],
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
