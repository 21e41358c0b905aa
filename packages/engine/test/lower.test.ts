// From the graph to what a target runs.
import {
  add,
  conv,
  cpu,
  exp,
  Graph,
  gradient,
  lower,
  maxPool,
  mul,
  type OpDef,
  operators,
  reduceSum,
  reference,
  reshape,
  simplify,
  stopGradient,
  tensor,
  transpose,
} from "@reprise/engine";
import { describe, expect, it } from "vitest";

const ops = (graph: Graph): string[] => graph.nodes.map((node) => node.op);

describe("simplify", () => {
  it("drops nodes that no output needs", () => {
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [2]);
    exp(x);
    graph.output("y", mul(x, x));
    expect(ops(simplify(graph))).toEqual(["Mul"]);
  });

  it("keeps every input, used or not", () => {
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [2]);
    graph.input("unused", "int64", []);
    graph.output("y", exp(x));
    expect(simplify(graph).inputs.map(({ name }) => name)).toEqual(["x", "unused"]);
  });

  it("merges nodes of equal operator, inputs and attributes, and only those", () => {
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [2, 2]);
    graph.output("same", add(mul(exp(x), 2), mul(exp(x), 2)));
    expect(ops(simplify(graph))).toEqual(["Exp", "Mul", "Add"]);
    const other = new Graph(operators);
    const z = other.input("z", "float32", [2, 3]);
    other.output("a", reshape(z, [3, 2]));
    other.output("b", transpose(z));
    other.output("c", reshape(z, [6]));
    other.output("d", mul(z, 2));
    other.output("e", mul(z, 3));
    expect(ops(simplify(other))).toHaveLength(5);
  });

  it("keeps constants apart that differ in dtype, shape or sign of zero", () => {
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [1]);
    graph.output("a", mul(x, graph.constant(tensor("float32", [], [0]))));
    graph.output("b", mul(x, graph.constant(tensor("float32", [1], [0]))));
    graph.output("c", mul(x, graph.constant(tensor("float32", [], [-0]))));
    graph.output("d", mul(x, graph.constant(tensor("float32", [], [0]))));
    const simple = simplify(graph);
    expect(ops(simple)).toHaveLength(3);
    expect(simple.outputs.get("a")).toBe(simple.outputs.get("d"));
  });

  it("keeps the names of inputs, outputs and nodes", () => {
    const graph = new Graph(operators);
    const x = graph.input("image", "float32", [2]);
    graph.output("score", graph.add("Exp", [x], {}, "the exponential")[0]!);
    const simple = simplify(graph);
    expect(simple.nodes[0]!.name).toBe("the exponential");
    expect(simple.outputs.get("score")!.node).toBe(simple.nodes[0]);
  });
});

describe("lower", () => {
  function network(): Graph {
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [1, 2, 6, 6]);
    const w = graph.input("w", "float32", [3, 2, 3, 3]);
    const loss = reduceSum(maxPool(conv(x, w), { kernel: [2, 2] }));
    const [dx, dw] = gradient(loss, [x, w]);
    graph.output("dx", stopGradient(dx!));
    graph.output("dw", dw!);
    return graph;
  }

  it.each([cpu, reference])("leaves only ONNX operators for $name", (target) => {
    const lowered = lower(network(), target);
    for (const { op } of lowered.nodes) expect((lowered.operators[op] as OpDef).since, op).not.toBeNull();
  });

  it("turns float32 into float64 for reference: inputs, constants, casts; integers stay", () => {
    const lowered = lower(network(), reference);
    const types = [...lowered.inputs, ...lowered.nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs])];
    expect(new Set(types.flatMap((value) => (value ? [value.dtype] : [])))).toEqual(new Set(["float64", "int64"]));
  });

  it("changes nothing for cpu but what has a rule", () => {
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [1, 2, 6, 6]);
    graph.output("y", maxPool(x, { kernel: [2, 2] }));
    expect(ops(lower(graph, cpu))).toEqual(["MaxPool"]);
  });

  it("stores equal small constants once", () => {
    const graph = new Graph(operators);
    const x = graph.input("x", "float32", [2]);
    graph.output("y", add(mul(x, 2), 2));
    const [a, b] = lower(graph, cpu).nodes.map((node) => node.inputs[1]);
    expect(a).toBe(b);
  });
});
