// Negative sampling among hundreds of words and labels, where the table of negatives decides every draw: with `compat` and
// the readable kernel the C++ program's files, byte for byte.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ModelName, readableKernel, train, wasmKernel } from "../src/index.ts";
import { MinimalStandard } from "../src/reference/random.ts";
import { bytesOf } from "./model-parts.ts";

/** By tools/reference/fasttext_negatives.py. */
const reference = JSON.parse(readFileSync(new URL("fixtures/negatives.json", import.meta.url), "utf8")) as {
  readonly text: string;
  readonly found: readonly {
    readonly model: ModelName;
    readonly loss: number;
    readonly bin: string;
    readonly vec: string;
  }[];
};
const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

const random = new MinimalStandard(1);
const oftenSmall = (n: number) => random.below(1 + random.below(n));
const lines = Array.from({ length: 250 }, () => Array.from({ length: 30 }, () => `w${oftenSmall(600)}`).join(" "));
const labelled = lines.map((line) => `__label__${oftenSmall(400)} ${line}`);

test("the text is the script's", () => expect(sha256(`${labelled.join("\n")}\n`)).toBe(reference.text));

describe.each(reference.found)("$model", ({ model, loss, bin, vec }) => {
  const text = [Buffer.from(`${(model === "supervised" ? labelled : lines).join("\n")}\n`)];
  const settings = { model, loss: "ns", dim: 6, epoch: 2, minCount: 1, bucket: 800, compat: true } as const;

  test.each([readableKernel, wasmKernel])("$name kernel", async (kernel) => {
    let last = Number.NaN;
    const trained = await train(text, settings, {
      kernel,
      onProgress: (progress) => {
        if (progress.kind === "training") last = progress.loss;
      },
    });
    expect(last).toBeCloseTo(loss, 3); // the program prints six figures
    if (kernel === wasmKernel) return;
    expect(sha256(bytesOf(trained))).toBe(bin);
    expect(sha256(Buffer.concat([...trained.vectorLines()].map((piece) => Buffer.from(piece))))).toBe(vec);
  });
});
