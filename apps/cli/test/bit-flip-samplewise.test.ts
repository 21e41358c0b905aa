// reprise bit-flip attack --sample-wise: each image's flips, made in the file, send that image to its class in ONNX Runtime.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { answersOf, at, given, json, reprise, stoppedAfter, withModel } from "./bit-flip-models.ts";

withModel();

interface ImageRow {
  readonly image: number;
  readonly answer: number;
  readonly target: number;
  readonly reached: boolean;
  readonly flips: readonly unknown[];
  readonly others: { readonly before: number; readonly after: number };
}

const attack = () => ["attack", at("m.onnx"), "--bits", "8", ...given(), "--sample-wise", "6"];

describe("attack --sample-wise", () => {
  test("ONNX Runtime gives the target to the image after its flips, and the accuracy that is told to the test images", async () => {
    const document = await json(...attack(), "--out", at("out"));
    const images = document.images as ImageRow[];
    expect(images.map(({ image }) => image)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(document.reached).toBe(1);
    const counts = images.map(({ flips }) => flips.length);
    expect(document.flipsPerTarget.mean).toBeCloseTo(counts.reduce((a, b) => a + b) / 6, 12);
    expect(document.secondsPerTarget.mean).toBeGreaterThan(0);
    const clean = await answersOf("out/quantised.onnx");
    for (const { image, answer, target, others } of images) {
      expect(answer).toBe(clean[image]);
      expect(target).not.toBe(answer);
      const list = at(`out/image-${image}-to-${target}.json`);
      await reprise("apply", at("out/quantised.onnx"), list, "--out", at("flipped.onnx"));
      const answers = await answersOf("flipped.onnx");
      expect(answers[image]).toBe(target);
      const labels = await answersOf("m.onnx");
      expect(answers.filter((each, row) => each === labels[row]).length / 96).toBe(others.after);
      await reprise("undo", at("flipped.onnx"), list, "--out", at("back.onnx"));
      expect(readFileSync(at("back.onnx"))).toEqual(readFileSync(at("out/quantised.onnx")));
    }
    expect(readdirSync(at("out"))).not.toContain("partial");
    expect(readFileSync(at("out/flips.csv"), "utf8").split("\n")[0]).toBe(
      "image,answer,target,layer,index,bit,before,after,loss,byte,mask",
    );
  });

  test("says flips and seconds a target; without test images how many answers of the others stay", async () => {
    const args = ["attack", at("m.onnx"), "--bits", "8", "--sample", at("sample.npy"), "--threads", "1"];
    const text = await reprise(...args, "--sample-wise", "2", "--target", "3");
    expect(text).toMatch(
      /^m\.onnx, 8 bits: \d of \d images get their target; [\d.]+ flips a target.*, [\d.]+ m?s a target\nanswers of the rest of the sample that stay: 100.0 % → [\d.]+ % on average\nimage \d: class \d → 3, \d flips?, [\d.]+ s; the others 100.0 % → [\d.]+ %\n {4}\w+\[\d+\] {2}bit \d {2}-?\d+ → -?\d+ {2}byte \d+ \^ 0x[0-9a-f]{2}/,
    );
  });

  test("killed: the same command goes on to the same flips", async () => {
    const out = at("killed");
    const { kept } = await stoppedAfter(2, attack(), { out, by: "SIGKILL" });
    expect(kept).toBeGreaterThanOrEqual(2);
    const flipsOf = (document: { images: ImageRow[] }) => document.images.map(({ flips }) => flips);
    expect(flipsOf(await json(...attack(), "--out", out))).toEqual(flipsOf(await json(...attack())));
  });

  test("what is refused", async () => {
    const refused: readonly (readonly [string[], string])[] = [
      [["--sample-wise", "25"], "--sample-wise is 25; the sample has 24 images. Give a larger --sample-size"],
      [["--sample-wise", "1", "--target", "5"], "--target is 5; the model has classes 0 to 4"],
      [["--sample-wise", "1", "--stealthy"], "--sample-wise takes --target or draws one for each image; --source,"],
    ];
    for (const [args, message] of refused)
      await expect(reprise("attack", at("m.onnx"), "--bits", "8", ...given(), ...args)).rejects.toThrow(message);
    const [answer] = await answersOf("m.onnx");
    const same = ["--sample-wise", "1", "--target", `${answer}`];
    await expect(reprise("attack", at("m.onnx"), "--bits", "8", ...given(), ...same)).rejects.toThrow(
      `--target is ${answer}, which the network already gives to each of the 1 images`,
    );
  });
});
