import { expect, test } from "vitest";
import { diffLines } from "../src/server/summaries/diff.ts";

const written = (before: string, after: string) =>
  diffLines(before, after).map(({ kind, text }) => `${{ same: " ", gone: "-", new: "+" }[kind]}${text}`);

test.each([
  ["a\nb\nc", "a\nb\nc", [" a", " b", " c"]],
  ["a\nb\nc", "a\nx\nc", [" a", "-b", "+x", " c"]],
  ["", "a", ["-", "+a"]],
  ["a\nb", "b\na", ["-a", " b", "+a"]],
  ["a\nb\nc\nd", "a\nc\nd\ne", [" a", "-b", " c", " d", "+e"]],
])("%j → %j", (before, after, lines) => {
  expect(written(before, after)).toEqual(lines);
});

test("of any two texts, what stayed and went is the first, what stayed and came the second", () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  for (let round = 0; round < 200; round++) {
    const [a, b] = [0, 1].map(() => Array.from({ length: random(12) }, () => "abc"[random(3)]).join("\n"));
    const diff = diffLines(a!, b!);
    const of = (other: "gone" | "new") =>
      diff
        .filter(({ kind }) => kind !== other)
        .map(({ text }) => text)
        .join("\n");
    expect([of("new"), of("gone")]).toEqual([a, b]);
  }
});

test("texts of thousands of changed lines are compared as wholes, in no time", () => {
  const text = (sign: string) => Array.from({ length: 10_000 }, (_, i) => sign + i).join("\n");
  const start = performance.now();
  expect(diffLines(text("a"), text("b"))).toHaveLength(20_000);
  expect(performance.now() - start).toBeLessThan(1000);
});
