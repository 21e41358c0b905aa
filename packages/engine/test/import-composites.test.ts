// Operators of files that become several of ours, where ONNX's own cases do not reach.
import {
  cast,
  compile,
  dequantizeLinear,
  Graph,
  gradient,
  type Inputs,
  mul,
  operators,
  quantizeLinear,
  reduceSum,
  roiAlign,
  tensor,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { describe, expect, it } from "vitest";
import { compositeRules } from "../src/onnx/import-composites.ts";

const runtime = nodeRuntime({ threads: 1 });

describe("what has no gradient says so", () => {
  it("RoiAlign with a number of samples that depends on the boxes", () => {
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [1, 1, 4, 4]);
    const y = roiAlign(x, graph.input("boxes", "float32", [1, 4]), graph.input("batch", "int64", [1]), {
      outputSize: 2,
      samplingRatio: 0,
    });
    expect(() => gradient(reduceSum(y), [x])).toThrow(
      "gradient: RoiAlign with sampling_ratio 0 takes a number of samples that depends on the boxes; give it, e.g. samplingRatio: 2",
    );
  });
});

it("a cast to integers and back has no gradient, quantisation and back has", async () => {
  const program = compile(runtime, ({ x }: Inputs<"x">) => {
    const scale = x.graph.constant(0.5);
    const zero = x.graph.constant(tensor("int8", [], [0]));
    const cut = cast(cast(x, "int8"), "float32");
    const through = dequantizeLinear(quantizeLinear(x, scale, zero), scale, zero);
    const [a] = gradient(reduceSum(mul(cut, x)), [x]);
    const [b] = gradient(reduceSum(through), [x]);
    return { a: a!, b: b! };
  });
  const { a, b } = await program.run({ x: tensor("float32", [3], [1.7, -2.2, 100]) });
  expect([...a.data]).toEqual([1, -2, 100]);
  expect([...b.data]).toEqual([1, 1, 0]);
  await program.release();
});

it("GroupNormalization takes scale and bias per group, as before opset 21, and per channel", async () => {
  const norm = (size: number) =>
    compile(runtime, ({ x, scale, bias }: Inputs<"x" | "scale" | "bias">) => ({
      y: compositeRules.GroupNormalization!({
        graph: x.graph,
        node: {
          op: "GroupNormalization",
          domain: "",
          name: "",
          inputs: [],
          outputs: [],
          attributes: new Map<string, number>([
            ["num_groups", 2],
            ["epsilon", 0],
          ]),
        },
        inputs: [x, scale, bias],
        opset: size === 2 ? 18 : 21,
        name: "",
      }) as typeof x,
    }));
  const x = tensor("float32", [1, 4, 1], [1, 3, 10, 30]);
  const perGroup = await norm(2).run({
    x,
    scale: tensor("float32", [2], [1, 2]),
    bias: tensor("float32", [2], [0, 5]),
  });
  const perChannel = await norm(4).run({
    x,
    scale: tensor("float32", [4], [1, 1, 2, 2]),
    bias: tensor("float32", [4], [0, 0, 5, 5]),
  });
  expect(Array.from(perGroup.y.data as Float32Array, Math.round)).toEqual([-1, 1, 3, 7]);
  expect(Array.from(perChannel.y.data as Float32Array, Math.round)).toEqual([-1, 1, 3, 7]);
});
