// The texts of errors that no other test meets.
import { describe, expect, test } from "vitest";
import { nodeWorkerRuntime } from "../src/index.node.ts";
import {
  add,
  concat,
  conv,
  gemm,
  gradient,
  importOnnx,
  LbfgsB,
  ModelError,
  maxPool,
  maxPoolGrad,
  reduceSum,
  tensor,
  where,
} from "../src/index.ts";
import { readModel } from "../src/onnx/schema.ts";
import { MessageWriter } from "../src/onnx/wire.ts";
import { branchProto, type HandmadeNode, handmade } from "./handmade.ts";
import { maker } from "./ops/row.ts";

const stored = (name: string, shape: readonly number[], values: readonly bigint[]): HandmadeNode => ({
  op: "Constant",
  outputs: [name],
  attributes: { value: tensor("int64", shape, values) },
});

describe("graphs", () => {
  test.each<readonly [string, (make: ReturnType<typeof maker>) => unknown, string]>([
    [
      "shapes that do not broadcast",
      ({ f }) => add(f(2, 3), f(4)),
      "Add: shapes [2, 3] and [4] do not broadcast: sizes 3 and 4 meet on axis -1; each pair must be equal or have a 1",
    ],
    ["two numbers", () => add(1, 2), "Add: one operand must be a value of a graph"],
    ["two numbers as branches", ({ b }) => where(b(2), 1, 2), "Where: one branch must be a value of a graph"],
    [
      "a product of matrices of three axes",
      ({ f }) => gemm(f(2, 3, 4), f(4, 5)),
      "Gemm: A is [2, 3, 4], B is [4, 5]; both must be matrices",
    ],
    [
      "a bias of another length",
      ({ f }) => conv(f(1, 2, 5), f(3, 2, 3), f(2)),
      "Conv: bias is [2]; weight [3, 2, 3] needs [3]",
    ],
    [
      "an unknown reduction",
      ({ graph, f, i }) => graph.add("ScatterElements", [f(3), i(3), f(3)], { axis: 0, reduction: "mul" }),
      'ScatterElements: reduction "mul" is not "none" or "add"',
    ],
    [
      "an unknown reduction at coordinates",
      ({ graph, f, i }) => graph.add("ScatterND", [f(3), i(1, 1), f(1)], { reduction: "min" }),
      'ScatterND: reduction "min" is not "none" or "add"',
    ],
    [
      "a gradient of pooling of another shape",
      ({ f }) => {
        const x = f(1, 1, 5);
        return maxPoolGrad(x, f(1, 1, 5), maxPool(x, { kernel: [2] }).node!.attrs);
      },
      "MaxPoolGrad: dY is [1, 1, 5]; pooling [1, 1, 5] gives [1, 1, 2]",
    ],
    [
      "a window that fits nowhere, rounded up",
      ({ f }) => maxPool(f(1, 1, 2), { kernel: [9], strides: [2], ceilMode: true }),
      "MaxPool: a window of 9 does not fit spatial axis 0, 2 with its pads",
    ],
    [
      "a letter that no input has",
      ({ graph, f }) => graph.add("Einsum", [f(2, 3)], { equation: "ij->ik" }),
      'Einsum: "k" in the result of "ij->ik" does not name an axis of any input',
    ],
    ["too few inputs", ({ graph, f }) => graph.add("Add", [f(2)]), "Add: 1 inputs given, 2 expected"],
    [
      "too many inputs",
      ({ graph, f }) => graph.add("Conv", Array(4).fill(f(1, 1, 3))),
      "Conv: 4 inputs given, 2 to 3 expected",
    ],
    [
      "the gradient of a normalisation in training, as a node of a file",
      ({ graph, f }) => {
        const x = f(2, 3);
        const attrs = { epsilon: 1e-5, training_mode: 1, momentum: 0.9 };
        return gradient(reduceSum(graph.add("BatchNormalization", [x, f(3), f(3), f(3), f(3)], attrs)[0]!), [x]);
      },
      "training mode is differentiated as BatchNormalizationTraining",
    ],
    [
      "the gradient of the largest sample of a region, as a node of a file",
      ({ graph, f, i }) => {
        const x = f(1, 1, 4, 4);
        const attrs = { mode: "max", output_height: 1, output_width: 1, sampling_ratio: 1, spatial_scale: 1 };
        return gradient(reduceSum(graph.add("RoiAlign", [x, f(1, 4), i(1)], attrs)[0]!), [x]);
      },
      'gradient: RoiAlign in mode "max" is differentiated as built by roiAlign',
    ],
    ["parts of other shapes", ({ f }) => concat([f(2, 3), f(3, 4)], 0), "Concat: inputs [2, 3], [3, 4]"],
  ])("%s", (_, misuse, message) => {
    expect(() => misuse(maker())).toThrow(message);
  });
});

describe("models", () => {
  const x = (make: ReturnType<typeof maker>) => make.graph.input("x", "float32", [3]);
  const apply = (bytes: Uint8Array) => importOnnx(bytes, { name: "m.onnx" }).apply({ x: x(maker()) });

  test.each<readonly [string, readonly HandmadeNode[], string]>([
    [
      "sizes for other axes",
      [stored("s", [2], [2n, 2n]), { op: "CenterCropPad", name: "c", inputs: ["x", "s"], outputs: ["y"] }],
      'm.onnx: operator "CenterCropPad" (node "c"): its shape has 2 sizes for 1 axes',
    ],
    [
      "an attribute that is a graph",
      [{ op: "Relu", name: "r", inputs: ["x"], outputs: ["y"], attributes: { odd: branchProto([], "x") } }],
      'm.onnx: operator "Relu" (node "r"): its attribute "odd" is a graph, which is not supported',
    ],
    [
      "a reference outside a function",
      [{ op: "Relu", name: "r", inputs: ["x"], outputs: ["y"], attributes: { odd: { reference: "a" } } }],
      'm.onnx: operator "Relu" (node "r"): its attribute "odd" is a reference, which is not supported',
    ],
    [
      "a cast to text",
      [{ op: "Cast", name: "c", inputs: ["x"], outputs: ["y"], attributes: { to: 8 } }],
      'm.onnx: operator "Cast" (node "c"): it casts to data type 8, which is not supported',
    ],
    [
      "a constant of text",
      [{ op: "Constant", name: "c", outputs: ["y"], attributes: { value_string: "a" } }],
      'm.onnx: operator "Constant" (node "c"): its constant is of a kind that is not supported',
    ],
    [
      "elements that cannot be divided",
      [stored("s", [2], [-1n, 2n]), { op: "Reshape", name: "r", inputs: ["x", "s"], outputs: ["y"] }],
      'm.onnx: operator "Reshape" (node "r"): [3] cannot become [-1, 2]',
    ],
    [
      "a shape from the input's numbers",
      [
        { op: "Cast", inputs: ["x"], outputs: ["s"], attributes: { to: 7 } },
        { op: "Expand", name: "e", inputs: ["x", "s"], outputs: ["y"] },
      ],
      'm.onnx: operator "Expand" (node "e"): its shape is computed at run time; only constant ones are supported',
    ],
    [
      "a value that nothing makes",
      [{ op: "Add", name: "a", inputs: ["x", "nowhere"], outputs: ["y"] }],
      'm.onnx: operator "Add" (node "a") reads "nowhere", which nothing before it makes: the graph has a cycle, is out of order or is cut off',
    ],
    [
      "a branch that is missing",
      [stored("c", [1], [1n]), { op: "If", name: "i", inputs: ["c"], outputs: ["y"] }],
      'm.onnx: operator "If" (node "i") has no branch',
    ],
    [
      "a branch that does not make its result",
      [
        stored("c", [1], [1n]),
        { op: "If", name: "i", inputs: ["c"], outputs: ["y"], attributes: { then_branch: branchProto([], "r") } },
      ],
      'm.onnx: operator "If" (node "i"): nothing makes "r", which its branch returns',
    ],
  ])("%s", (_, nodes, message) => {
    expect(() => apply(handmade(nodes))).toThrow(message);
  });

  test("no input, and another one", () => {
    const model = importOnnx(handmade([{ op: "Relu", inputs: ["x"], outputs: ["y"] }]), { name: "m.onnx" });
    expect(() => model.apply({})).toThrow("m.onnx: no input was given; it needs x");
    expect(() => model.apply({ image: x(maker()) })).toThrow('m.onnx: input "x" was not given; given were image');
  });
});

describe("bytes", () => {
  const graph = (field: number) =>
    new MessageWriter().int(1, 8).message(7, new MessageWriter().message(field, new MessageWriter()));

  test.each<readonly [string, Uint8Array, string]>([
    ["nothing", new Uint8Array(), "it holds no ONNX graph"],
    ["sparse weights", graph(15).finish(), "it has sparse initializers, which are not supported"],
    [
      "a number longer than 64 bits",
      Uint8Array.of(8, ...Array(11).fill(255), 1),
      "there is a number longer than 64 bits at byte",
    ],
    ["field 0", Uint8Array.of(0, 1), "there is a field of number 0 at byte"],
    ["an unknown kind", Uint8Array.of(15, 1), "there is a field of unknown kind 7 at byte"],
  ])("%s", (_, bytes, message) => {
    expect(() => readModel(bytes)).toThrow(ModelError);
    expect(() => readModel(bytes)).toThrow(message);
  });
});

test("a curvature of 0", () => {
  expect(() => new LbfgsB([1], undefined, { firstCurvature: 0 })).toThrow(
    "LbfgsB: firstCurvature is 0, expected above 0.",
  );
});

test("a value after the end", () => {
  const minimiser = new LbfgsB([1]);
  minimiser.tell(0, [0]);
  expect(minimiser.done).toBe(true);
  expect(() => minimiser.tell(0, [0])).toThrow("LbfgsB: tell after the minimiser is done. Read x, or call restart.");
});

test("a runtime that was released answers no call", async () => {
  const runtime = nodeWorkerRuntime({ threads: 1 });
  await runtime.release();
  await expect(runtime.load(new Uint8Array())).rejects.toThrow("runtime: it was released");
});
