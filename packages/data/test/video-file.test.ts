import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readVideoFile, writeVideoFile } from "../src/index.node.ts";
import { pouringVideo } from "../src/index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "video-"));
});
afterAll(() => rm(folder, { recursive: true }));

const { frames, shape } = pouringVideo({ seed: 1, level: "easy", size: 96 });
const video = { shape, data: frames };
const [T] = shape;

describe.each(["mp4", "webm"])("%s", (kind) => {
  test("a video is read as it was written, up to its coding", { timeout: 60_000 }, async () => {
    const path = join(folder, `video.${kind}`);
    await writeVideoFile(path, video, { framesPerSecond: 25 });
    const read = await readVideoFile(path);
    expect(read.shape).toEqual(shape);
    expect(read.times[0]).toBeCloseTo(0);
    expect(read.times[T - 1]).toBeCloseTo((T - 1) / 25, 2);
    const mean = read.data.reduce((sum, byte, i) => sum + Math.abs(byte - frames[i]!), 0) / frames.length;
    expect(mean).toBeLessThan(8);
    const few = await readVideoFile(path, { framesPerSecond: 5, size: { width: 20, height: 10 } });
    expect(few.shape).toEqual([Math.ceil(T / 5), 10, 20, 3]);
    expect((await readVideoFile(path, { size: { height: 48 } })).shape).toEqual([T, 48, 48, 3]);
    await expect(readVideoFile(path, { maxBytes: 1e5 })).rejects.toThrow(
      "of memory, more than 100 kB. Cut it, or take fewer frames a second.",
    );
  });
});

test("what is no video is refused by name", async () => {
  const path = join(folder, "text.mp4");
  await writeFile(path, "no video");
  await expect(readVideoFile(path)).rejects.toThrow("is no video file that is read: mp4, mov, webm and mkv are.");
  await expect(readVideoFile(join(folder, "missing.mp4"))).rejects.toThrow("there is no such file or folder");
  await expect(readVideoFile(folder)).rejects.toThrow("is a folder, not a video file.");
  await expect(writeVideoFile(join(folder, "a.avi"), video, { framesPerSecond: 25 })).rejects.toThrow(
    "the name says no video format that is written. End it in .mp4 or .webm.",
  );
});
