// Convolutions in ONNX Runtime's blocked layout are those of the reference; what does not fit stays as it was.
import {
  compile,
  conv,
  cpu,
  Graph,
  gradient,
  type Inputs,
  inBlocks,
  lower,
  mul,
  operators,
  reduceSum,
  tensor,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { describe, expect, it } from "vitest";

const native = nodeRuntime({ threads: 1 });
const reference = nodeRuntime({ target: "reference", threads: 1 });
const wave = (length: number, phase: number) => Float32Array.from({ length }, (_, i) => Math.sin(0.7 * i * i + phase));
const ops = (graph: Graph) => graph.nodes.map(({ op }) => op);

const cases = {
  "3×3": { x: [2, 32, 32, 32], w: [48, 32, 3, 3], pads: [1, 1, 1, 1], strides: [1, 1], dilations: [1, 1] },
  "5×2, uneven pads, dilated": {
    x: [2, 16, 33, 36],
    w: [32, 16, 5, 2],
    pads: [2, 0, 1, 1],
    strides: [1, 1],
    dilations: [2, 1],
  },
  "stride 2": { x: [8, 16, 33, 32], w: [32, 16, 3, 3], pads: [1, 1, 1, 1], strides: [2, 2], dilations: [1, 1] },
  "three channels": { x: [2, 3, 36, 36], w: [16, 3, 3, 3], pads: [1, 1, 1, 1], strides: [1, 1], dilations: [1, 1] },
  "pointwise, many channels and few places": {
    x: [1, 512, 5, 4],
    w: [32, 512, 1, 1],
    pads: [0, 0, 0, 0],
    strides: [1, 1],
    dilations: [1, 1],
  },
  "pointwise, dX from many channels": {
    x: [1, 32, 5, 4],
    w: [512, 32, 1, 1],
    pads: [0, 0, 0, 0],
    strides: [1, 1],
    dilations: [1, 1],
  },
  "channels of no whole block": {
    x: [2, 20, 33, 33],
    w: [24, 20, 3, 3],
    pads: [1, 1, 1, 1],
    strides: [1, 1],
    dilations: [1, 1],
  },
} as const;

describe("a convolution and its gradients", () => {
  it.each(Object.entries(cases))("%s", async (_, { x: xShape, w: wShape, ...options }) => {
    const program = ({ x, w, b }: Inputs<"x" | "w" | "b">) => {
      const y = conv(x, w, b, options);
      const [dx, dw, db] = gradient(reduceSum(mul(y, y)), [x, w, b]);
      return { y, dx: dx!, dw: dw!, db: db! };
    };
    const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
    const data = { x: [xShape, 1], w: [wShape, 2], b: [[wShape[0]], 3] } as const;
    const inputs = (dtype: "float32" | "float64") =>
      Object.fromEntries(
        Object.entries(data).map(([name, [shape, phase]]) => [name, tensor(dtype, shape, wave(size(shape), phase))]),
      ) as Record<"x" | "w" | "b", ReturnType<typeof tensor>>;
    const fast = await compile(native, program).run(inputs("float32"));
    const slow = await compile(reference, program).run(inputs("float64"));
    for (const name of ["y", "dx", "dw", "db"] as const) {
      expect(fast[name].shape).toEqual(slow[name].shape);
      const got = fast[name].data as Float32Array;
      const want = slow[name].data as Float64Array;
      const scale = want.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      const worst = want.reduce((most, v, i) => Math.max(most, Math.abs(got[i]! - v) / scale), 0);
      expect(worst, name).toBeLessThan(1e-5); // float32, sums of up to 20,000 products
    }
  });
});

describe("inBlocks", () => {
  const network = (K: number) => {
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [2, 32, 32, 32]);
    const w = graph.input("w", "float32", [K, 32, 3, 3]);
    const y = conv(x, w, null, { pads: [1, 1] });
    const [dx] = gradient(reduceSum(mul(y, y)), [x]);
    graph.output("dx", dx!);
    return graph;
  };

  it("takes the layout's operators for whole blocks, forwards and for dX", () => {
    const names = ops(lower(network(32), inBlocks(cpu, 16)));
    expect(names.filter((name) => name === "com.microsoft.nchwc.Conv")).toHaveLength(2);
    expect(names).not.toContain("Conv");
  });

  it("leaves channels of no whole block, and machines without the layout, as they were", () => {
    expect(ops(lower(network(24), inBlocks(cpu, 16)))).toEqual(ops(lower(network(24), cpu)));
    expect(inBlocks(cpu, 1)).toBe(cpu);
  });
});

it("a machine's block is 1, or a power of two that the layout has", async () => {
  expect([1, 4, 8, 16]).toContain(await native.channelBlock());
  expect(await reference.channelBlock()).toBe(1);
});
