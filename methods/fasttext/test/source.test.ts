// Text in every shape a caller may have it in: all give the model of the file with these lines.
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import { filePieces } from "../src/index.node.ts";
import { evaluate, type TextSource, train } from "../src/index.ts";
import { bytesOf } from "./model-parts.ts";

const folder = mkdtempSync(join(tmpdir(), "reprise-source-"));
const file = join(folder, "text");
afterAll(() => rmSync(folder, { recursive: true }));

// Pairs of surrogates and blank lines among them.
const lines = Array.from({ length: 400 }, (_, i) =>
  i % 50 === 7 ? "" : `__label__${i % 3} w${i % 17} ${i % 4 > 1 ? "𝒙🐟" : "café"} x${i % 5} ${"long ".repeat(i % 90)}`,
);
const text = `${lines.join("\n")}\n`;
const bytes = Buffer.from(text);
writeFileSync(file, text);
const settings = { dim: 4, epoch: 2, lr: 0.5 };

async function* slowly<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}
const cut = (length: number) =>
  Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) => bytes.subarray(i * length, (i + 1) * length));
const webStream = <T>(items: Iterable<T>) =>
  new ReadableStream<T>({
    start(controller) {
      for (const item of items) controller.enqueue(item);
      controller.close();
    },
  });
/** A stream as in browsers that cannot iterate over one. */
const bareStream = () => {
  const stream = webStream(cut(777));
  return { getReader: () => stream.getReader() } as unknown as ReadableStream<Uint8Array>;
};
/** Pieces of a string, cut in the middle of words, lines and pairs of surrogates. */
const stringPieces = Array.from({ length: Math.ceil(text.length / 101) }, (_, i) => text.slice(i * 101, (i + 1) * 101));

const shapes: [name: string, text: () => TextSource][] = [
  ["an array of lines", () => lines],
  ["lines with their ends", () => lines.map((line) => `${line}\n`)],
  ["several lines an item", () => [lines.slice(0, 100).join("\n"), `${lines.slice(100).join("\n")}\n`]],
  ["a generator of lines", () => lines.values()],
  ["one string", () => text],
  ["one string without the last line end", () => text.slice(0, -1)],
  ["bytes", () => bytes],
  ["pieces of bytes, cut anywhere", () => cut(333)],
  ["a file", () => filePieces(file)],
  ["readline", () => createInterface({ input: createReadStream(file) })],
  ["a stream of bytes", () => createReadStream(file, { highWaterMark: 999 })],
  ["a stream with an encoding", () => createReadStream(file, { highWaterMark: 999, encoding: "utf8" })],
  ["a stream of lines", () => Readable.from(lines)],
  ["lines as time goes by", () => slowly(lines)],
  ["bytes as time goes by", () => slowly(cut(1000))],
  ["a web stream of bytes", () => webStream(cut(500))],
  ["a web stream of strings", () => webStream(stringPieces)],
  ["a web stream that cannot be iterated", bareStream],
];

describe.each(shapes)("%s", (_name, shape) => {
  test("trains the model of the file, and tests it", async () => {
    const expected = await train([bytes], settings);
    const model = await train(shape(), settings);
    expect(bytesOf(model).equals(bytesOf(expected))).toBe(true);
    expect(model.labels).toHaveLength(3);
    const evaluation = await evaluate(model, shape());
    expect(evaluation.all).toEqual(evaluate(expected, [bytes]).all);
    expect(evaluation.examples).toBe(392);
  });
});

describe("what is no text is told", () => {
  test.each([
    [7, "The text is a number; expected a string, bytes, an array of lines, or another iterable of these."],
    [null, "The text is null; expected a string, bytes, an array of lines, or another iterable of these."],
    [{}, "The text is an object; expected a string, bytes, an array of lines, or another iterable of these."],
    [[1], "The text has a number among its lines; expected strings or bytes."],
    [[null], "The text has null among its lines; expected strings or bytes."],
  ])("%j", async (given, message) => {
    await expect(train(given as never, settings)).rejects.toThrow(message);
  });

  test("a validation text that can be read once only", async () => {
    const once = lines.values() as never;
    await expect(train(lines, settings, { validation: { text: once } })).rejects.toThrow(
      "The validation text is read several times; expected a string, bytes, an array of lines, or a function that gives the text anew.",
    );
  });
});

test("a string of megabytes is read about as fast as its bytes, not letter by letter", async () => {
  const long = text.repeat(Math.ceil(4e6 / text.length));
  const encoded = Buffer.from(long);
  const seconds = async (given: TextSource) => {
    const start = performance.now();
    await train(given, { ...settings, epoch: 0 });
    return performance.now() - start;
  };
  await seconds(encoded);
  const [string, ofBytes] = [[] as number[], [] as number[]];
  for (let round = 0; round < 5; round++) {
    string.push(await seconds(long));
    ofBytes.push(await seconds(encoded));
  }
  expect(Math.min(...string)).toBeLessThan(6 * Math.min(...ofBytes));
});
