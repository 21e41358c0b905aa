import { describe, expect, test } from "vitest";
import { compareFrames } from "../src/index.ts";

const line = (...values: number[]) => ({ shape: [values.length, 1], data: values });

describe("a video beside others", () => {
  const others = [line(0, 1, 2, 3), line(0.5, 1.5, 2.5, 3)];

  test("each frame has its nearest, that one's phase, and its distance", () => {
    const { frames } = compareFrames(line(0.1, 2.4), others, {
      labels: [
        [0, 0, 1, 1],
        [0, 0, 2, 2],
      ],
    });
    expect(frames.map(({ video, frame, label }) => [video, frame, label])).toEqual([
      [0, 0, 0],
      [1, 2, 2],
    ]);
    expect(frames[0]!.distance).toBeCloseTo(0.1, 12);
    expect(compareFrames(line(0), others).frames[0]!.label).toBeNull();
  });

  test("what lies further than others do from each other is unusual", () => {
    // Nearest in the other video: 0.5 for the first three of each, 0 for the last.
    const { limit, frames } = compareFrames(line(2.75, 5), others);
    expect(limit).toBe(0.5);
    expect(frames.map(({ anomaly }) => anomaly)).toEqual([0.5, 4]);
    expect(compareFrames(line(1), others, { usual: 0.25 }).limit).toBe(0);
  });

  test("one video sets no limit", () => {
    const { limit, frames } = compareFrames(line(9), [others[0]!]);
    expect([limit, frames[0]!.anomaly]).toEqual([null, null]);
  });

  test("reward is 0 at the goal and −1 where the others begin on average", () => {
    const { frames } = compareFrames(line(3, 0.25, 5.75), others);
    expect(frames.map(({ reward }) => reward + 0)).toEqual([0, -1, -1]);
  });

  test("no videos, and a share outside 0 to 1, are refused", () => {
    expect(() => compareFrames(line(1), [])).toThrow("compareFrames: no videos to compare with.");
    expect(() => compareFrames(line(1), others, { usual: 0 })).toThrow(
      "compareFrames: usual is 0; expected a number above 0, 1 at most",
    );
  });
});
