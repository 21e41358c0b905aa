// The reverse sweep itself; the rules of single operators are in ops.test.ts.
import {
  add,
  argMax,
  cast,
  compile,
  conv,
  exp,
  Graph,
  gather,
  gradient,
  type Inputs,
  matMul,
  mul,
  operators,
  reduceSum,
  relu,
  reshape,
  ShapeError,
  sigmoid,
  softmaxCrossEntropy,
  split,
  stopGradient,
  sub,
  tensor,
  trace,
  type Value,
} from "@reprise/engine";
import { nodeRuntime } from "@reprise/engine/node";
import { describe, expect, it } from "vitest";

const cpu = nodeRuntime({ threads: 1 });
const float64 = nodeRuntime({ target: "reference", threads: 1 });
const graph = () => new Graph(operators);

/** The gradient of f at the number x. */
async function derivative(f: (x: Value) => Value, x: number): Promise<number> {
  const program = compile(float64, ({ x }: Inputs<"x">) => ({ dx: gradient(f(x), [x])[0]! }));
  const { dx } = await program.run({ x: tensor("float64", [], [x]) });
  await program.release();
  return Number(dx.data[0]);
}

describe("gradient", () => {
  it("gives zeros, in their shape, for what the result does not depend on", async () => {
    const program = compile(cpu, ({ x, unused }: Inputs<"x" | "unused">) => {
      const [dx, none] = gradient(reduceSum(x), [x, unused]);
      return { dx: dx!, none: none! };
    });
    const { dx, none } = await program.run({
      x: tensor("float32", [2], [1, 2]),
      unused: tensor("float32", [2, 1], [3, 4]),
    });
    expect([...dx.data]).toEqual([1, 1]);
    expect(none).toMatchObject({ shape: [2, 1], data: new Float32Array([0, 0]) });
  });

  it("gives 1 for the result itself", async () => {
    expect(await derivative((x) => x, 5)).toBe(1);
  });

  it("adds up over every use of a value", async () => {
    // x·x + x·eˣ: 2x + eˣ + x·eˣ
    expect(await derivative((x) => add(mul(x, x), mul(x, exp(x))), 1)).toBeCloseTo(2 + 2 * Math.E, 10);
  });

  it("can be taken in a value inside the graph", async () => {
    const program = compile(cpu, ({ x }: Inputs<"x">) => {
      const inside = mul(x, 3);
      return { d: gradient(mul(inside, inside), [inside])[0]! };
    });
    expect((await program.run({ x: tensor("float32", [], [2]) })).d.data[0]).toBe(12);
  });

  it("sums over axes that were broadcast, whether new or of size 1", async () => {
    const program = compile(cpu, ({ x, row, scalar }: Inputs<"x" | "row" | "scalar">) => {
      const [dRow, dScalar] = gradient(reduceSum(mul(add(x, scalar), row)), [row, scalar]);
      return { dRow: dRow!, dScalar: dScalar! };
    });
    const { dRow, dScalar } = await program.run({
      x: tensor("float32", [3, 2], [1, 2, 3, 4, 5, 6]),
      row: tensor("float32", [1, 2], [10, 100]),
      scalar: tensor("float32", [], [1]),
    });
    expect(dRow).toMatchObject({ shape: [1, 2], data: new Float32Array([12, 15]) });
    expect(dScalar).toMatchObject({ shape: [], data: new Float32Array([330]) });
  });

  it("starts from dy where one is given", async () => {
    const program = compile(cpu, ({ x, dy }: Inputs<"x" | "dy">) => ({ dx: gradient(mul(x, x), [x], { dy })[0]! }));
    const { dx } = await program.run({ x: tensor("float32", [2], [1, 2]), dy: tensor("float32", [2], [10, 1]) });
    expect([...dx.data]).toEqual([20, 4]);
  });

  it("stops at stopGradient, in first and second derivatives", async () => {
    expect(await derivative((x) => mul(x, stopGradient(mul(x, x))), 3)).toBe(9);
    expect(await derivative((x) => gradient(mul(mul(x, x), stopGradient(x)), [x])[0]!, 3)).toBe(6);
    expect(await derivative((x) => add(stopGradient(x), mul(x, 0)), 3)).toBe(0);
  });

  it("treats comparisons, indices and integers as constants", async () => {
    const program = compile(cpu, ({ x }: Inputs<"x">) => {
      const best = gather(reshape(x, [-1]), argMax(x));
      const rounded = cast(cast(x, "int32"), "float32");
      return { dx: gradient(add(reduceSum(mul(rounded, x)), reduceSum(best)), [x])[0]! };
    });
    const { dx } = await program.run({ x: tensor("float32", [3], [1.5, 3.5, 2.5]) });
    expect([...dx.data]).toEqual([1, 4, 2]);
  });

  it("passes through one output of several", async () => {
    const program = compile(cpu, ({ x }: Inputs<"x">) => {
      const [, middle] = split(x, [1, 2, 1]);
      return { dx: gradient(reduceSum(mul(middle!, middle!)), [x])[0]! };
    });
    expect([...(await program.run({ x: tensor("float32", [4], [1, 2, 3, 4]) })).dx.data]).toEqual([0, 4, 6, 0]);
  });

  it("adds no weight gradient when only the input's is wanted", () => {
    const types = {
      x: { dtype: "float32", shape: [1, 2, 5, 5] },
      w: { dtype: "float32", shape: [3, 2, 3, 3] },
    } as const;
    const traced = trace(
      ({ x, w }: Inputs<"x" | "w">) => ({ dx: gradient(reduceSum(relu(conv(x, w))), [x])[0]! }),
      types,
    );
    const names = traced.nodes.map((node) => node.op);
    expect(names).toContain("ConvInputGrad");
    expect(names).not.toContain("ConvWeightGrad");
  });

  it("gives third derivatives", async () => {
    const d = (f: (x: Value) => Value) => (x: Value) => gradient(f(x), [x])[0]!;
    const cube = (x: Value) => mul(x, mul(x, mul(x, x)));
    expect(await derivative(d(d(cube)), 2)).toBeCloseTo(48, 10);
  });

  it("gives the Hessian of a small network times a vector, as differences of its gradient", async () => {
    const loss = ({ x, w1, w2, t }: Inputs<"x" | "w1" | "w2" | "t">) =>
      softmaxCrossEntropy(matMul(sigmoid(matMul(x, w1)), w2), t);
    const program = compile(float64, ({ v, ...inputs }: Inputs<"x" | "w1" | "w2" | "t" | "v">) => {
      const dw1 = gradient(loss(inputs), [inputs.w1])[0]!;
      const [hw1, hw2] = gradient(reduceSum(mul(dw1, v)), [inputs.w1, inputs.w2]);
      return { s: reduceSum(mul(dw1, v)), hw1: hw1!, hw2: hw2! };
    });
    const wave = (n: number, phase: number) => Array.from({ length: n }, (_, i) => Math.sin(2.1 * i + phase));
    const inputs = {
      x: tensor("float64", [3, 4], wave(12, 0)),
      w1: tensor("float64", [4, 5], wave(20, 1)),
      w2: tensor("float64", [5, 3], wave(15, 2)),
      t: tensor("int64", [3], [2, 0, 1]),
      v: tensor("float64", [4, 5], wave(20, 3)),
    };
    const { hw1, hw2 } = await program.run(inputs);
    const h = 1e-5;
    for (const [name, exact] of [["w1", hw1] as const, ["w2", hw2] as const]) {
      for (const i of [0, 7, 14]) {
        const at = async (step: number) => {
          const data = Float64Array.from(inputs[name].data);
          data[i]! += step;
          return Number((await program.run({ ...inputs, [name]: { ...inputs[name], data } })).s.data[0]);
        };
        const difference = ((await at(h)) - (await at(-h))) / (2 * h);
        expect(Number(exact.data[i])).toBeCloseTo(difference, 8);
      }
    }
    await program.release();
  });

  it("refuses what it cannot differentiate", () => {
    const g = graph();
    const x = g.input("x", "float32", [2, 3]);
    expect(() => gradient(x, [x])).toThrow(
      new ShapeError("gradient: the result is float32 [2, 3], not a scalar; sum it or give dy in its shape"),
    );
    const dy = g.input("dy", "float32", [3, 2]);
    expect(() => gradient(x, [x], { dy })).toThrow(
      new ShapeError("gradient: dy is float32 [3, 2], the result is float32 [2, 3]; their shapes must be equal"),
    );
    expect(() => gradient(argMax(reshape(x, [-1])), [x])).toThrow(
      new ShapeError("gradient: the result is int64 []; only floats have gradients"),
    );
  });

  it("names an operator without a gradient and its node", () => {
    const without = { ...operators, Exp: { ...operators.Exp!, grad: "none" as const } };
    const g = new Graph(without);
    const x = g.input("x", "float32", []);
    expect(() => gradient(g.add("Exp", [x])[0]!, [x])).toThrow(
      new Error("gradient: Exp has no gradient, and the result depends on it"),
    );
    const named = g.add("Exp", [x], {}, "exp_7")[0]!;
    expect(() => gradient(sub(named, 1), [x])).toThrow(
      new Error('gradient: Exp "exp_7" has no gradient, and the result depends on it'),
    );
    // Where nothing wanted flows through it, it may stand.
    expect(gradient(sub(g.add("Exp", [stopGradient(x)])[0]!, x), [x])).toHaveLength(1);
  });
});
