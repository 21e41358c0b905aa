import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeNpy, ImageSizeError, isPicture, ndArray, PixelRangeError } from "@reprise/data";
import {
  readImage,
  readImagesFor,
  readLabels,
  savedAndRead,
  writeChart,
  writeFileAtomic,
  writeImage,
  writePictures,
} from "@reprise/data/node";
import { beforeAll, describe, expect, it } from "vitest";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-model-images-"));
});
const npy = async (name: string, dtype: "float32" | "uint8" | "int64", shape: number[], values: ArrayLike<number>) => {
  const path = join(folder, name);
  const data =
    dtype === "int64"
      ? BigInt64Array.from(Array.from(values, BigInt))
      : dtype === "uint8"
        ? Uint8Array.from(values)
        : Float32Array.from(values);
  await writeFileAtomic(path, encodeNpy(ndArray(dtype, shape, data as never)));
  return path;
};

describe("readImagesFor", () => {
  it("brings bytes to the range, turns channels last, and takes floats as they are", async () => {
    const bytes = await npy("bytes.npy", "uint8", [1, 1, 2, 3], [0, 255, 51, 0, 102, 255]);
    const read = await readImagesFor(bytes, [3, 1, 2], { range: [-1, 1] });
    expect(read.count).toBe(1);
    [-1, -1, 1, -0.2, -0.6, 1].forEach((value, i) => {
      expect(read.images[i]).toBeCloseTo(value, 6);
    });
    const floats = await npy("floats.npy", "float32", [2, 4], [0, 0.25, 0.5, 1, 1, 1, 0, 0]);
    expect(Array.from((await readImagesFor(floats, [1, 2, 2])).images)).toEqual([0, 0.25, 0.5, 1, 1, 1, 0, 0]);
  });

  it("names the image and value outside the range, and the sizes that do not fit", async () => {
    const outside = await npy("outside.npy", "float32", [2, 2], [0, 0.5, 0.5, 7]);
    const range = readImagesFor(outside, [1, 1, 2]);
    await expect(range).rejects.toThrow("outside.npy: image 1 holds 7 at value 1, outside 0 … 1.");
    await expect(range).rejects.toBeInstanceOf(PixelRangeError);
    const size = readImagesFor(outside, [1, 2, 2]);
    await expect(size).rejects.toThrow("holds images of [2]; the model takes [1, 2, 2], 4 values each.");
    await expect(size).rejects.toBeInstanceOf(ImageSizeError);
    const whole = await npy("whole.npy", "int64", [1, 2], [0, 1]);
    await expect(readImagesFor(whole, [1, 1, 2])).rejects.toThrow(
      "holds int64; images are uint8 in 0 … 255 or float32",
    );
  });
});

it("an array of no images is refused", async () => {
  await expect(readImagesFor(await npy("none.npy", "float32", [0, 1, 2, 2], []), [1, 2, 2])).rejects.toThrow(
    "none.npy: holds no images.",
  );
});

it("an archive of arrays is not taken for one array", async () => {
  const zip = join(folder, "arrays.npz");
  await writeFile(zip, Buffer.from("PK\u0003\u0004 and so on"));
  await expect(readImagesFor(zip, [1, 2, 2])).rejects.toThrow(
    "arrays.npz: is a zip archive, as .npz files are. Save one array of it as .npy, or unpack the images.",
  );
});

describe("readLabels", () => {
  it("takes the first so many whole numbers, and says what is wrong", async () => {
    const labels = await npy("labels.npy", "int64", [3], [2, 0, 1]);
    expect(Array.from(await readLabels(labels, 2))).toEqual([2, 0]);
    await expect(readLabels(labels, 4)).rejects.toThrow("holds 3 labels for 4 images");
    await expect(readLabels(labels, 2, { images: 4 })).rejects.toThrow("holds 3 labels for 4 images");
    expect(Array.from(await readLabels(labels, 2, { images: 3 }))).toEqual([2, 0]);
    await expect(readLabels(labels, 3, { classes: 2 })).rejects.toThrow(
      "label 0 is 2; the model has 2 classes, so 0 … 1 is expected.",
    );
    await expect(readLabels(await npy("two.npy", "float32", [2], [0, 0.5]), 2)).rejects.toThrow("label 1 is 0.5");
    await expect(readLabels(await npy("flat.npy", "float32", [1, 2], [0, 1]), 1)).rejects.toThrow(
      "expected labels, [N]",
    );
  });
});

describe("what is saved", () => {
  it("is on the lattice of 8 bits, in the images' units", async () => {
    const images = Float32Array.from([-1, -0.3, 0.301, 1, 0.1, 0.2, 0.3, 0.4]);
    const saved = await savedAndRead(images, [1, 2, 2], [-1, 1]);
    for (const [i, value] of saved.entries()) {
      const level = ((value + 1) / 2) * 255;
      expect(Math.abs(level - Math.round(level))).toBeLessThan(1e-4);
      expect(Math.abs(value - images[i]!)).toBeLessThanOrEqual(1 / 255 + 1e-6);
    }
    const flat = await savedAndRead(images, [4], [-1, 1]); // no picture: rounded the same way
    expect(Array.from(flat)).toEqual(Array.from(saved));
  });

  it("is a PNG for each row, named so that they sort, and a chart twice", async () => {
    expect(isPicture([2, 1, 1])).toBe(false);
    const images = new Float32Array(11 * 2).fill(1);
    await writePictures(folder, "row-", images, [1, 1, 2], [0, 1]);
    await writePictures(folder, "none-", images, [2], [0, 1]);
    await writeChart(folder, "chart", '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="5"/>');
    const names = await readdir(folder);
    expect(names.filter((name) => name.startsWith("row-")).length).toBe(11);
    expect(names).toContain("row-00.png");
    expect(names.some((name) => name.startsWith("none-"))).toBe(false);
    expect((await readImage(join(folder, "chart.png"))).shape.slice(2)).toEqual([10, 20]);
    expect(await readFile(join(folder, "chart.svg"), "utf8")).toContain("<svg");
    await writeImage(join(folder, "again.png"), ndArray("uint8", [1, 1, 2], Uint8Array.of(3, 4)));
    const read = await readImagesFor(join(folder, "again.png"), [1, 1, 2]);
    expect(Array.from(read.images, (v) => Math.round(255 * v))).toEqual([3, 4]);
  });
});
