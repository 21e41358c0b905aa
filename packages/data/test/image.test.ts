import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DataError,
  grayFromRgb,
  interleaved,
  type NdArray,
  ndArray,
  planar,
  unitBytes,
  unitFloat,
} from "@reprise/data";
import { decodeImage, encodeImage, listImages, readImage, readImages, writeImage } from "@reprise/data/node";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import reference from "./fixtures/images.json" with { type: "json" };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reprise-image-"));
});
afterAll(() => rm(folder, { recursive: true }));

const bytes = (...values: number[]) => Uint8Array.from(values);
const fileOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const picture = (channels: number, height: number, width: number) =>
  ndArray(
    "uint8",
    [channels, height, width],
    Uint8Array.from({ length: channels * height * width }, (_, i) => (i * 41) % 256),
  );

describe(`images written and read by Pillow ${reference.pillow}`, () => {
  it.each(reference.cases)("$name", async ({ name, rgb, gray, heightPx, widthPx, file }) => {
    // JPEG decoders may round differently: libjpeg-turbo against libjpeg-turbo here, one step allowed.
    const tolerance = name.startsWith("jpeg") ? 1 : 0;
    const inColour = await decodeImage(fileOf(file), name, { channels: 3 });
    const inGray = await decodeImage(fileOf(file), name, { channels: 1 });
    expect(inColour.shape).toEqual([1, 3, heightPx, widthPx]);
    expect(inGray.shape).toEqual([1, 1, heightPx, widthPx]);
    expect(farthest(inColour.data, rgb)).toBeLessThanOrEqual(tolerance);
    expect(farthest(inGray.data, gray)).toBeLessThanOrEqual(tolerance);
    const grayFile = ["png gray", "png 1 bit", "jpeg gray"].includes(name);
    expect((await decodeImage(fileOf(file), name)).shape[1]).toBe(grayFile ? 1 : 3);
  });
});

describe("decoding", () => {
  it("keeps the high byte of 16-bit samples", async () => {
    const raw = { width: 2, height: 2, channels: 1 as const };
    const png = await sharp(Uint16Array.of(0, 0x01ff, 0x1234, 0xffff), { raw })
      .toColourspace("grey16")
      .png()
      .toBuffer();
    expect((await sharp(png).metadata()).bitsPerSample).toBe(16);
    expect(await decodeImage(png, "x.png")).toEqual(ndArray("uint8", [1, 1, 2, 2], bytes(0, 0x01, 0x12, 0xff)));
  });

  it("shows the background through transparent pixels", async () => {
    const raw = { width: 2, height: 1, channels: 4 as const };
    const png = await sharp(bytes(10, 20, 30, 255, 10, 20, 30, 0), { raw })
      .png()
      .toBuffer();
    expect([...(await decodeImage(png, "x.png")).data]).toEqual([10, 255, 20, 255, 30, 255]);
    expect([...(await decodeImage(png, "x.png", { background: "black" })).data]).toEqual([10, 0, 20, 0, 30, 0]);
  });

  it("brings CMYK to sRGB", async () => {
    const red = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#d02010" } })
      .toColourspace("cmyk")
      .jpeg({ quality: 100 })
      .toBuffer();
    expect((await sharp(red).metadata()).space).toBe("cmyk");
    const { shape, data } = await decodeImage(red, "x.jpg");
    expect(shape).toEqual([1, 3, 8, 8]);
    // Profiles of print do not have every red: what comes back is a red, not the complement that raw inks would give.
    expect(data[0]).toBeGreaterThan(180);
    expect(Math.max(data[64]!, data[128]!)).toBeLessThan(80);
  });

  it("turns a photograph upright", async () => {
    const png = await sharp(bytes(1, 2, 3, 200, 201, 202), { raw: { width: 2, height: 1, channels: 3 } })
      .withMetadata({ orientation: 6 }) // the camera was held a quarter turn to the left
      .png()
      .toBuffer();
    expect((await decodeImage(png, "x.png")).shape).toEqual([1, 3, 2, 1]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["text", new TextEncoder().encode("hello"), /^cat\.png: is not an image \(5 bytes\)\. PNG, JPEG and WebP/],
    ["empty", bytes(), /^cat\.png: is not an image \(0 bytes\)/],
    [
      "SVG",
      new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>'),
      /^cat\.png: is an image in the format svg\. PNG, JPEG and WebP/,
    ],
    [
      "a PNG cut short",
      fileOf(reference.cases[0]!.file).subarray(0, 90),
      /^cat\.png: the png image is damaged or cut short/,
    ],
    [
      "a JPEG cut short",
      fileOf(reference.cases[5]!.file).subarray(0, 700),
      /^cat\.png: the jpeg image is damaged or cut short/,
    ],
  ])("refuses %s", async (_, file, message) => {
    const error = await decodeImage(file, "cat.png").catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(message);
  });
});

describe("PNG: decode ∘ encode = identity", () => {
  it.each([1, 3])("%d channels", async (channels) => {
    const image = picture(channels, 6, 5);
    const back = await decodeImage(await encodeImage(image), "x.png");
    expect(back).toEqual(ndArray("uint8", [1, channels, 6, 5], image.data));
    expect(await decodeImage(await encodeImage(back), "x.png")).toEqual(back);
  });

  it("unit floats are written as bytes", async () => {
    const image = ndArray("float32", [1, 1, 4], Float32Array.of(0, 0.5, 1, 2));
    expect([...(await decodeImage(await encodeImage(image), "x.png")).data]).toEqual([0, 128, 255, 255]);
  });

  it("JPEG and WebP keep a smooth picture to a few levels", async () => {
    const image = ndArray(
      "uint8",
      [1, 16, 16],
      Uint8Array.from({ length: 256 }, (_, i) => 100 + (i >> 4) * 3),
    );
    for (const format of ["jpeg", "webp"] as const) {
      const back = await decodeImage(await encodeImage(image, format), format, { channels: 1 });
      expect(farthest(back.data, [...image.data])).toBeLessThan(8);
    }
  });

  it.each([[[2, 4, 4]], [[4, 4]], [[2, 1, 4, 4]], [[1, 0, 4]]])("refuses the shape %j", async (shape) => {
    const image = ndArray("uint8", shape, new Uint8Array(shape.reduce((a, b) => a * b)));
    await expect(encodeImage(image)).rejects.toThrow(`an image of shape [${shape.join(", ")}] cannot be written`);
  });
});

describe("files", () => {
  it("writes by the ending of the name, and leaves nothing else behind", async () => {
    const path = join(folder, "written.PNG");
    await writeImage(path, picture(3, 4, 4));
    expect((await readImage(path)).data).toEqual(picture(3, 4, 4).data);
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    await expect(writeImage(join(folder, "x.bmp"), picture(3, 4, 4))).rejects.toThrow(
      /x\.bmp: the name says no image format/,
    );
    await expect(readImage(join(folder, "gone.png"))).rejects.toThrow(
      /gone\.png: cannot be read: there is no such file/,
    );
  });

  it("a folder in the order of its numbers, stacked to one array", async () => {
    const digits = await mkdtemp(join(folder, "digits-"));
    for (const i of [10, 2, 1]) await writeImage(join(digits, `${i}.png`), ndArray("uint8", [1, 1, 2], bytes(i, i)));
    await writeFile(join(digits, "notes.txt"), "");
    const paths = await listImages(digits);
    expect(await readImages(paths, { channels: 1 })).toEqual(ndArray("uint8", [3, 1, 1, 2], bytes(1, 1, 2, 2, 10, 10)));
    await writeImage(join(digits, "3.png"), picture(1, 3, 2));
    await expect(readImages(await listImages(digits))).rejects.toThrow(
      /3\.png: the image is 2×3 pixels \(width × height\); .*1\.png is 2×1\. Images read together must have one size\./,
    );
  });

  it("a folder without images, no folder, no paths", async () => {
    const empty = await mkdtemp(join(folder, "empty-"));
    await expect(listImages(empty)).rejects.toThrow(`${empty}: holds no image. Files that end in .png`);
    await expect(listImages(join(folder, "none"))).rejects.toThrow(
      "none: cannot be read: there is no such file or folder",
    );
    await expect(readImages([])).rejects.toThrow("images: no paths of images were given");
  });
});

describe("pixels", () => {
  it("unit floats and back: the same bytes, all 256", () => {
    const all = ndArray(
      "uint8",
      [256],
      Uint8Array.from({ length: 256 }, (_, i) => i),
    );
    expect(unitBytes(unitFloat(all))).toEqual(all);
    expect(unitFloat(all).data[255]).toBe(1);
  });

  it("what is outside [0, 1] is clamped, NaN is black", () => {
    const floats = ndArray("float32", [4], Float32Array.of(-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY));
    expect([...unitBytes(floats).data]).toEqual([0, 255, 0, 255]);
  });

  it("planes and interleaved pixels are one another's inverse", () => {
    const image = picture(3, 2, 5);
    expect(planar(interleaved(image))).toEqual(image);
    expect([...interleaved(ndArray("uint8", [3, 1, 2], bytes(1, 2, 3, 4, 5, 6))).data]).toEqual([1, 3, 5, 2, 4, 6]);
  });

  it("gray: white stays white, green weighs most", () => {
    const rgb: NdArray<"uint8"> = ndArray("uint8", [3, 1, 3], bytes(255, 0, 255, 255, 255, 0, 255, 0, 0));
    expect([...grayFromRgb(rgb).data]).toEqual([255, 150, 76]);
  });
});

function farthest(a: ArrayLike<number>, b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return b.reduce((far, value, i) => Math.max(far, Math.abs(value - a[i]!)), 0);
}
