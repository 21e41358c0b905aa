// The parts of the panel "adversarial examples" that need no browser: digits, drawings, words, and the run itself.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { mnistSubset } from "@reprise/data/node";
import { beforeAll, describe, expect, test } from "vitest";
import { centreDigit } from "../src/run/adversarial/centre-digit.ts";
import {
  type Digit,
  digitOf,
  digitProblem,
  digitsUrl,
  readDigits,
  testIndices,
} from "../src/run/adversarial/digits.ts";
import { modelBytes } from "../src/run/adversarial/downloads.ts";
import { decodeDrawing, encodeDrawing } from "../src/run/adversarial/drawing-code.ts";
import { networks, paperKey } from "../src/run/adversarial/inputs.ts";
import { runtimeBytes } from "../src/run/runtime-bytes.ts";
import { percent } from "../src/web/panels/adversarial/wording.ts";

/** The networks that the page ships. */
const shipped = fileURLToPath(new URL(`../content/${paperKey}/models/`, import.meta.url));

let digits: ReadonlyMap<string, Digit>;
beforeAll(async () => {
  digits = await readDigits(new Uint8Array(readFileSync(digitsUrl)));
});

describe("digits", () => {
  test("the bundled ones are those rows of the MNIST subset, three of each class", async () => {
    const { images, labels } = await mnistSubset({ split: "test", flat: true });
    expect(digits.size).toBe(30);
    for (const index of testIndices) {
      const { pixels, label } = digits.get(`t${index}`)!;
      expect(label).toBe(labels.data[index]);
      expect([...pixels]).toEqual(
        [...images.data.subarray(784 * index, 784 * (index + 1))].map((v) => Math.round(255 * v)),
      );
    }
  });

  test("what stands for no digit is refused with the reason", () => {
    expect(digitProblem("t9")).toBeNull();
    expect(digitProblem("t31")).toBe("There is no digit “t31”: choose one of the 30 or draw one.");
    expect(digitProblem("t")).toMatch(/no digit “t”/);
    expect(digitProblem("d12")).toMatch(/drawing in the address is damaged/);
    expect(digitProblem("d784")).toBe("Nothing is drawn yet.");
    expect(() => digitOf("x", digits)).toThrow("There is no digit “x”");
  });

  test("a drawing survives the address, in 16 levels", () => {
    const { pixels } = digits.get("t9")!;
    const text = encodeDrawing(pixels);
    expect(text.length).toBeLessThan(400);
    const back = decodeDrawing(text)!;
    expect(Math.max(...back.map((value, i) => Math.abs(value - pixels[i]!)))).toBeLessThanOrEqual(8);
    expect(encodeDrawing(back)).toBe(text);
    expect(digitOf(`d${text}`, digits)).toEqual({ pixels: back, label: null });
  });

  test.each(["", "783", "785", "784a", "783p", "783<", "999999999999999999999"])("%j is no drawing", (text) => {
    expect(decodeDrawing(text)).toBeNull();
  });
});

describe("centring", () => {
  const drawing = (box: { x: number; y: number; width: number; height: number }) => {
    const ink = new Uint8Array(280 * 280);
    for (let y = box.y; y < box.y + box.height; y++) ink.fill(255, y * 280 + box.x, y * 280 + box.x + box.width);
    return ink;
  };

  test("a bar fills 20 pixels and stands in the middle, wherever it was drawn", () => {
    for (const at of [
      { x: 3, y: 7 },
      { x: 200, y: 90 },
    ]) {
      const pixels = centreDigit(drawing({ ...at, width: 50, height: 150 }), 280)!;
      const inked = [...pixels.keys()].filter((i) => pixels[i]! > 0);
      const rows = inked.map((i) => Math.floor(i / 28));
      const columns = inked.map((i) => i % 28);
      expect([Math.min(...rows), Math.max(...rows)]).toEqual([4, 23]);
      expect(Math.max(...columns) - Math.min(...columns) + 1).toBe(7); // 50 / 7.5, rounded
      // An odd width cannot be centred better than to half a pixel.
      expect(Math.abs(columns.reduce((a, b) => a + b, 0) / columns.length + 0.5 - 14)).toBeLessThanOrEqual(0.5);
    }
  });

  test("ink is kept: the mean over the area", () => {
    const pixels = centreDigit(drawing({ x: 40, y: 40, width: 200, height: 200 }), 280)!;
    expect(pixels.reduce((a, b) => a + b, 0)).toBe(20 * 20 * 255);
  });

  test("the heavier side is drawn to the centre, never out of the frame", () => {
    const ink = drawing({ x: 20, y: 20, width: 40, height: 200 });
    for (let y = 20; y < 40; y++) ink.fill(255, y * 280 + 20, y * 280 + 220); // a Γ
    const pixels = centreDigit(ink, 280)!;
    const columns = [...pixels.keys()].filter((i) => pixels[i]! > 0).map((i) => i % 28);
    expect(Math.min(...columns)).toBeGreaterThan(4);
    expect(Math.max(...columns)).toBe(27);
  });

  test("nothing drawn is nothing", () => {
    expect(centreDigit(new Uint8Array(280 * 280), 280)).toBeNull();
  });
});

test("probabilities that are not quite 0 or 1 are not printed as if", () => {
  expect([1, 0.99999, 0.5, 0.00001, 0].map((share) => percent(share).replaceAll("\u00a0", " "))).toEqual([
    "100.0 %",
    "> 99.9 %",
    "50.0 %",
    "< 0.1 %",
    "0.0 %",
  ]);
});

test("the sizes that the page counts with are those of what is loaded", () => {
  const ort = dirname(createRequire(import.meta.url).resolve("onnxruntime-web/wasm"));
  const wasm = readFileSync(join(ort, "ort-wasm-simd-threaded.wasm"));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 22 };
  expect(Math.abs(runtimeBytes.whole / wasm.length - 1)).toBeLessThan(0.01);
  expect(Math.abs(runtimeBytes.sent / brotliCompressSync(wasm, { params }).length - 1)).toBeLessThan(0.05);
  const models = readdirSync(shipped)
    .filter((name) => name.endsWith(".onnx"))
    .map((name) => brotliCompressSync(readFileSync(join(shipped, name)), { params }).length);
  expect(Math.abs(modelBytes / models.reduce((a, b) => a + b) - 1)).toBeLessThan(0.05);
});

test("every network of the panel is shipped", () => {
  const models = JSON.parse(readFileSync(`${shipped}models.json`, "utf8")) as { file: string; network: string }[];
  for (const { name } of networks) {
    const model = models.find((entry) => entry.network === name);
    expect(model, name).toBeDefined();
    expect(existsSync(shipped + model!.file), model!.file).toBe(true);
  }
});
