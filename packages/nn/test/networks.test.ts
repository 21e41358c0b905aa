import { Random } from "@reprise/data";
import { compile, layoutSize, ShapeError, tensor, trace } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { afterAll, describe, expect, test } from "vitest";
import { conv2d, dropout, linear, networkByName, networks, weightDecay } from "../src/index.ts";

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.release());

test("the table's networks by name, with their sizes", () => {
  expect(Object.fromEntries(networks.map((n) => [n.name, layoutSize(n.parameters)]))).toEqual({
    "fc10-1e-4": 7850,
    "fc10-1e-2": 7850,
    "fc10-1": 7850,
    "fc100-100-10": 89_610, // 784·100 + 100 + 100·100 + 100 + 100·10 + 10
    "fc200-200-10": 199_210,
    "fc123-456-10": 157_669,
    lenet: 61_706,
  });
  for (const network of networks) {
    expect(networkByName(network.name.toUpperCase())).toBe(network);
    const weights = network.init(new Random(4));
    expect(weights).toHaveLength(layoutSize(network.parameters));
    expect(network.recipe.source).not.toBe("");
  }
  expect(networkByName("FC50-20-10").parameters).toMatchObject({ "fc2.weight": [20, 50], "fc3.bias": [10] });
  for (const name of ["fc0-10", "fc100-100", "fc-10", "fc50--10"])
    expect(() => networkByName(name)).toThrow(`network "${name}" is not known`);
  expect(() => networkByName("fc10")).toThrow(/network "fc10" is not known; choose one of fc10-1e-4, .*lenet/);
});

test("weight decay is Σ λ Σw²/k", async () => {
  const run = compile<"w", "y">(runtime, ({ w }) => ({
    y: weightDecay({ "a.weight": w, "b.weight": w }, { a: 0.5, b: 0, c: 0 }),
  }));
  const { y } = await run.run({ w: tensor("float32", [2, 3], [1, 2, 3, 4, 5, 6]) });
  expect(y.data[0]).toBeCloseTo((0.5 * 91) / 2, 4);
  await run.release();
});

describe("layers", () => {
  const value = (shape: number[]) => ({ dtype: "float32", shape }) as const;
  test("a wrong input is told with the layer's name", () => {
    const linearOf = (shape: number[]) =>
      trace(({ x, w, b }) => ({ y: linear({ "fc1.weight": w, "fc1.bias": b }, "fc1", x) }), {
        x: value(shape),
        w: value([3, 4]),
        b: value([3]),
      });
    expect(linearOf([2, 4]).outputs.get("y")!.shape).toEqual([2, 3]);
    expect(() => linearOf([2, 5])).toThrow(ShapeError);
    expect(() => linearOf([2, 5])).toThrow(/linear "fc1": input is \[2, 5\], weight \[3, 4\] expects \[N, 4\]/);
    expect(() =>
      trace(({ x, w, b }) => ({ y: conv2d({ "c.weight": w, "c.bias": b }, "c", x) }), {
        x: value([1, 2, 5, 5]),
        w: value([4, 3, 3, 3]),
        b: value([4]),
      }),
    ).toThrow(/conv2d "c": .*input has 2 channels, weight \[4, 3, 3, 3\] expects 3/);
    expect(() => trace(({ x }) => ({ y: linear({}, "fc9", x) }), { x: value([1, 1]) })).toThrow(
      /no parameter "fc9\.weight"/,
    );
  });

  test("dropout drops its share and keeps the mean", async () => {
    const run = compile<"x" | "noise", "y">(runtime, ({ x, noise }) => ({ y: dropout(x, noise, { rate: 0.25 }) }));
    const random = new Random(9);
    const noise = Float32Array.from({ length: 10_000 }, () => random.uniform());
    const { y } = await run.run({
      x: tensor("float32", [10_000], new Float32Array(10_000).fill(3)),
      noise: tensor("float32", [10_000], noise),
    });
    const dropped = (y.data as Float32Array).filter((v) => v === 0).length;
    expect(dropped / 10_000).toBeCloseTo(0.25, 1.5);
    expect((y.data as Float32Array).every((v) => v === 0 || v === 4)).toBe(true);
    await run.release();
    expect(() => trace(({ x }) => ({ y: dropout(x, x, { rate: 1 }) }), { x: value([1]) })).toThrow(/rate is 1/);
    expect(() => trace(({ x, n }) => ({ y: dropout(x, n, { rate: 0.5 }) }), { x: value([2]), n: value([1]) })).toThrow(
      /x is \[2\], its noise \[1\]/,
    );
  });
});
