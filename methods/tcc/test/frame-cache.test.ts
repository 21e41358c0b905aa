import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cachedFrames } from "../src/verbs/frame-cache.node.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tcc-cache-"));
});
afterAll(() => rm(root, { recursive: true }));

/** Reads a file through the cache. @returns the first byte of the frames, and whether they were decoded */
async function through(name: string, value: number, limit = 1e6, options: unknown = { size: 2 }) {
  let decoded = false;
  const { data, shape } = await cachedFrames(
    join(root, name),
    options,
    { folder: join(root, "c"), limit },
    async () => {
      decoded = true;
      return { shape: [2, 5, 10, 3], data: new Uint8Array(300).fill(value) };
    },
  );
  expect(shape).toEqual([2, 5, 10, 3]);
  return [data[0], decoded];
}

test("frames are decoded once, and again when the file, the options or the entry change", async () => {
  await writeFile(join(root, "a.mp4"), "video");
  expect(await through("a.mp4", 1)).toEqual([1, true]);
  expect(await through("a.mp4", 2)).toEqual([1, false]);
  expect(await through("a.mp4", 3, 1e6, { size: 4 })).toEqual([3, true]);
  await writeFile(join(root, "a.mp4"), "other video");
  expect(await through("a.mp4", 4)).toEqual([4, true]);
  for (const name of await readdir(join(root, "c"))) await writeFile(join(root, "c", name), "damaged");
  expect(await through("a.mp4", 5)).toEqual([5, true]);
  expect(await through("a.mp4", 6)).toEqual([5, false]);
});

test("what was not used for longest makes room; what is larger than the limit is not kept", async () => {
  await rm(join(root, "c"), { recursive: true });
  const limit = 900; // two entries of 300 bytes and a header
  for (const name of ["x.mp4", "y.mp4"]) {
    await writeFile(join(root, name), name);
    await through(name, 1, limit);
    for (const entry of await readdir(join(root, "c"))) await utimes(join(root, "c", entry), 1, 1);
  }
  expect(await through("x.mp4", 2, limit)).toEqual([1, false]); // used now
  await writeFile(join(root, "z.mp4"), "z");
  await through("z.mp4", 1, limit);
  expect(await through("x.mp4", 3, limit)).toEqual([1, false]);
  expect(await through("y.mp4", 3, limit)).toEqual([3, true]);
  expect(await through("w.mp4", 1, 100).catch((error: Error) => error.message)).toContain("w.mp4");
  await writeFile(join(root, "w.mp4"), "w");
  expect(await through("w.mp4", 1, 100)).toEqual([1, true]);
  expect(await through("w.mp4", 2, 100)).toEqual([2, true]);
});
