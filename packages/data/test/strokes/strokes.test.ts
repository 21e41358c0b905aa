import { describe, expect, it } from "vitest";
import { DataError, inkVideo, parseOmniglotStrokes, strokesOf, thinned } from "../../src/index.ts";

const line = (from: number, to: number, start: number) =>
  [0, 0.5, 1].map((s) => ({ x: from + s * (to - from), y: 3 * s, time: start + s }));

describe("ink on a canvas", () => {
  const video = inkVideo([line(0, 10, 0), line(10, 0, 2)], { size: 16, framesPerSecond: 4 });

  it("has a frame for each moment from the first to the last, and the stroke of each", () => {
    expect(video.shape).toEqual([13, 16, 16]);
    expect(Array.from(video.labels)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it("never goes away, and fills the canvas but for its margin", () => {
    const pixels = 16 * 16;
    for (let i = pixels; i < video.frames.length; i++)
      expect(video.frames[i]!).toBeGreaterThanOrEqual(video.frames[i - pixels]!);
    const last = video.frames.subarray(-pixels);
    const columns = Array.from(last.keys())
      .filter((i) => last[i]! > 40)
      .map((i) => i % 16);
    expect([Math.min(...columns), Math.max(...columns)]).toEqual([1, 14]);
  });

  it("is refused without strokes, or on too small a canvas", () => {
    expect(() => inkVideo([])).toThrow("inkVideo: the drawing has no strokes.");
    expect(() => inkVideo([line(0, 1, 0)], { size: 4 })).toThrow(
      "inkVideo: size is 4; expected whole pixels, 8 or more",
    );
  });
});

describe("Omniglot's strokes", () => {
  it("are points in seconds, y downwards", () => {
    const strokes = parseOmniglotStrokes("START\n1.5,-2,0\n3,-4,250\nBREAK\n5,-6,1000\nBREAK\n", "a.txt");
    expect(strokes).toEqual([
      [
        { x: 1.5, y: 2, time: 0 },
        { x: 3, y: 4, time: 0.25 },
      ],
      [{ x: 5, y: 6, time: 1 }],
    ]);
  });

  it("without a valid point are refused, with the line", () => {
    expect(() => parseOmniglotStrokes("START\n1,2\nBREAK", "a.txt")).toThrow(
      new DataError("a.txt", 'line 2: "1,2" is not a point "x,y,milliseconds".'),
    );
    expect(() => parseOmniglotStrokes("START\n", "a.txt")).toThrow("holds no strokes.");
  });
});

/** Rows of a picture, # for ink. */
function picture(...rows: string[]) {
  return { ink: rows.flatMap((row) => Array.from(row, (pixel) => (pixel === "#" ? 255 : 0))), width: rows[0]!.length };
}

describe("thinning", () => {
  const bar = picture(".........", ".#######.", ".#######.", ".#######.", ".........");

  it("leaves a line of one pixel within the ink, and what is thin as it is", () => {
    const skeleton = thinned(bar.ink, bar.width);
    const left = Array.from(skeleton.keys()).filter((i) => skeleton[i]);
    expect(left.every((i) => bar.ink[i])).toBe(true);
    expect(new Set(left.map((i) => i % bar.width)).size).toBe(left.length); // one in a column
    const again = thinned(skeleton, bar.width);
    expect(again).toEqual(skeleton);
  });

  it("gives one stroke of a bar, moving pixel by pixel at the pen's speed", () => {
    const [stroke, ...more] = strokesOf(bar.ink, bar.width, { pixelsPerSecond: 2 });
    expect(more).toEqual([]);
    for (const [i, { x, y, time }] of stroke!.entries()) {
      if (i === 0) continue;
      const before = stroke![i - 1]!;
      const moved = Math.hypot(x - before.x, y - before.y);
      expect(moved).toBeLessThan(1.5);
      expect(time - before.time).toBeCloseTo(moved / 2, 12);
    }
  });

  it("goes straight on where lines cross, from the topmost end", () => {
    const cross = picture("...#...", "...#...", "...#...", "#######", "...#...", "...#...", "...#...");
    const [down, ...across] = strokesOf(cross.ink, cross.width);
    expect(down!.map(({ x }) => x)).toEqual([3, 3, 3, 3, 3, 3, 3]);
    expect(down![0]!.y).toBe(0);
    expect(across.map((stroke) => stroke.length)).toEqual([3, 3]);
    expect(across[0]![0]!.time).toBeGreaterThan(down!.at(-1)!.time);
  });

  it("goes once around a ring", () => {
    const ring = picture("..###..", ".#...#.", "#.....#", "#.....#", ".#...#.", "..###..");
    const strokes = strokesOf(ring.ink, ring.width);
    expect(strokes).toHaveLength(1);
    expect(strokes[0]!.length).toBeGreaterThanOrEqual(13);
  });
});
