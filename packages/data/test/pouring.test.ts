import { expect, test } from "vitest";
import { pouringVideo, pouringVideos } from "../src/index.ts";

test("a video depends on its seed alone, and another seed gives another one", () => {
  const options = { seed: 3, level: "hard", size: 16 } as const;
  expect(pouringVideo(options)).toEqual(pouringVideo(options));
  expect(pouringVideo({ ...options, seed: 4 }).frames).not.toEqual(pouringVideo(options).frames);
  const [first, second] = pouringVideos(2, options);
  expect(first!.frames).not.toEqual(second!.frames);
});

test("all five phases come in their order, each four frames or longer, and progress never falls", () => {
  for (const { labels, progress, shape, frames } of pouringVideos(20, { seed: 1, level: "hard", size: 8 })) {
    expect(frames.length).toBe(shape[0] * 8 * 8 * 3);
    expect(labels.length).toBe(shape[0]);
    for (let phase = 0; phase < 5; phase++) expect(labels.filter((l) => l === phase).length).toBeGreaterThanOrEqual(4);
    for (let t = 1; t < labels.length; t++) {
      expect(labels[t]! - labels[t - 1]!).toBeGreaterThanOrEqual(0);
      expect(progress[t]!).toBeGreaterThanOrEqual(progress[t - 1]!);
    }
  }
});

test("the liquid moves from the bottle to the cup", () => {
  // Of the easy level, whose wall is grey: saturated pixels are liquid, hand or table. The cup stands at the right.
  const { frames, shape } = pouringVideo({ seed: 1, level: "easy", size: 48 });
  const saturated = (t: number, from: number, to: number) => {
    let count = 0;
    for (let y = 0; y < 37; y++)
      for (let x = from; x < to; x++) {
        const at = ((t * 48 + y) * 48 + x) * 3;
        const [r, g, b] = frames.subarray(at, at + 3) as unknown as [number, number, number];
        if (Math.max(r, g, b) - Math.min(r, g, b) > 80) count++;
      }
    return count;
  };
  const last = shape[0] - 1;
  expect(saturated(last, 28, 48)).toBeGreaterThan(saturated(0, 28, 48) + 10);
  expect(saturated(last, 0, 24)).toBeLessThan(saturated(0, 0, 24) - 5);
});

test("a size below 8 pixels is refused", () => {
  expect(() => pouringVideo({ seed: 0, size: 4 })).toThrow("pouringVideo: size is 4; expected whole pixels, 8 or more");
});
