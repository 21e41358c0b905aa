// The loss curve and the confusion matrix that `reprise classifier` draws.
import { expect, test } from "vitest";
import { confusionPicture, lossCurve } from "../src/commands/classifier/svg.ts";

test("pictures: every point, and names made safe", () => {
  const curve = lossCurve(
    Array.from({ length: 1000 }, (_, i) => ({ step: i + 1, loss: i === 5 ? Number.NaN : 2 - i / 1000 })),
    [{ step: 1000, loss: 1.2 }],
    { title: "<net>" },
  );
  expect(curve).toContain("&lt;net&gt;");
  expect(curve).not.toMatch(/NaN|Infinity|<net>/);
  expect(/points="([^"]*)"/.exec(curve)![1]!.split(" ").length).toBeGreaterThan(300);
  expect(lossCurve([], [], { title: "empty" })).not.toMatch(/NaN|Infinity/);
  const train = Array.from({ length: 10 }, (_, i) => ({ step: i + 1, loss: 2 }));
  const far = lossCurve(
    train,
    [
      { step: 5, loss: 158.3 },
      { step: 10, loss: 1 },
    ],
    { title: "far" },
  );
  expect(far).toContain(">↑ 158<");
  expect(far.match(/<circle/g)).toHaveLength(1);
  expect(far).toContain(">2<"); // the axis is that of the losses that are drawn
  const matrix = confusionPicture(
    [
      [3, 1],
      [0, 0],
    ],
    ["<b>", "dog"],
    { title: "t" },
  );
  expect(matrix).toContain("&lt;b&gt; taken for dog: 1 of 4");
  expect(matrix).not.toMatch(/<b>|NaN/);
});

test("a picture of many classes names them all, one of very many none; mistakes are of another colour", () => {
  const of = (K: number) => {
    const names = Array.from({ length: K }, (_, i) => `class ${i}`);
    const rows = names.map((_, i) => names.map((_, j) => (i === j ? 3 : +(j === i + 1))));
    return confusionPicture(rows, names, { title: `${K} classes` });
  };
  expect(of(100).match(/>class \d+<\/text>/g)).toHaveLength(200);
  expect(of(300)).not.toMatch(/>class \d+<\/text>/);
  for (const K of [2, 100, 300]) {
    const squares = of(K).match(/<rect class="cell"[^>]*fill="#\w+"/g)!;
    expect(squares).toHaveLength(2 * K - 1); // none for what did not happen
    expect(new Set(squares.map((square) => square.slice(-8, -1))).size).toBe(2);
  }
});
