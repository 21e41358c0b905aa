import { cp, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { DataError, decodeMnist, encodeIdx, mnistFiles, mnistHalves, ndArray } from "@reprise/data";
import { loadMnist, mnistSubset, mnistSubsetFolder, readBytes } from "@reprise/data/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import reference from "./fixtures/mnist.json" with { type: "json" };

const images = (...shape: number[]) =>
  encodeIdx(ndArray("uint8", shape, new Uint8Array(shape.reduce((a, b) => a * b))));
const labels = (...values: number[]) => encodeIdx(ndArray("uint8", [values.length], Uint8Array.from(values)));

describe.each(["train", "test"] as const)("the subset, %s", (split) => {
  it(`is what torchvision ${reference.torchvision} reads`, async () => {
    const { images, labels } = await mnistSubset({ split });
    const expected = reference[split];
    expect(images.shape).toEqual([expected.shape[0], 1, 28, 28]);
    expect([...labels.data.subarray(0, 30)]).toEqual(expected.firstLabels);
    const sums = expected.pixelSums.map((_, i) =>
      images.data.subarray(i * 784, (i + 1) * 784).reduce((sum, v) => sum + Math.round(v * 255), 0),
    );
    expect(sums).toEqual(expected.pixelSums);
    const row = images.data.subarray(7 * 784 + 14 * 28, 7 * 784 + 15 * 28);
    expect([...row]).toEqual(expected.row14OfImage7.map(Math.fround));
    const mean = images.data.reduce((sum, v) => sum + v, 0) / images.data.length;
    const std = Math.sqrt(images.data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / images.data.length);
    expect(mean).toBeCloseTo(expected.mean, 6);
    expect(std).toBeCloseTo(expected.std, 6);
  });

  it("holds every digit once in each block of ten", async () => {
    const { labels } = await mnistSubset({ split });
    for (let i = 0; i < labels.data.length; i += 10)
      expect([...labels.data.slice(i, i + 10)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

it("flat images are the same numbers", async () => {
  const [square, flat] = await Promise.all([
    mnistSubset({ split: "test" }),
    mnistSubset({ split: "test", flat: true }),
  ]);
  expect(flat.images.shape).toEqual([500, 784]);
  expect(Buffer.compare(Buffer.from(flat.images.data.buffer), Buffer.from(square.images.data.buffer))).toBe(0);
});

it("halves: the first and the second, sharing the memory", async () => {
  const train = await mnistSubset({ split: "train" });
  const { p1, p2 } = mnistHalves(train);
  expect([p1.images.shape, p2.images.shape]).toEqual([
    [1000, 1, 28, 28],
    [1000, 1, 28, 28],
  ]);
  expect([...p1.labels.data, ...p2.labels.data]).toEqual([...train.labels.data]);
  expect(p2.images.data.byteOffset).toBe(train.images.data.byteOffset + 4 * 784 * 1000);
});

describe("a folder of the user's", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "reprise-mnist-"));
    await cp(mnistSubsetFolder, folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("may hold the files unpacked, and with dots in their names", async () => {
    const { images, labels } = mnistFiles.test;
    await writeFile(join(folder, images), gunzipSync(await readBytes(join(folder, `${images}.gz`))));
    await rm(join(folder, `${images}.gz`));
    await rename(join(folder, `${labels}.gz`), join(folder, `${labels.replace("-idx", ".idx")}.gz`));
    const [theirs, ours] = await Promise.all([loadMnist(folder, { split: "test" }), mnistSubset({ split: "test" })]);
    expect([...theirs.labels.data]).toEqual([...ours.labels.data]);
    expect(theirs.images.shape).toEqual(ours.images.shape);
  });

  it("says what is missing and how to get it", async () => {
    await rm(join(folder, "train-labels-idx1-ubyte.gz"));
    await expect(loadMnist(folder, { split: "train" })).rejects.toThrow(
      `${folder}: train-labels-idx1-ubyte (or train-labels-idx1-ubyte.gz) is missing. Get MNIST with: reprise data get mnist --dir ${folder}`,
    );
    await expect(loadMnist(join(folder, "none"), { split: "train" })).rejects.toThrow(
      /none: there is no such folder\. Get MNIST with: reprise data get mnist --dir .*none$/,
    );
  });

  it("names the file that is damaged", async () => {
    const path = join(folder, "t10k-images-idx3-ubyte.gz");
    await writeFile(path, (await readBytes(path)).subarray(0, 40_000));
    const error = await loadMnist(folder, { split: "test" }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ source: path });
    expect((error as Error).message).toMatch(
      /t10k-images-idx3-ubyte\.gz: the gzip data \(40000 bytes\) are damaged or cut short/,
    );
  });
});

describe("files that are IDX but not MNIST", () => {
  it.each<[string, Uint8Array, Uint8Array, string]>([
    [
      "another size",
      images(2, 32, 32),
      labels(1, 2),
      "a.gz: holds uint8 [2, 32, 32]; expected the images of MNIST, uint8 [N, 28, 28].",
    ],
    ["the two exchanged", labels(1, 2), images(2, 28, 28), "a.gz: holds uint8 [2]; expected the images"],
    [
      "images as labels",
      images(2, 28, 28),
      images(2, 28, 28),
      "b.gz: holds uint8 [2, 28, 28]; expected the labels of MNIST, uint8 [N].",
    ],
    [
      "other labels",
      images(2, 28, 28),
      labels(1, 2, 3),
      "b.gz: holds 3 labels for the 2 images of a.gz. They belong to different sets.",
    ],
    ["a letter", images(2, 28, 28), labels(1, 10), "b.gz: label 1 is 10; expected 0 to 9."],
  ])("%s", async (_, a, b, message) => {
    await expect(decodeMnist(a, b, { names: ["a.gz", "b.gz"] })).rejects.toThrow(message);
  });
});
