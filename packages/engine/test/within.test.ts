// The indicator of an interval is exact at the limits' neighbours, on every target.
import { compile, type Inputs, tensor, within } from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { describe, expect, it } from "vitest";

/** The next float32 upwards (1) or downwards (−1). */
function next(x: number, towards: 1 | -1): number {
  if (x === 0) return towards * 2 ** -120; // closer to 0 than that, the fast form does not promise 0 or 1
  const float = new Float32Array([x]);
  new Int32Array(float.buffer)[0]! += Math.sign(x) === towards ? 1 : -1;
  return float[0]!;
}

const limits = [0, 1, -1, 6, 0.2, -0.7, 3, -3, 8, 255, 1e-3, -1e5, 1e30, -1e30].map(Math.fround);

describe.each(["cpu", "reference"] as const)("%s", (target) => {
  it.each(["above", "below", "min", "max"] as const)("%s", async (kind) => {
    const runtime = nodeRuntime({ target, threads: 1 });
    for (const limit of limits) {
      const f = compile(runtime, ({ x }: Inputs<"x">) => ({ y: within(x, { [kind]: limit }) }));
      const x = [-3e38, next(limit, -1), limit, next(limit, 1), 3e38];
      const { y } = await f.run({ x: tensor(runtime.target.float, [5], x) });
      const want = {
        above: [0, 0, 0, 1, 1],
        below: [1, 1, 0, 0, 0],
        min: [0, 0, 1, 1, 1],
        max: [1, 1, 1, 0, 0],
      }[kind];
      expect([limit, ...Array.from(y.data, Number)]).toEqual([limit, ...want]);
      await f.release();
    }
  });

  it("two limits, infinite ones, and none", async () => {
    const runtime = nodeRuntime({ target, threads: 1 });
    const f = compile(runtime, ({ x }: Inputs<"x">) => ({
      six: within(x, { min: 0, max: 6 }),
      open: within(x, { above: -3, below: 3 }),
      half: within(x, { min: 0, max: 3.4028234663852886e38 }),
      all: within(x, {}),
    }));
    const { six, open, half, all } = await f.run({ x: tensor(runtime.target.float, [5], [-3, 0, 3, 6, 7]) });
    expect(Array.from(six.data, Number)).toEqual([0, 1, 1, 1, 0]);
    expect(Array.from(open.data, Number)).toEqual([0, 1, 0, 0, 0]);
    expect(Array.from(half.data, Number)).toEqual([0, 1, 1, 1, 1]);
    expect(Array.from(all.data, Number)).toEqual([1, 1, 1, 1, 1]);
  });
});
