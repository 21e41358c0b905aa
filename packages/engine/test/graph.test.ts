import { add, Graph, operators, ShapeError } from "@reprise/engine";
import { expect, it } from "vitest";

const graph = () => new Graph(operators);

it("has one input and one output of a name", () => {
  const g = graph();
  const x = g.input("x", "float32", [2]);
  expect(() => g.input("x", "float32", [2])).toThrow(new Error('graph: two inputs are named "x"'));
  g.output("y", x);
  expect(() => g.output("y", x)).toThrow(new Error('graph: two outputs are named "y"'));
  expect(() => g.output("x", x)).toThrow(
    new Error('graph: output "x" has the name of an input; name one of them differently'),
  );
});

it("refuses values of another graph", () => {
  const [g, other] = [graph(), graph()];
  const x = g.input("x", "float32", [2]);
  const y = other.input("y", "float32", [2]);
  expect(() => add(x, y)).toThrow(new Error("Add: an input belongs to another graph"));
  expect(() => g.output("z", y)).toThrow(new Error('graph: output "z" belongs to another graph'));
});

it("names the operator and the node in what goes wrong", () => {
  const g = graph();
  const x = g.input("x", "float32", [2]);
  expect(() => g.add("Loop", [x])).toThrow(new Error("Loop: the engine has no operator of this name"));
  expect(() => g.add("Add", [x], {}, "residual")).toThrow(new ShapeError('Add "residual": 1 inputs given, 2 expected'));
  expect(() => g.add("Gemm", [x])).toThrow(new ShapeError("Gemm: 1 inputs given, 2 to 3 expected"));
});
