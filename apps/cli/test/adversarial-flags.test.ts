// Flags of `reprise adversarial` are used or refused, and what they name is checked before the work.
import { writeFile } from "node:fs/promises";
import { attackNames, factsOf } from "@reprise/adversarial";
import { encodeNpy, ndArray } from "@reprise/data";
import { beforeAll, describe, expect, it } from "vitest";
import { at, reprise, withModels } from "./adversarial-models.ts";

withModels();
beforeAll(async () => {
  const pixels = Float32Array.from({ length: 2 * 784 }, (_, i) => (Math.sin(i * i) + 1) / 2);
  await writeFile(at("two.npy"), encodeNpy(ndArray("float32", [2, 1, 28, 28], pixels)));
  await writeFile(at("three-labels.npy"), encodeNpy(ndArray("uint8", [3], Uint8Array.of(1, 2, 3))));
  await writeFile(at("far-labels.npy"), encodeNpy(ndArray("uint8", [2], Uint8Array.of(1, 99))));
});

const two = () => ["--images", at("two.npy")];

describe("reprise adversarial attack", () => {
  const attack = (...args: string[]) => reprise("attack", at("a.onnx"), ...args);

  it.each(["ball l2", "steps 3", "top-k 2", "starts nosuch.npy"])("--%s is not of lbfgs", async (flag) => {
    await expect(attack(...`--${flag}`.split(" "))).rejects.toThrow(
      `--${flag.split(" ")[0]} is of other attacks than lbfgs; choose one by --attack.`,
    );
  });

  it.each(attackNames.filter((name) => name !== "lbfgs"))("--attack %s refuses what it does not have", async (name) => {
    for (const flag of ["norm l2", "loss margin", "sharpness 2", "bisections 2"])
      await expect(attack("--attack", name, ...`--${flag}`.split(" "))).rejects.toThrow(
        `--${flag.split(" ")[0]} is of --attack lbfgs; other attacks have losses and searches of their own.`,
      );
    if (name !== "hopskipjump")
      await expect(attack("--attack", name, "--starts", "x")).rejects.toThrow(
        "--starts is of --attack hopskipjump; others start from the image itself.",
      );
    if (factsOf(name).steps === null) await expect(attack("--attack", name, "--steps", "2")).rejects.toThrow("--steps");
  });

  it.each([
    ["deepfool", "linf", 'attack "deepfool" comes in L2 only, L∞ was asked for; leave out --ball.'],
    ["square", "l2", 'attack "square" comes in L∞ only, L2 was asked for; leave out --ball.'],
  ])("--attack %s --ball %s", async (name, ball, message) => {
    await expect(attack("--attack", name, "--ball", ball)).rejects.toThrow(message);
  });

  it("--sharpness is of cross-entropy", async () => {
    await expect(attack("--loss", "margin", "--sharpness", "2")).rejects.toThrow(
      "--sharpness is of --loss cross-entropy; leave it out.",
    );
  });

  it.each([[[]], [["--attack", "pgd"]]])("a target beyond the classes, with %j", async (more) => {
    await expect(attack(...two(), "--target", "77", ...more)).rejects.toThrow(
      "--target is 77; the model has 10 classes, so 0 … 9 is expected.",
    );
  });
});

describe.each(["attack", "transfer", "masking"])("reprise adversarial %s", (verb) => {
  const run = (...args: string[]) => reprise(verb, at("a.onnx"), ...args);

  it("labels belong to images, and to as many", async () => {
    await expect(run("--labels", at("three-labels.npy"))).rejects.toThrow("--labels is of --images; give both.");
    await expect(run(...two(), "--labels", at("three-labels.npy"))).rejects.toThrow(
      "three-labels.npy: holds 3 labels for 2 images. They belong to different sets.",
    );
    await expect(run(...two(), "--labels", at("far-labels.npy"))).rejects.toThrow(
      "far-labels.npy: label 1 is 99; the model has 10 classes, so 0 … 9 is expected.",
    );
  });
});

describe("reprise adversarial test", () => {
  const test = (...args: string[]) => reprise("test", at("a.onnx"), ...args);
  const labelled = () => [...two(), "--labels", at("three-labels.npy")];

  it.each([
    ["--split", "train"],
    ["--data", "folder"],
  ])("%s is of MNIST's images", async (flag, value) => {
    await expect(test(...labelled(), flag, value)).rejects.toThrow(
      `${flag} is of MNIST's images; leave it out beside --images.`,
    );
  });

  it("--resize is of the user's images; labels are as many as images", async () => {
    await expect(test("--resize")).rejects.toThrow("--resize is of --images; MNIST's images have one size.");
    await expect(test(...labelled())).rejects.toThrow("three-labels.npy: holds 3 labels for 2 images.");
  });
});

describe("reprise adversarial train", () => {
  it.each(["batch", "rate"])("--%s does nothing with lbfgs", async (flag) => {
    const args = ["train", "--network", "fc10-1", "--optimizer", "lbfgs", `--${flag}`, "1", "--out", at("no.onnx")];
    await expect(reprise(...args)).rejects.toThrow(
      `--${flag} does nothing with lbfgs, which takes all images at once and finds its steps.`,
    );
  });
});
