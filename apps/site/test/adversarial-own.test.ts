// What readers bring to the adversarial panel: pictures fitted to a model, and ONNX models of their own.
import { readFileSync } from "node:fs";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, test } from "vitest";
import { type AttackContext, attackImage } from "../src/run/adversarial/attack.ts";
import { digitsUrl, readDigits } from "../src/run/adversarial/digits.ts";
import { fitDigit, fitImage, resample } from "../src/run/adversarial/fit-image.ts";
import { defaultInputs } from "../src/run/adversarial/inputs.ts";
import { namesOf, numbersOf, type OwnImage } from "../src/run/adversarial/own-files.ts";
import { inspectModel, openOwn } from "../src/run/adversarial/own-model.ts";
import { attackSentence } from "../src/web/panels/adversarial/wording.ts";
import { giantImages, smallClassifier, smallShape, twoHeaded } from "./own-files.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

/** A picture by a function of its pixels, values 0…255. */
function picture(width: number, height: number, rgb: (x: number, y: number) => readonly number[]): OwnImage {
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [r = 0, g = 0, b = 0, a = 255] = rgb(x, y);
      rgba.set([r, g, b, a], 4 * (y * width + x));
    }
  return { name: "photo.png", width, height, rgba };
}

describe("fitting a picture", () => {
  interface Resized {
    readonly cases: readonly {
      readonly from: [number, number];
      readonly to: [number, number];
      readonly image: number[];
      readonly resized: number[];
    }[];
  }
  const { cases } = JSON.parse(
    readFileSync(new URL("./fixtures/resize-pillow.json", import.meta.url), "utf8"),
  ) as Resized;
  test.each(cases)(
    "resampling $from to $to is Pillow's BILINEAR",
    ({ from: [h, w], to: [height, width], image, resized }) => {
      const ours = resample(Float32Array.from(image), w, h, width, height);
      for (const [i, value] of ours.entries()) expect(value).toBeCloseTo(resized[i]!, 5); // float32 in both
    },
  );

  test("a colour picture is cut to the model's proportions and scaled, and the reader is told", () => {
    // Left red, right blue, with a margin above and below that the cut takes off.
    const image = picture(40, 60, (x, y) => (y < 20 || y >= 40 ? [0, 255, 0] : x < 20 ? [255, 0, 0] : [0, 0, 255]));
    const { pixels, said } = fitImage(image, [3, 10, 20]);
    expect(said).toBe("photo.png, 40 × 60 pixels: cut to the middle 40 × 20 and scaled to 20 × 10.");
    const at = (c: number, x: number) => pixels[c * 200 + 5 * 20 + x];
    expect([at(0, 2), at(1, 2), at(2, 2)]).toEqual([1, 0, 0]);
    expect([at(0, 17), at(1, 17), at(2, 17)]).toEqual([0, 0, 1]);
  });

  test("one channel is grey by luma; transparency lies on white; the right size is left alone", () => {
    const clear = picture(4, 4, () => [255, 0, 0, 0]);
    expect([...fitImage(clear, [3, 4, 4]).pixels]).toEqual(Array(48).fill(1));
    expect(fitImage(clear, [3, 4, 4]).said).toBe("photo.png, 4 × 4 pixels: taken as it is.");
    const grey = fitImage(
      picture(4, 4, () => [255, 0, 0]),
      [1, 4, 4],
    );
    expect(grey.pixels[0]).toBeCloseTo(0.299, 6);
    expect(grey.said).toBe("photo.png, 4 × 4 pixels: made grey.");
    expect(() => fitImage(clear, [4, 4, 4])).toThrow("takes images of 4 channels; a picture has 1 (grey) or 3");
  });

  test("an MNIST digit given as a picture stays what it is, to the bit", async () => {
    const { pixels } = (await readDigits(new Uint8Array(readFileSync(digitsUrl)))).get("t9")!;
    const grey = (x: number, y: number) => Array(3).fill(pixels[y * 28 + x]);
    const given = fitDigit(picture(28, 28, grey));
    expect([...given.pixels].map((value) => Math.round(255 * value))).toEqual([...pixels]);
    const onPaper = fitDigit(picture(28, 28, (x, y) => grey(x, y).map((value) => 255 - value)));
    expect([...onPaper.pixels].map((value) => Math.round(255 * value))).toEqual([...pixels]);
    expect(onPaper.said).toContain("turned over, as MNIST is light on dark");
  });

  test("a digit on shaded paper, off centre, is framed as MNIST frames them", () => {
    const image = picture(300, 200, (x, y) =>
      x > 200 && x < 220 && y > 30 && y < 150 ? [20, 20, 60] : [236, 230, 214],
    );
    const { pixels, said } = fitDigit(image);
    const inked = [...pixels.keys()].filter((i) => pixels[i]! > 0);
    const rows = inked.map((i) => Math.floor(i / 28));
    const columns = inked.map((i) => i % 28);
    expect([Math.min(...rows), Math.max(...rows)]).toEqual([4, 23]);
    // An odd width cannot be centred better than to half a pixel.
    expect(Math.abs(columns.reduce((a, b) => a + b, 0) / columns.length + 0.5 - 14)).toBeLessThanOrEqual(0.5);
    expect(said).toMatch(/^photo\.png, 300 × 200 pixels: made grey, turned over.* and scaled and centred in 28 × 28/);
  });

  test("an empty sheet is refused", () => {
    expect(() => fitDigit(picture(100, 100, () => [240, 240, 240]))).toThrow(
      "Nothing stands out from the paper in photo.png: a digit needs more contrast.",
    );
  });
});

describe("a model of the reader's", () => {
  const model = (bytes: Uint8Array<ArrayBuffer>) => ({ name: "mine.onnx", bytes });
  const format = { ...defaultInputs, side: 8 };
  const gradients = { needs: "gradients", sharpness: 1, batchSizes: [1] } as const;
  const context: AttackContext = {
    runtime,
    models: [],
    loadModel: () => Promise.reject(new Error("no network of ours is asked")),
    signal: new AbortController().signal,
    progress: () => {},
    breathe: async () => {},
  };

  test("the file says what it takes, channels first or last", () => {
    expect(inspectModel(model(smallClassifier()))).toEqual({
      shape: [3, 6, 8],
      classes: 3,
      nhwc: false,
      noGradient: null,
    });
    expect(inspectModel(model(smallClassifier({ channelsLast: true })))).toMatchObject({
      shape: [3, 6, 8],
      nhwc: true,
    });
  });

  test("whatever its range, it is attacked in [0, 1]: scores and gradients are those of the unit range", async () => {
    const images = Float32Array.from({ length: 144 }, (_, i) => (i % 17) / 17);
    const unit = (await openOwn(runtime, model(smallClassifier()), format, gradients)).classifier;
    // The same function of pixels in [0, 255], and of [−1, 1] after a mean and a standard deviation.
    const byte = await openOwn(
      runtime,
      model(smallClassifier({ scale: 1 / 255 })),
      { ...format, range: "byte" },
      gradients,
    );
    const signed = await openOwn(
      runtime,
      model(smallClassifier()),
      { ...format, range: "signed", mean: "-1,-1,-1", std: "2 2 2" },
      gradients,
    );
    expect(byte.shape).toEqual([3, 6, 8]);
    const weights = Float32Array.of(1, -1, 0.5);
    for (const { classifier } of [byte, signed]) {
      if (!("scoreGradient" in classifier && "scoreGradient" in unit)) throw new Error("opened without gradients");
      const [a, b] = [await unit.scoreGradient(images, weights, 1), await classifier.scoreGradient(images, weights, 1)];
      for (let k = 0; k < 3; k++) expect(b.logits[k]).toBeCloseTo(a.logits[k]!, 4);
      for (let i = 0; i < 144; i++) expect(b.gradient[i]).toBeCloseTo(a.gradient[i]!, 4);
    }
  });

  test("it is attacked with a picture, its labels by their names", async () => {
    const inputs = { ...format, network: "own", attack: "ddn", digit: "f1" } as const;
    const image = picture(80, 60, (x, y) => [3 * x, 4 * y, 128]);
    const own = { model: model(smallClassifier()), names: ["cat", "dog", "owl"] };
    const result = await attackImage(image, inputs, context, own);
    expect(result.attack.status).toBe("success");
    expect(result.shape).toEqual(smallShape);
    expect(result.said).toBe("photo.png, 80 × 60 pixels: scaled to 8 × 6.");
    expect(result.verdicts.map(({ network }) => network)).toEqual(["own"]);
    expect(attackSentence(result, inputs)).toMatch(
      /^Your model takes an image of “(cat|dog|owl)” for “(cat|dog|owl)”, after a/,
    );
  });

  test("an operator without gradient is named, and Square does without", async () => {
    const own = { model: model(smallClassifier({ reversed: true })), names: [] };
    expect(inspectModel(own.model).noGradient?.op).toBe("ReverseSequence");
    const image = picture(8, 6, (x, y) => [30 * x, 40 * y, 128]);
    const inputs = { ...format, network: "own", digit: "f1" } as const;
    await expect(attackImage(image, { ...inputs, attack: "pgd" }, context, own)).rejects.toThrow(
      /^mine\.onnx: operator “ReverseSequence” \(node “.*”\) has no gradient here\. Choose an attack that needs none: Square or HopSkipJump\.$/,
    );
    const result = await attackImage(image, { ...inputs, attack: "square", epsilon: 0.5, steps: 300 }, context, own);
    expect(result.attack.status).toBe("success");
    expect(result.attack.gradients).toBe(0);
  });

  test("what is no classifier is refused in a attackSentence", async () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    expect(() => inspectModel(model(bytes("hello, world")))).toThrow(
      /^mine\.onnx: not a readable ONNX model: .* Export or/,
    );
    expect(() => inspectModel(model(twoHeaded("inputs")))).toThrow("mine.onnx: it has 2 inputs (a, b)");
    expect(() => inspectModel(model(twoHeaded("outputs")))).toThrow(
      "mine.onnx: it has 2 outputs (p, q); a classifier with one is attacked here.",
    );
    expect(() => inspectModel(model(giantImages()))).toThrow(
      "mine.onnx: its images hold 3 × 100000 × 100000 numbers, at most 16 million can be attacked in a page.",
    );
    await expect(openOwn(runtime, model(smallClassifier()), { ...format, mean: "1, 2" }, gradients)).rejects.toThrow(
      "mine.onnx: mean has 2 numbers; images of [3, 6, 8] have 3 channels. Give 3.",
    );
    const inputs = { ...format, network: "own", digit: "f1" } as const;
    const black = picture(8, 6, () => [0, 0, 0]);
    const own = { model: model(smallClassifier()), names: [] };
    await expect(attackImage(black, { ...inputs, attack: "ddn", topK: 3 }, context, own)).rejects.toThrow(
      /top 3 of 3 classes is not a goal; take fewer than 3/,
    );
    await expect(attackImage(black, inputs, context)).rejects.toThrow("Choose an ONNX file first.");
  });
});

test("numbers and names as they are typed", () => {
  expect(numbersOf(" 0.485, 0.456;0.406 ")).toEqual([0.485, 0.456, 0.406]);
  expect(numbersOf("  ")).toBeUndefined();
  expect(() => numbersOf("0.5, x")).toThrow("“x” is not a number");
  expect(namesOf("cat\r\n dog \n\nowl")).toEqual(["cat", "dog", "owl"]);
});
