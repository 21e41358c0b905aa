// Operators that a model defines itself are what ONNX Runtime makes of them, and have gradients.
import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import { compile, gradient, type Inputs, importOnnx, reduceSum, tensor, trace, type Value } from "../src/index.ts";
import { branchProto, type HandmadeFunction, handmade } from "./handmade.ts";

const runtime = nodeRuntime({ threads: 1 });
const x = tensor("float32", [3], [2, 0.5, -1]);

/** y of our import and its gradient, beside ONNX Runtime's y of the file. */
async function both(bytes: Uint8Array) {
  const session = await runtime.load(bytes);
  const want = (await session.run({ x })).y!;
  await session.release();
  return { ...(await ours(bytes)), want: [...(want.data as Float32Array)] };
}

async function ours(bytes: Uint8Array) {
  const model = importOnnx(bytes, { name: "m.onnx" });
  const f = compile(runtime, ({ x }: Inputs<"x">) => {
    const { y } = model.apply({ x }) as { y: Value };
    return { y, dx: gradient(reduceSum(y), [x])[0]! };
  });
  const { y, dx } = await f.run({ x });
  await f.release();
  return {
    y: [...(y.data as Float32Array)],
    dx: [...(dx.data as Float32Array)],
  };
}
const read = (bytes: Uint8Array) =>
  trace((v: Inputs<"x">) => importOnnx(bytes, { name: "m.onnx" }).apply(v), { x: { dtype: "float32", shape: [3] } });

const square: HandmadeFunction = {
  name: "Square",
  domain: "own",
  inputs: ["a"],
  outputs: ["b"],
  nodes: [{ op: "Mul", inputs: ["a", "a"], outputs: ["b"] }],
};
/** Calls the other one, and names its values as the caller does. */
const fourth: HandmadeFunction = {
  name: "Fourth",
  domain: "own",
  inputs: ["y"],
  outputs: ["x"],
  nodes: [
    { op: "Square", domain: "own", inputs: ["y"], outputs: ["t"] },
    { op: "Square", domain: "own", inputs: ["t"], outputs: ["x"] },
  ],
};

test("a function in a function, whose names are its own", async () => {
  const nodes = [{ op: "Fourth", domain: "own", inputs: ["x"], outputs: ["y"] }];
  const { y, want, dx } = await both(handmade(nodes, { functions: [square, fourth] }));
  expect(y).toEqual(want);
  expect(y).toEqual([16, 0.0625, 1]);
  expect(dx).toEqual([32, 0.5, -4]); // 4x³
});

const summed: HandmadeFunction = {
  name: "Total",
  domain: "own",
  inputs: ["a"],
  outputs: ["b"],
  attributes: ["keep"],
  // Opset 11: the axes of ReduceSum are an attribute there.
  opset: 11,
  nodes: [
    { op: "ReduceSum", inputs: ["a"], outputs: ["s"], attributes: { axes: [0], keepdims: { reference: "keep" } } },
    { op: "Mul", inputs: ["a", "s"], outputs: ["b"] },
  ],
};

test("attributes of the call, and an opset of the function's own", async () => {
  const nodes = [{ op: "Total", domain: "own", inputs: ["x"], outputs: ["y"], attributes: { keep: 1 } }];
  // ONNX Runtime 1.30 reads functions by the model's opset, so it is asked with that of the function.
  const { y } = await ours(handmade(nodes, { functions: [summed] }));
  const { want } = await both(handmade(nodes, { functions: [summed], opset: 11 }));
  expect(y).toEqual(want);
  expect(y).toEqual([3, 0.75, -1.5]);
});

test("a default that the call leaves out, and one that it gives", async () => {
  const shaped: HandmadeFunction = {
    name: "Softened",
    domain: "own",
    inputs: ["a"],
    outputs: ["b"],
    defaults: { upwards: 1 },
    nodes: [
      { op: "Constant", outputs: ["n"], attributes: { value_int: { reference: "upwards" } } },
      { op: "Cast", inputs: ["n"], outputs: ["f"], attributes: { to: 1 } },
      { op: "Mul", inputs: ["a", "f"], outputs: ["b"] },
    ],
  };
  const nodes = [
    { op: "Softened", domain: "own", inputs: ["x"], outputs: ["t"] },
    { op: "Softened", domain: "own", inputs: ["t"], outputs: ["y"], attributes: { upwards: 3 } },
  ];
  const { y, want, dx } = await both(handmade(nodes, { functions: [shaped] }));
  expect(y).toEqual(want);
  expect(dx).toEqual([3, 3, 3]);
});

test("a reference inside the branch of an If", async () => {
  const branch = (op: string) => branchProto([{ op, inputs: ["a"], outputs: ["r"] }], "r");
  const choosing: HandmadeFunction = {
    name: "Choosing",
    domain: "own",
    inputs: ["a"],
    outputs: ["b"],
    attributes: ["yes"],
    nodes: [
      { op: "Constant", outputs: ["n"], attributes: { value_int: { reference: "yes" } } },
      { op: "Cast", inputs: ["n"], outputs: ["c"], attributes: { to: 9 } },
      {
        op: "If",
        inputs: ["c"],
        outputs: ["b"],
        attributes: { then_branch: branch("Neg"), else_branch: branch("Abs") },
      },
    ],
  };
  const nodes = [{ op: "Choosing", domain: "own", inputs: ["x"], outputs: ["y"], attributes: { yes: 0 } }];
  const { y, want } = await both(handmade(nodes, { functions: [choosing] }));
  expect(y).toEqual(want);
  expect(y).toEqual([2, 0.5, 1]);
});

test("what a function calls and we do not know is named", () => {
  const odd: HandmadeFunction = { ...square, nodes: [{ op: "Det", name: "d", inputs: ["a"], outputs: ["b"] }] };
  const nodes = [{ op: "Square", domain: "own", name: "s", inputs: ["x"], outputs: ["y"] }];
  const bytes = handmade(nodes, { functions: [odd] });
  expect(importOnnx(bytes).unknown).toEqual([{ op: "Det", node: "d" }]);
  expect(() => read(bytes)).toThrow(
    'm.onnx: operator "Det" (node "d") is not supported for gradients. The model can still be run, or attacked without gradients.',
  );
});

test("an output that the function does not make", () => {
  const empty: HandmadeFunction = { ...square, outputs: ["nowhere"] };
  const nodes = [{ op: "Square", domain: "own", name: "s", inputs: ["x"], outputs: ["y"] }];
  expect(() => read(handmade(nodes, { functions: [empty] }))).toThrow(
    'm.onnx: operator "own.Square" (node "s"): nothing in its function makes "nowhere"',
  );
});

test("functions that call themselves, and chains of calls that would be millions of nodes, end in an error", () => {
  const endless: HandmadeFunction = {
    ...square,
    nodes: [{ op: "Square", domain: "own", inputs: ["a"], outputs: ["b"] }],
  };
  const call = [{ op: "Square", domain: "own", name: "s", inputs: ["x"], outputs: ["y"] }];
  expect(() => read(handmade(call, { functions: [endless] }))).toThrow(
    "its functions call each other without end, or are too many",
  );
  const doubling = Array.from(
    { length: 30 },
    (_, i): HandmadeFunction => ({
      ...square,
      name: `F${i}`,
      nodes: [
        { op: i === 29 ? "Neg" : `F${i + 1}`, domain: i === 29 ? "" : "own", inputs: ["a"], outputs: ["t"] },
        { op: i === 29 ? "Neg" : `F${i + 1}`, domain: i === 29 ? "" : "own", inputs: ["t"], outputs: ["b"] },
      ],
    }),
  );
  // Every name is free, so nothing but their number stops them; a graph of 2³⁰ nodes would take seconds and a gigabyte.
  const many = handmade([{ op: "F0", domain: "own", name: "f", inputs: ["x"], outputs: ["y"] }], {
    functions: doubling,
  });
  expect(() => read(many)).toThrow("its functions call each other without end, or are too many");
});

test("a model without operators of ai.onnx", () => {
  const nodes = [{ op: "Scaler", domain: "ai.onnx.ml", inputs: ["x"], outputs: ["y"] }];
  expect(() => importOnnx(handmade(nodes, { domain: "ai.onnx.ml", opset: 1 }), { name: "m.onnx" })).toThrow(
    'm.onnx: it has no operators of ai.onnx (its domains: "ai.onnx.ml"), and only those have gradients. The model can still be run, or attacked without gradients.',
  );
});

test("Swish, of opset 24", async () => {
  const bytes = handmade([{ op: "Swish", inputs: ["x"], outputs: ["y"] }], { opset: 24 });
  const model = importOnnx(bytes);
  const f = compile(runtime, ({ x }: Inputs<"x">) => ({ y: model.apply({ x }).y! }));
  const { y } = await f.run({ x });
  for (const [i, value] of [2, 0.5, -1].entries()) {
    expect((y.data as Float32Array)[i]).toBeCloseTo(value / (1 + Math.exp(-value)), 6);
  }
});
