import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readImageFolder, writeImage } from "../src/index.node.ts";
import { DataError, ndArray } from "../src/index.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "reprise-folder-"));
});
afterAll(() => rm(root, { recursive: true }));

/** A folder whose images are all of one value each: { "cat/1.png": [value, width] }. */
async function folder(name: string, files: Record<string, [value: number, width?: number] | string>): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    const full = join(root, name, path);
    await mkdir(join(full, ".."), { recursive: true });
    if (typeof content === "string") await writeFile(full, content);
    else {
      const [value, width = 3] = content;
      await writeImage(full, ndArray("uint8", [3, 2, width], new Uint8Array(6 * width).fill(value)));
    }
  }
  return join(root, name);
}

test("images, labels, classes and paths by name", async () => {
  const path = await folder("good", {
    "dog/1.png": [10],
    "cat/10.png": [20],
    "cat/2.png": [30],
    "cat/notes.txt": "",
    ".hidden/x.png": [1],
    "readme.txt": "",
  });
  const { images, labels, classes, paths } = await readImageFolder(path);
  expect(classes).toEqual(["cat", "dog"]);
  expect(images.shape).toEqual([3, 3, 2, 3]);
  expect([0, 18, 36].map((i) => images.data[i])).toEqual([30, 20, 10]);
  expect([...labels.data]).toEqual([0, 0, 1]);
  expect(paths.map((p) => p.slice(path.length + 1))).toEqual(["cat/2.png", "cat/10.png", "dog/1.png"]);
  const other = await readImageFolder(path, { classes: ["bird", "dog", "cat"] });
  expect([...other.labels.data]).toEqual([2, 2, 1]);
  await expect(readImageFolder(path, { classes: ["cat"] })).rejects.toThrow(/dog: is not one of the classes cat\./);
  const many = Array.from({ length: 100 }, (_, i) => `class ${i}`);
  await expect(readImageFolder(path, { classes: many })).rejects.toThrow(/class 0, .* class 11, … \(100 in all\)\.$/);
});

test("images of several sizes, brought to one", async () => {
  const path = await folder("sizes", { "cat/1.png": [10, 3], "dog/2.png": [200, 9] });
  const { images } = await readImageFolder(path, { size: { width: 4, height: 4 } });
  expect(images.shape).toEqual([2, 3, 4, 4]);
  expect([images.data[0], images.data.at(-1)]).toEqual([10, 200]);
});

test.each<[string, Record<string, [number, number?] | string>, RegExp]>([
  ["no classes", { "1.png": [1] }, /no classes: holds no class folders\. Expected a folder for each class/],
  ["one class", { "cat/1.png": [1] }, /holds one class only, "cat"; a classifier needs two/],
  ["an empty class", { "cat/1.png": [1], "dog/notes.txt": "" }, /dog: holds no image/],
  ["a broken image", { "cat/1.png": [1], "dog/bad.png": "no picture" }, /bad\.png: is not an image/],
  ["mixed sizes", { "cat/1.png": [1], "dog/2.png": [1, 5] }, /2\.png: the image is 5×2 pixels.*1\.png is 3×2/],
])("%s", async (name, files, message) => {
  const read = readImageFolder(await folder(name, files));
  await expect(read).rejects.toThrow(DataError);
  await expect(read).rejects.toThrow(message);
});

test("a folder that is not there", async () => {
  await expect(readImageFolder(join(root, "nowhere"))).rejects.toThrow(
    /nowhere: cannot be read: there is no such file/,
  );
});
