import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
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

describe.each(["mp4", "webm", "gif"])("%s", (kind) => {
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
      /of memory, more than 100 kB\. Cut it, or (take fewer frames a second|make it smaller)\./,
    );
  });
});

test("what is no video is refused by name", async () => {
  const path = join(folder, "text.mp4");
  await writeFile(path, "no video");
  await expect(readVideoFile(path)).rejects.toThrow(
    "is no video file that is read, or its end is missing: mp4, mov, webm, mkv and gif are read.",
  );
  await expect(readVideoFile(join(folder, "missing.mp4"))).rejects.toThrow("there is no such file or folder");
  await expect(readVideoFile(folder)).rejects.toThrow("is a folder, not a video file.");
  await expect(writeVideoFile(join(folder, "a.avi"), video, { framesPerSecond: 25 })).rejects.toThrow(
    "the name says no video format that is written. End it in .mp4, .webm or .gif.",
  );
});

/** An mp4 of a few frames by mediabunny itself, with what writeVideoFile has no option for. */
async function filmed(
  path: string,
  options: { rotation?: 0 | 90 | 180 | 270; times?: number[]; sound?: "too" | "only" },
) {
  await import("@napi-rs/webcodecs/polyfill");
  const bunny = await import("mediabunny");
  const target = new bunny.BufferTarget();
  const output = new bunny.Output({ format: new bunny.Mp4OutputFormat({ fastStart: "in-memory" }), target });
  const film = new bunny.VideoSampleSource({ codec: "avc", bitrate: 300_000, keyFrameInterval: 0.5 });
  const sound = new bunny.AudioSampleSource({ codec: "opus", bitrate: 64_000 });
  const { rotation = 0, times = Array.from({ length: 12 }, (_, t) => t / 10) } = options;
  if (options.sound !== "only") output.addVideoTrack(film, { rotation });
  if (options.sound) output.addAudioTrack(sound);
  await output.start();
  for (const [t, timestamp] of times.entries()) {
    if (options.sound === "only") break;
    // The upper half is bright, and noise keeps the file from being tiny.
    const noise = (i: number) => (7919 * (i + 64 * t)) % 31;
    const planes = new Uint8Array(64 * 32 * 1.5).fill(128);
    for (let i = 0; i < 64 * 32; i++) planes[i] = (i < 64 * 16 ? 200 : 50) + noise(i);
    const duration = (times[t + 1] ?? timestamp + 0.1) - timestamp;
    const shape = { format: "I420", codedWidth: 64, codedHeight: 32 } as const;
    const sample = new bunny.VideoSample(planes, { ...shape, timestamp, duration });
    await film.add(sample);
    sample.close();
  }
  if (options.sound) {
    const data = Float32Array.from({ length: 48_000 }, (_, i) => Math.sin(i / 10) / 2);
    await sound.add(
      new bunny.AudioSample({ data, format: "f32", numberOfChannels: 1, sampleRate: 48_000, timestamp: 0 }),
    );
  }
  await output.finalize();
  await writeFile(path, new Uint8Array(target.buffer!));
  return path;
}

const at = (name: string) => join(folder, name);

test("a picture is upright where its file says that it is turned", async () => {
  const { shape: turned, data } = await readVideoFile(await filmed(at("turned.mp4"), { rotation: 90 }));
  expect(turned).toEqual([12, 64, 32, 3]);
  // What was above is on the right after a quarter clockwise.
  expect(data[(30 * 32 + 28) * 3]).toBeGreaterThan(150);
  expect(data[(30 * 32 + 3) * 3]).toBeLessThan(100);
});

test("a varying rate: times as they are, and at a rate the first frame of each slot", async () => {
  const times = [0, 0.1, 0.2, 0.3, 0.4, 2, 2.1, 2.2, 2.3];
  const path = await filmed(at("varying.mp4"), { times });
  const whole = await readVideoFile(path);
  for (const [t, seconds] of times.entries()) expect(whole.times[t]).toBeCloseTo(seconds, 3);
  const few = await readVideoFile(path, { framesPerSecond: 5 });
  expect(Array.from(few.times, (seconds) => Number(seconds.toFixed(3)))).toEqual([0, 0.2, 0.4, 2, 2.2]);
  for (const name of ["again.mp4", "again.webm", "again.gif"]) {
    await writeVideoFile(at(name), whole, { framesPerSecond: 10, times: whole.times });
    const read = await readVideoFile(at(name));
    for (const [t, seconds] of times.entries()) expect(read.times[t]).toBeCloseTo(seconds, 2);
  }
});

test("sound goes along, where there is some and the container holds it", async () => {
  const path = await filmed(at("sound.mp4"), { sound: "too" });
  const bunny = await import("mediabunny");
  const few = await readVideoFile(path);
  for (const name of ["with.mp4", "with.webm"]) {
    await writeVideoFile(at(name), few, { framesPerSecond: 10, soundOf: path });
    const input = new bunny.Input({ formats: bunny.ALL_FORMATS, source: new bunny.FilePathSource(at(name)) });
    const track = await input.getPrimaryAudioTrack();
    expect(track?.codec).toBe("opus");
    expect(await track!.computeDuration()).toBeCloseTo(1, 1);
    input[Symbol.dispose]();
  }
  const write = (name: string, soundOf: string) => writeVideoFile(at(name), few, { framesPerSecond: 10, soundOf });
  await expect(write("b.gif", path)).rejects.toThrow("a gif has no sound. End its name in .mp4 or .webm.");
  await expect(write("b.mp4", at("again.mp4"))).rejects.toThrow("again.mp4: has no sound to take along.");
});

test("no video track, an unknown coding, a file cut short: each is said in a line", async () => {
  await expect(readVideoFile(await filmed(at("only.mp4"), { sound: "only" }))).rejects.toThrow("has no video in it.");
  const whole = await readFile(await filmed(at("whole.mp4"), {}));
  const coded = Buffer.from(whole.toString("latin1").replaceAll("avc1", "mp4v"), "latin1");
  await writeFile(at("coded.mp4"), coded);
  await expect(readVideoFile(at("coded.mp4"))).rejects.toThrow(
    "its video is coded in mp4v, which cannot be decoded here. H.264, HEVC, VP8, VP9 and AV1 can: ffmpeg -i coded.mp4 -c:v libx264 new.mp4",
  );
  await writeFile(at("half.mp4"), whole.subarray(0, Math.round(0.6 * whole.length)));
  await expect(readVideoFile(at("half.mp4"))).rejects.toThrow(
    /is cut short or damaged: it says that it has 1\.2 seconds, and 0\.\d of them can be decoded\./,
  );
  await writeFile(at("nothing.mp4"), "");
  await expect(readVideoFile(at("nothing.mp4"))).rejects.toThrow("is empty: it holds no bytes.");
  await writeFile(at("cut.gif"), (await readFile(at("again.gif"))).subarray(0, 300));
  await expect(readVideoFile(at("cut.gif"))).rejects.toThrow("It is cut short or damaged.");
});
