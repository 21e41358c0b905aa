// Values and gradients at the edges of operators' domains beside PyTorch's: zeros of both signs, infinities, NaN, ties,
// overflow, masks of −∞. Values are those of ONNX Runtime's kernels. What differs is listed, with its reason, in edges.ts.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { nodeRuntime } from "../src/index.node.ts";
import * as engine from "../src/index.ts";
import { compile, gradient, reduceSum, type Tensor, tensor, type Value } from "../src/index.ts";
import { differences, type Point } from "./edges.ts";

interface Stored {
  readonly y: readonly (number | string)[];
  readonly grads?: readonly (readonly (number | string)[])[];
}
interface Fixture {
  readonly line: readonly (number | string)[];
  readonly pair: readonly (number | string)[];
  readonly rows: readonly (readonly (number | string)[])[];
  readonly unary: Readonly<Record<string, Stored>>;
  readonly binary: Readonly<Record<string, Stored>>;
  readonly row: Readonly<Record<string, Stored>>;
}
const fixture: Fixture = JSON.parse(readFileSync(new URL("fixtures/edges.json", import.meta.url), "utf8"));
const runtime = nodeRuntime({ threads: 1 });

/** Operators whose builder takes more than the operands, or goes over a row. */
const written: Readonly<Record<string, (...x: readonly [Value, Value]) => Value>> = {
  Clip: (x) => engine.clip(x, { min: -1, max: 1 }),
  HardSigmoid: (x) => engine.hardSigmoid(x, { alpha: 1 / 6 }),
  TopK: (x) => engine.topK(x, 2).values,
  LayerNormalization: (x) =>
    engine.layerNormalization(x, { scale: x.graph.constant(tensor("float32", [3], [1, 1, 1])) }),
  MaxPool: (x) => overRows(x, (rows) => engine.maxPool(rows, { kernel: [2], strides: [1] })),
  AveragePool: (x) => overRows(x, (rows) => engine.averagePool(rows, { kernel: [2], strides: [1] })),
  softmaxCrossEntropy: (x) =>
    engine.softmaxCrossEntropy(x, engine.full(x, 0, [x.shape[0]!], "int64"), { reduction: "none" }),
  sigmoidCrossEntropy: (x) => engine.sigmoidCrossEntropy(x, engine.full(x, 0.25), { reduction: "none" }),
  smoothL1: (x) => engine.smoothL1(x, engine.full(x, 0), { reduction: "none" }),
};
function overRows(x: Value, pool: (rows: Value) => Value): Value {
  return engine.reshape(pool(engine.reshape(x, [x.shape[0]!, 1, 3])), [x.shape[0]!, 2]);
}

const builders: Readonly<Record<string, unknown>> = { ...engine };

function built(op: string, x: readonly [Value, Value]): Value {
  if (written[op]) return written[op](...x);
  const builder = builders[op[0]!.toLowerCase() + op.slice(1)] as (...x: readonly unknown[]) => Value;
  return op.startsWith("Reduce") ? builder(x[0], { axes: [1] }) : builder(...x);
}

/** The same number, to what float32 and the kernels' approximations of functions hold. */
const alike = (a: number, b: number): boolean =>
  a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= 1e-6 + 1e-4 * Math.abs(b);

const used = new Set<number>();

/** The points of an operator that differ and are not listed. */
async function unlisted(
  op: string,
  inputs: readonly Tensor[],
  stored: Stored,
  pointOf: (i: number, of: number) => Point,
) {
  const f = compile(runtime, (values: Readonly<Record<string, Value>>) => {
    const x = Object.values(values) as [Value, Value];
    const y = built(op, x);
    const grads = stored.grads ? gradient(reduceSum(y), x) : [];
    return { y, ...Object.fromEntries(grads.map((d, i) => [`d${i}`, d])) };
  });
  const results: Record<string, Tensor> = await f.run(Object.fromEntries(inputs.map((x, i) => [`x${i}`, x])));
  await f.release();
  const found: string[] = [];
  const wanted = { y: stored.y, ...Object.fromEntries((stored.grads ?? []).map((d, i) => [`d${i}`, d])) };
  for (const [of, want] of Object.entries(wanted)) {
    for (const [i, value] of want.entries()) {
      const [got, expected] = [Number(results[of]!.data[i]), Number(value)];
      if (alike(got, expected)) continue;
      const point = pointOf(i, want.length);
      const at = differences.findIndex(
        (known) => known.operators.includes(op) && (known.of as readonly string[]).includes(of) && known.at(point),
      );
      if (at >= 0) used.add(at);
      else found.push(`${of} at ${point.join(", ")}: ${got}, PyTorch ${expected}`);
    }
  }
  return found;
}

const numbers = (texts: readonly (number | string)[]): number[] => texts.map(Number);
const line = numbers(fixture.line);
const pair = numbers(fixture.pair);
const rows = fixture.rows.map(numbers);

test.each(Object.entries(fixture.unary))("%s", async (op, stored) => {
  expect(await unlisted(op, [tensor("float32", [line.length], line)], stored, (i) => [line[i]!])).toEqual([]);
});

test.each(Object.entries(fixture.binary))("%s of two", async (op, stored) => {
  const a = pair.flatMap((x) => pair.map(() => x));
  const b = pair.flatMap(() => pair);
  const inputs = [a, b].map((x) => tensor("float32", [x.length], x));
  expect(await unlisted(op, inputs, stored, (i) => [a[i]!, b[i]!])).toEqual([]);
});

/** What goes over a row has the whole row as its point; a loss of each element has that element. */
const elementwise = /^(sigmoidCrossEntropy|smoothL1)$/;

test.each(Object.entries(fixture.row))("%s of rows", async (op, stored) => {
  const x = tensor("float32", [rows.length, 3], rows.flat());
  const pointOf = (i: number, of: number): Point =>
    elementwise.test(op) ? [rows.flat()[i]!] : rows[Math.floor((i * rows.length) / of)]!;
  expect(await unlisted(op, [x], stored, pointOf)).toEqual([]);
});

test("every listed difference is one", () => {
  expect(differences.filter((_, i) => !used.has(i)).map(({ operators, where }) => `${operators}: ${where}`)).toEqual(
    [],
  );
});
