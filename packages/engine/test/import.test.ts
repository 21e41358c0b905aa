import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import {
  add,
  clip,
  compile,
  conv,
  cpu,
  exportOnnx,
  gemm,
  gradient,
  type Inputs,
  importOnnx,
  lower,
  ModelError,
  maxPool,
  mul,
  reduceSum,
  relu,
  reshape,
  sigmoid,
  type Tensor,
  tensor,
  trace,
  type Value,
} from "../src/index.ts";
import { type HandmadeNode, handmade } from "./handmade.ts";

const runtime = nodeRuntime({ threads: 1 });
const wave = (shape: readonly number[], phase: number): Tensor<"float32"> =>
  tensor(
    "float32",
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1.3 * i + phase)),
  );

/** A small convolutional classifier with named constant weights, open batch dimension. */
function classifier(): Uint8Array {
  const graph = trace(
    ({ x }: { x: Parameters<typeof relu>[0] }) => {
      const weight = (name: string, shape: readonly number[], phase: number) =>
        x.graph.constant(wave(shape, phase), "float32", name);
      const h = maxPool(
        relu(conv(x, weight("conv.weight", [4, 2, 3, 3], 1), weight("conv.bias", [4], 2), { pads: [1, 1] })),
        { kernel: [2, 2] },
      );
      const logits = gemm(reshape(h, [-1, 4 * 3 * 3]), weight("fc.weight", [5, 36], 3), weight("fc.bias", [5], 4), {
        transB: true,
      });
      return { logits: sigmoid(logits) };
    },
    { x: { dtype: "float32", shape: [1, 2, 6, 6] } },
  );
  return exportOnnx(lower(graph, cpu), { dynamic: { x: ["N"], logits: ["N"] }, metadata: { seed: "7" } });
}

async function run(bytes: Uint8Array, x: Tensor): Promise<number[]> {
  const session = await runtime.load(bytes);
  const { logits } = await session.run({ x });
  await session.release();
  return Array.from(logits!.data as Float32Array);
}

test("a model that we export is imported with its names, weights and metadata, and gives the same numbers", async () => {
  const bytes = classifier();
  const model = importOnnx(bytes, { name: "m.onnx" });
  expect(model.inputs).toEqual([{ name: "x", dtype: "float32", shape: ["N", 2, 6, 6] }]);
  expect(model.outputs.map(({ name }) => name)).toEqual(["logits"]);
  expect(model.metadata.get("seed")).toBe("7");
  expect([...model.initializers.keys()]).toEqual(
    expect.arrayContaining(["conv.weight", "conv.bias", "fc.weight", "fc.bias"]),
  );
  expect(model.unknown).toEqual([]);
  const x = wave([1, 2, 6, 6], 0.1);
  const again = compile(runtime, ({ x }: { x: Parameters<typeof relu>[0] }) => model.apply({ x }));
  const { logits } = await again.run({ x });
  const direct = await run(bytes, x);
  expect(Array.from(logits!.data as Float32Array)).toEqual(direct.map((v) => expect.closeTo(v, 6)));
});

test("an imported model is differentiated in its input, and in weights that are given as values", async () => {
  const model = importOnnx(classifier());
  const f = compile(runtime, ({ x, w }: Record<"x" | "w", Parameters<typeof relu>[0]>) => {
    const { logits } = model.apply({ x }, { "fc.weight": w });
    const loss = reduceSum(mul(logits!, logits!));
    const [dx, dw] = gradient(loss, [x, w]);
    return { loss, dx: dx!, dw: dw! };
  });
  const x = wave([1, 2, 6, 6], 0.1);
  const w = wave([5, 36], 3);
  const { loss, dx, dw } = await f.run({ x, w });
  for (const [input, d] of [
    [x, dx],
    [w, dw],
  ] as const) {
    const at = 13;
    const moved = tensor("float32", input.shape, input.data.slice());
    moved.data[at] = moved.data[at]! + 1e-2;
    const after = await f.run(input === x ? { x: moved, w } : { x, w: moved });
    // float32 and a one-sided difference: two digits are what can be asked.
    expect(Number(d.data[at]) * 1e-2).toBeCloseTo(Number(after.loss.data[0]) - Number(loss.data[0]), 3);
  }
});

test("an input of another shape is refused with the file's, the input's and both types' names", () => {
  const model = importOnnx(classifier(), { name: "m.onnx" });
  expect(() =>
    trace((v: Record<"x", Parameters<typeof relu>[0]>) => model.apply(v), {
      x: { dtype: "float32", shape: [2, 3, 6, 6] },
    }),
  ).toThrow('m.onnx: input "x" was given as float32 [2, 3, 6, 6]; the model takes float32 [N, 2, 6, 6]');
});

test.each([
  ["an empty file", (b: Uint8Array) => b.subarray(0, 0)],
  ["text", () => new TextEncoder().encode("<!doctype html><title>404</title>")],
  ["a file cut in the middle", (b: Uint8Array) => b.subarray(0, b.length >> 1)],
  ["a file cut at its last byte", (b: Uint8Array) => b.subarray(0, b.length - 1)],
])("%s is refused as a model, by name", (_, spoil) => {
  expect(() => importOnnx(spoil(classifier()), { name: "m.onnx" })).toThrow(
    /^m\.onnx: not a readable ONNX model: .+\. Export or download the file again\.$/,
  );
});

test("no cut of a model crashes the reader otherwise, hangs it, or passes for whole", () => {
  const bytes = classifier();
  for (let length = 0; length < bytes.length; length += 7) {
    expect(() => importOnnx(bytes.subarray(0, length)), `${length} of ${bytes.length} bytes`).toThrow(ModelError);
  }
});

test("random damage gives a model or a ModelError, nothing else", () => {
  const bytes = classifier();
  let seed = 1;
  for (let round = 0; round < 500; round++) {
    const damaged = bytes.slice();
    for (let i = 0; i < 3; i++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      damaged[seed % damaged.length] = (seed >>> 13) & 255;
    }
    try {
      importOnnx(damaged);
    } catch (error) {
      expect(error).toBeInstanceOf(ModelError);
    }
  }
});

const applyTo = (bytes: Uint8Array) =>
  trace((v: Record<"x", Parameters<typeof relu>[0]>) => importOnnx(bytes, { name: "m.onnx" }).apply(v), {
    x: { dtype: "float32", shape: [3] },
  });

test("an operator we do not know is named with its node", () => {
  const bytes = handmade([{ op: "Loop", name: "loop_12", inputs: ["x"], outputs: ["y"] }]);
  expect(importOnnx(bytes).unknown).toEqual([{ op: "Loop", node: "loop_12" }]);
  expect(() => applyTo(bytes)).toThrow(
    'm.onnx: operator "Loop" (node "loop_12") is not supported for gradients. The model can still be run, or attacked without gradients.',
  );
});

test("a graph with a cycle, and one out of order, say which node reads what is not there", () => {
  const cycle = handmade([
    { op: "Add", name: "a", inputs: ["x", "v"], outputs: ["u"] },
    { op: "Relu", name: "b", inputs: ["u"], outputs: ["v"] },
    { op: "Relu", name: "c", inputs: ["v"], outputs: ["y"] },
  ]);
  expect(() => applyTo(cycle)).toThrow(
    'm.onnx: operator "Add" (node "a") reads "v", which nothing before it makes: the graph has a cycle, is out of order or is cut off',
  );
});

test("an output that nothing makes, a name made twice, and a future opset are refused", () => {
  expect(() => applyTo(handmade([{ op: "Relu", inputs: ["x"], outputs: ["z"] }]))).toThrow(
    'm.onnx: nothing makes its output "y"',
  );
  const twice = handmade([
    { op: "Relu", name: "a", inputs: ["x"], outputs: ["y"] },
    { op: "Relu", name: "b", inputs: ["x"], outputs: ["y"] },
  ]);
  expect(() => applyTo(twice)).toThrow('m.onnx: operator "Relu" (node "b") makes "y" a second time');
  expect(() => applyTo(handmade([], { opset: 99 }))).toThrow(
    "m.onnx: it uses opset 99; opsets 1 to 25 of ai.onnx are read for gradients.",
  );
});

test.each<[string, HandmadeNode]>([
  [
    "an attribute of another kind",
    { op: "Squeeze", name: "n", inputs: ["x"], outputs: ["y"], attributes: { axes: 1 } },
  ],
  ["no inputs", { op: "Pad", name: "n", outputs: ["y"] }],
  ["a missing attribute", { op: "Einsum", name: "n", inputs: ["x"], outputs: ["y"] }],
])("a node with %s is named", (_, node) => {
  expect(() => applyTo(handmade([node]))).toThrow(
    `m.onnx: operator "${node.op}" (node "n") has inputs or attributes in a form that is not known here; the file is damaged, or of an unusual exporter`,
  );
});

const listed = (name: string, numbers: readonly number[]): HandmadeNode => ({
  op: "Constant",
  outputs: [name],
  attributes: { value: tensor("int64", [numbers.length], numbers.map(BigInt)) },
});
test.each<[string, string, readonly number[]]>([
  ["axis 0 of [3] is not 1, and cannot go", "Squeeze", [0]],
  ["its axes 1, -2 name one twice", "Unsqueeze", [1, -2]],
  ["its shape [-1, -1] has more than one −1", "Reshape", [-1, -1]],
  ["its shape takes size 2 from [3], which has no such axis", "Reshape", [3, 1, 0]],
  ["[3] cannot become [2, -1]", "Reshape", [2, -1]],
  ["its repeats [1, 2] are not one for each axis of [3]", "Tile", [1, 2]],
  ["it repeats axis 0, which has no elements", "Pad", [-3, 1]],
])("%s", (message, op, numbers) => {
  const attributes = op === "Pad" ? { mode: "wrap" } : {};
  const node = { op, name: "n", inputs: ["x", "list"], outputs: ["y"], attributes };
  expect(() => applyTo(handmade([listed("list", numbers), node], { opset: 19 }))).toThrow(
    `m.onnx: operator "${op}" (node "n"): ${message}`,
  );
});
test.each(["DepthToSpace", "SpaceToDepth"])("%s of an array that does not hold its blocks", (op) => {
  const node = { op, name: "n", inputs: ["x"], outputs: ["y"], attributes: { blocksize: 2 } };
  expect(() => applyTo(handmade([node]))).toThrow(`operator "${op}" (node "n"): blocks of 2 × 2 do not fit [3]`);
});

test("an operator of another domain with a name we know is not taken for ours", () => {
  expect(() =>
    applyTo(handmade([{ op: "Relu", name: "r", inputs: ["x"], outputs: ["y"], domain: "com.example" }])),
  ).toThrow('operator "com.example.Relu" (node "r") is not supported');
});

test("two graphs of one model do not share state", async () => {
  const model = importOnnx(classifier());
  const f = compile(runtime, ({ x }: { x: Parameters<typeof relu>[0] }) => {
    const { logits } = model.apply({ x });
    return { twice: add(logits!, model.apply({ x: mul(x, 1) }).logits!) };
  });
  const x = wave([2, 2, 6, 6], 0.4);
  const { twice } = await f.run({ x });
  expect(twice.data.length).toBe(10);
  expect(twice.data.every((v) => Number.isFinite(Number(v)))).toBe(true);
});

/** dx of Σ y for an imported model of y, at each x. */
async function derivatives(f: (x: Value) => Value, points: readonly number[]): Promise<number[]> {
  const shape = [points.length, 1, 1, 1];
  const graph = trace(({ x }: Inputs<"x">) => ({ y: f(x) }), { x: { dtype: "float32", shape } });
  const model = importOnnx(exportOnnx(lower(graph, cpu)), { name: "limits.onnx" });
  const program = compile(runtime, ({ x }: Inputs<"x">) => ({
    dx: gradient(reduceSum(model.apply({ x }).y!), [x])[0]!,
  }));
  const { dx } = await program.run({ x: tensor("float32", shape, points) });
  await program.release();
  return Array.from(dx.data as Float32Array);
}

test("Clip after a convolution is ReLU6, elsewhere torch.clamp: they differ at the limits", async () => {
  const points = [-1, 0, 3, 6, 7];
  const own = (x: Value) => conv(x, x.graph.constant(tensor("float32", [1, 1, 1, 1], [1])), null);
  const relu6 = (x: Value) => clip(x, { min: 0, max: 6 });
  expect(await derivatives((x) => relu6(own(x)), points)).toEqual([0, 0, 1, 0, 0]);
  expect(await derivatives((x) => relu6(add(own(x), 0)), points)).toEqual([0, 0, 1, 0, 0]);
  expect(await derivatives(relu6, points)).toEqual([0, 1, 1, 1, 0]);
  expect(await derivatives((x) => clip(own(x), { min: -1, max: 6 }), points)).toEqual([1, 1, 1, 1, 0]);
});
