// Pooling with sizes rounded up, values and gradients beside PyTorch's, imported files beside ONNX Runtime's.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import {
  averagePool,
  compile,
  gradient,
  type Inputs,
  importOnnx,
  maxPool,
  sizeOf,
  type Tensor,
  tensor,
  type Value,
} from "../src/index.ts";
import { handmade, tensorInfo } from "./handmade.ts";

interface Row {
  readonly kind: "max" | "average" | "lp";
  readonly shape: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly count?: boolean;
  readonly size: readonly number[];
  readonly y: readonly number[];
  readonly dx: readonly number[];
}
const rows: readonly Row[] = JSON.parse(readFileSync(new URL("fixtures/pool-ceil.json", import.meta.url), "utf8"));
const sequence = (shape: readonly number[], f: (i: number) => number): Tensor =>
  tensor(
    "float32",
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => f(i)),
  );
const xOf = (shape: readonly number[]): Tensor => sequence(shape, (i) => Math.sin(1.7 * i + 0.3));

/** The file with this one pooling node. */
function fileOf({ kind, shape, kernel, strides, pads, dilations, count }: Row, opset: number): Uint8Array {
  const op = { max: "MaxPool", average: "AveragePool", lp: "LpPool" }[kind];
  const attributes = {
    kernel_shape: kernel,
    strides,
    pads: [...pads, ...pads],
    ceil_mode: 1,
    ...(dilations.some((d) => d > 1) && { dilations }),
    ...(kind === "average" && { count_include_pad: Number(count ?? false) }),
  };
  return handmade([{ op, inputs: ["x"], outputs: ["y"], attributes }], { opset, input: tensorInfo("x", shape) });
}
function pooled(x: Value, row: Row): Value {
  const options = { ...row, ceilMode: true };
  if (row.kind === "max") return maxPool(x, options);
  return averagePool(x, { ...options, countIncludePad: row.count === true });
}

/** Both to the digits that are stored, with the row for the report. */
const close = (row: Row, got: Tensor, want: readonly number[]): void => {
  const { kind, shape, kernel, strides, pads, dilations, count } = row;
  const label = JSON.stringify({ kind, shape, kernel, strides, pads, dilations, count });
  const near = Array.from(got.data as Float32Array, (value, i) =>
    Math.abs(value - want[i]!) < 2e-5 ? want[i] : value,
  );
  expect([label, ...near]).toEqual([label, ...want]);
};

test.each(["cpu", "reference"] as const)(
  "values and gradients on %s are PyTorch's",
  { timeout: 120_000 },
  async (target) => {
    const runtime = nodeRuntime({ target, threads: 1 });
    expect(rows.length).toBeGreaterThan(100);
    const given = (x: Tensor) => tensor(runtime.target.float, x.shape, x.data as ArrayLike<number>);
    for (const row of rows) {
      const f = compile(runtime, ({ x, dy }: Inputs<"x" | "dy">) => {
        const y = pooled(x, row);
        return { y, dx: gradient(y, [x], { dy })[0]! };
      });
      const { y, dx } = await f.run({
        x: given(xOf(row.shape)),
        dy: given(sequence(row.size, (i) => Math.cos(0.9 * i))),
      });
      await f.release();
      expect([row, y.shape]).toEqual([row, row.size]);
      close(row, y, row.y);
      close(row, dx, row.dx);
    }
  },
);

/**
 * What PyTorch has not: dilated means, of opset 19, and sums of powers of what there is (PyTorch's lp_pool takes a window
 * at the end for a whole one).
 */
const others: readonly Row[] = [true, false, undefined].flatMap((count) =>
  [2, 3].flatMap((kernel) =>
    [1, 2, 4].flatMap((stride) =>
      [0, 1].map((pad) => ({
        ...rows[0]!,
        kind: count === undefined ? ("lp" as const) : ("average" as const),
        shape: [1, 2, 9],
        kernel: [kernel],
        strides: [stride],
        pads: [pad],
        dilations: [2],
        ...(count !== undefined && { count }),
      })),
    ),
  ),
);

test("imported files give ONNX Runtime's values", { timeout: 120_000 }, async () => {
  const runtime = nodeRuntime({ threads: 1 });
  for (const row of [...rows, ...others]) {
    const bytes = fileOf(row, 19);
    const x = xOf(row.shape);
    const session = await runtime.load(bytes);
    const { y: want } = await session.run({ x });
    await session.release();
    const model = importOnnx(bytes);
    const f = compile(runtime, ({ x }: Inputs<"x">) => ({ y: model.apply({ x }).y! }));
    const { y } = await f.run({ x });
    await f.release();
    expect([row, y.shape]).toEqual([row, want!.shape]);
    close(row, y, [...(want!.data as Float32Array)]);
  }
});
