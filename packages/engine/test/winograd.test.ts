// Convolutions by tiles: when, and with what result.
import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import {
  compile,
  conv,
  convInputGrad,
  convWeightGrad,
  Graph,
  type Inputs,
  lower,
  operators,
  type Runtime,
  type Shape,
  sizeOf,
  tensor,
  type Value,
  wasm,
} from "../src/index.ts";

// The WASM build's formulas on the native kernels: the operators are the same.
const tiled: Runtime = { ...nodeRuntime({ threads: 1 }), target: wasm, channelBlock: async () => 1 };
const reference = nodeRuntime({ target: "reference", threads: 1 });
const wave = (shape: Shape, phase: number) =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(0.7 * i + phase + 1e-3 * i * i));

type Arrays = Inputs<"x" | "w" | "b" | "g">;
const cases = [
  { name: "pad 1, whole tiles", x: [80, 16, 16, 12], K: 17, pads: [1, 1, 1, 1] },
  { name: "no padding, cut tiles", x: [80, 17, 15, 13], K: 16, pads: [0, 0, 0, 0] },
  { name: "uneven pads", x: [80, 16, 13, 14], K: 16, pads: [2, 0, 1, 2] },
  { name: "images smaller than a tile", x: [3000, 16, 3, 2], K: 16, pads: [1, 1, 1, 1] },
] as const;

test.each(cases)("a convolution and its gradients are those of the reference: $name", async ({ x, K, pads }) => {
  const [N, C, H, W] = x;
  const g = [N, K, H + pads[0] + pads[2] - 2, W + pads[1] + pads[3] - 2];
  const shapes = { x, w: [K, C, 3, 3], b: [K], g };
  const program = ({ x, w, b, g }: Arrays) => ({
    y: conv(x, w, b, { pads }),
    dx: convInputGrad(w, g, x.shape, { pads }),
    dw: convWeightGrad(x, g, w.shape, { pads }),
  });
  const inputs = (dtype: "float32" | "float64") =>
    Object.fromEntries(
      Object.entries(shapes).map(([name, shape], i) => [name, tensor(dtype, shape, wave(shape, i))]),
    ) as Record<keyof typeof shapes, ReturnType<typeof tensor>>;
  const got = await compile(tiled, program).run(inputs("float32"));
  const want = await compile(reference, program).run(inputs("float64"));
  for (const name of ["y", "dx", "dw"] as const) {
    expect(got[name].shape).toEqual(want[name].shape);
    let [scale, worst] = [0, 0];
    for (const [i, value] of (want[name].data as Float64Array).entries()) {
      scale = Math.max(scale, Math.abs(value));
      worst = Math.max(worst, Math.abs(value - Number(got[name].data[i])));
    }
    // The transforms' constants reach 5 along each axis: they cost a digit of float32's seven.
    expect(worst / scale).toBeLessThan(2e-5);
  }
});

test("where tiles do not fit or do not pay, convolutions stay as they are", () => {
  const names = (x: Shape, w: Shape, options: Parameters<typeof conv>[3], weights?: (graph: Graph) => Value) => {
    const graph = new Graph(operators);
    const W = weights?.(graph) ?? graph.input("w", "float32", w);
    graph.output("y", conv(graph.input("x", "float32", x), W, null, options));
    return lower(graph, wasm).nodes.map(({ op }) => op);
  };
  const x = [128, 16, 32, 32];
  const w = [16, 16, 3, 3];
  expect(names(x, w, { pads: [1, 1, 1, 1] })).toContain("ConvTranspose");
  const others = [
    names([1, 16, 32, 32], w, {}),
    names([128, 8, 32, 32], [16, 8, 3, 3], {}),
    names(x, [16, 16, 5, 5], {}),
    names(x, w, { strides: [2, 2] }),
    names(x, w, { dilations: [2, 2] }),
    names([128, 32, 32, 32], w, { group: 2 }),
    names(x, w, {}, (graph) => graph.constant(tensor("float32", w, wave(w, 0)))),
  ];
  for (const ops of others) expect(ops).toEqual(["Conv"]);
});

test("a convolution's image is transformed once for it and for dW", () => {
  const graph = new Graph(operators);
  const shape = [128, 16, 32, 32];
  const [x, g] = ["x", "g"].map((name) => graph.input(name, "float32", shape)) as [Value, Value];
  const w = graph.input("w", "float32", [16, 16, 3, 3]);
  graph.output("y", conv(x, w, null, { pads: [1, 1, 1, 1] }));
  graph.output("dw", convWeightGrad(x, g, w.shape, { pads: [1, 1, 1, 1] }));
  // Two for x, two for g.
  expect(lower(graph, wasm).nodes.filter(({ op }) => op === "Conv")).toHaveLength(4);
});
