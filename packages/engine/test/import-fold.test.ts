// Constants that the importer computes are what ONNX Runtime computes, for every operator that is folded and every dtype.
import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import { type Attrs, cpu, type DType, exportOnnx, Graph, lower, operators, type Tensor, tensor } from "../src/index.ts";
import { foldConstant, foldedOperators } from "../src/onnx/fold.ts";

const runtime = nodeRuntime({ threads: 1 });
const dtypes: readonly DType[] = ["float32", "float64", "int8", "uint8", "int32", "int64", "bool"];
const floats: readonly DType[] = ["float32", "float64"];
const numeric = dtypes.filter((dtype) => dtype !== "bool");
const whole = numeric.filter((dtype) => !floats.includes(dtype));

/** Numbers near the limits of each dtype, of every sign, with halves and many digits for floats. */
const samples: Readonly<Record<DType, readonly (number | bigint)[]>> = {
  float32: [0.1, -2.5, 3.5, -7.25, 16777217, 1 / 3, -0, Number.POSITIVE_INFINITY],
  float64: [0.1, -2.5, 3.5, -7.25, 2 ** 53 + 2, 1 / 3, -0, Number.POSITIVE_INFINITY],
  int8: [127, -128, -7, 7, 100, -3, 5, 2],
  uint8: [255, 0, 250, 7, 100, 3, 5, 2],
  int32: [2 ** 31 - 1, -(2 ** 31), -7, 7, 65536, -3, 123456789, 2],
  int64: [2n ** 63n - 1n, -(2n ** 63n), -7n, 7n, 2n ** 53n + 1n, -3n, 1234567890123456789n, 2n],
  bool: [1, 0, 1, 0, 1, 1, 0, 0],
};
/** Divisors: not 0. */
const others: Readonly<Record<DType, readonly (number | bigint)[]>> = {
  float32: [3, 3.1, -2, 0.7, 5, 1 / 7, -4, 1.5],
  float64: [3, 3.1, -2, 0.7, 5, 1 / 7, -4, 1.5],
  int8: [3, 3, 3, -3, 5, 2, -4, 7],
  uint8: [3, 3, 7, 10, 200, 2, 4, 7],
  int32: [3, 3, 3, -3, 65536, 2, -4, 7],
  int64: [3n, 3n, 3n, -3n, 5n, 2n, -4n, 7n],
  bool: [1, 1, 0, 0, 1, 0, 1, 0],
};
const of = (from: Readonly<Record<DType, readonly (number | bigint)[]>>, dtype: DType, shape = [8]): Tensor =>
  tensor(dtype, shape, from[dtype]);
const two = (dtype: DType): Tensor[] => [of(samples, dtype), of(others, dtype)];
const one = (dtype: DType): Tensor[] => [of(samples, dtype)];
const square = (dtype: DType): Tensor[] => [of(samples, dtype, [2, 2, 2])];

type Case = readonly [on: readonly DType[], inputs: (dtype: DType) => readonly Tensor[], attrs?: Attrs];
const small = (dtype: DType): Tensor =>
  tensor(dtype, [8], dtype === "int64" ? [0n, 1n, 2n, 3n, 4n, 2n, 1n, 3n] : [0, 1, 2, 3, 4, 2, 1, 3]);

const cases: Readonly<Record<string, readonly Case[]>> = {
  ...Object.fromEntries(["Add", "Sub", "Mul", "Div", "Min", "Max"].map((op) => [op, [[numeric, two]]])),
  Mod: [
    [whole, two, { fmod: 0 }],
    [whole, two, { fmod: 1 }],
    [floats, two, { fmod: 1 }],
  ],
  Pow: [[numeric, (dtype) => [small(dtype), small(dtype)]]],
  ...Object.fromEntries(["And", "Or", "Xor"].map((op) => [op, [[["bool"], two]]])),
  ...Object.fromEntries(
    ["Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"].map((op) => [
      op,
      [[op === "Equal" ? dtypes : numeric, two]],
    ]),
  ),
  Not: [[["bool"], one]],
  Neg: [[numeric, one]],
  Abs: [[numeric, one]],
  Sqrt: [[floats, (dtype) => [of(others, dtype)]]],
  Floor: [[floats, one]],
  Ceil: [[floats, one]],
  Round: [[floats, one]],
  Cast: dtypes.map((to): Case => [dtypes, one, { to }]),
  ...Object.fromEntries(
    ["ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin"].map((op) => [
      op,
      [
        [numeric, square, { axes: [1], keepdims: 0 }],
        [numeric, (dtype) => [{ ...small(dtype), shape: [2, 4] } as Tensor], { axes: [1], keepdims: 0 }],
        [numeric, square, { axes: [0, 2], keepdims: 1 }],
      ],
    ]),
  ),
  Identity: [[dtypes, one]],
  Reshape: [[dtypes, one, { shape: [4, 2] }]],
  Flatten: [[dtypes, square, { axis: 2 }]],
  Split: [[dtypes, one, { split: [3, 5], axis: 0 }]],
  Expand: [[dtypes, (dtype) => [of(samples, dtype, [4, 1, 2])], { shape: [4, 3, 2] }]],
  Where: [[dtypes, (dtype) => [of(samples, "bool"), ...two(dtype)]]],
  Concat: [[dtypes, (dtype) => [of(samples, dtype, [2, 4]), of(others, dtype, [2, 4])], { axis: 1 }]],
  Gather: [[dtypes, (dtype) => [of(samples, dtype, [2, 4]), tensor("int64", [2], [-1n, 1n])], { axis: 1 }]],
  Slice: [[dtypes, (dtype) => [of(samples, dtype, [2, 4])], { starts: [3], ends: [-5], axes: [1], steps: [-2] }]],
  Transpose: [[dtypes, square, { perm: [2, 0, 1] }]],
};

/** What ONNX Runtime gives; undefined where it has no kernel for the dtype. */
async function byKernel(graph: Graph): Promise<Readonly<Record<string, Tensor>> | undefined> {
  try {
    const session = await runtime.load(exportOnnx(lower(graph, cpu)));
    const results = await session.run({});
    await session.release();
    return results;
  } catch (error) {
    if (/NOT_IMPLEMENTED|Type Error|not implemented|find an implementation/i.test((error as Error).message))
      return undefined;
    throw error;
  }
}

test("every operator that is folded has its cases", () => {
  expect(Object.keys(cases).sort()).toEqual([...foldedOperators].sort());
});

test.each(Object.entries(cases))("%s", { timeout: 60_000 }, async (op, variants) => {
  let compared = 0;
  for (const [on, inputs, attrs = {}] of variants) {
    for (const dtype of on) {
      const graph = new Graph(operators);
      const outputs = graph.add(
        op,
        inputs(dtype).map((x) => graph.constant(x)),
        attrs,
      );
      for (const [i, output] of outputs.entries()) graph.output(`y${i}`, output);
      const wanted = await byKernel(graph);
      for (const [i, output] of outputs.entries()) {
        const folded = foldConstant(output);
        if (!folded || !wanted) continue;
        const label = `${op} ${dtype} ${JSON.stringify(attrs)}`;
        expect([label, folded.dtype, folded.shape, Array.from(folded.data as ArrayLike<unknown>)]).toEqual([
          label,
          wanted[`y${i}`]!.dtype,
          [...wanted[`y${i}`]!.shape],
          Array.from(wanted[`y${i}`]!.data as ArrayLike<unknown>),
        ]);
        compared++;
      }
    }
  }
  expect(compared).toBeGreaterThan(0);
});

test.each([
  ["a division by 0", "Div", tensor("int64", [1], [7n]), tensor("int64", [1], [0n]), {}],
  ["a rest by 0", "Mod", tensor("int32", [1], [7]), tensor("int32", [1], [0]), { fmod: 0 }],
  ["the lowest integer over −1", "Div", tensor("int32", [1], [-(2 ** 31)]), tensor("int32", [1], [-1]), {}],
  ["the larger of NaN", "Max", tensor("float32", [1], [Number.NaN]), tensor("float32", [1], [1]), {}],
  ["a power of floats", "Pow", tensor("float32", [1], [1.1]), tensor("float32", [1], [7.3]), {}],
])("%s is left to the kernel", (_, op, a, b, attrs) => {
  const graph = new Graph(operators);
  expect(foldConstant(graph.add(op, [graph.constant(a), graph.constant(b)], attrs)[0]!)).toBeUndefined();
});

test.each([
  ["beyond the range", tensor("float32", [1], [3e9]), "int32"],
  ["NaN", tensor("float32", [1], [Number.NaN]), "int64"],
  ["that would be rounded twice", tensor("int64", [1], [2n ** 60n + 1n]), "float32"],
] as const)("a cast of a number %s is left to the kernel", (_, x, to) => {
  const graph = new Graph(operators);
  expect(foldConstant(graph.add("Cast", [graph.constant(x)], { to })[0]!)).toBeUndefined();
});
