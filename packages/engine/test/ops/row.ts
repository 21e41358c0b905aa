// What a row of the operator tests is, and how its cases are checked.
import { readFileSync } from "node:fs";
import {
  add,
  type Compiled,
  compile,
  type DType,
  Graph,
  gradient,
  mul,
  operators,
  type Runtime,
  reduceSum,
  type Shape,
  sizeOf,
  type Tensor,
  tensor,
  type Value,
} from "@reprise/engine";
import { expect } from "vitest";

export interface Row {
  /** How each case of the fixture is written in the engine's vocabulary; the first output is differentiated. */
  readonly cases: Readonly<
    Record<string, (...x: readonly [Value, Value, Value, ...Value[]]) => Value | readonly Value[]>
  >;
  /** A misuse, and the whole message it must give. */
  readonly wrong: readonly [misuse: (make: Make) => unknown, message: string];
  /** Inputs where the derivative jumps: [x, dy/dx that is documented]. */
  readonly kinks?: { readonly of: (x: Value) => Value; readonly at: readonly (readonly [x: number, dx: number])[] };
  /** Inputs that get no gradient by intent, e.g. the boxes of RoiAlign. */
  readonly fixed?: readonly number[];
  /** The gradient is not the derivative by intent (straight-through, stopGradient). */
  readonly departs?: true;
}

/** Makes inputs of a graph: `f(2, 3)` is float32 [2, 3]. */
export interface Make {
  readonly graph: Graph;
  f(...shape: Shape): Value;
  i(...shape: Shape): Value;
  b(...shape: Shape): Value;
}

export function maker(): Make {
  const graph = new Graph(operators);
  const of =
    (dtype: DType) =>
    (...shape: Shape) =>
      graph.input(`x${graph.inputs.length}`, dtype, shape);
  return { graph, f: of("float32"), i: of("int64"), b: of("bool") };
}

export interface Fixture {
  readonly in: readonly Tensor[];
  readonly out: readonly Tensor[];
  /** Gradient of the first output, and those of the inputs: null for what has none. */
  readonly dy?: Tensor;
  readonly grads?: readonly (Tensor | null)[];
}

type Stored = readonly [kind: string, shape: Shape, data: readonly (number | string)[]];

/** The cases of one family, by "Operator: case". */
export function readFixtures(family: string): Record<string, Fixture> {
  const text = readFileSync(new URL(`../fixtures/ops/${family}.json`, import.meta.url), "utf8");
  const read = ([kind, shape, data]: Stored): Tensor => {
    const dtype = kind === "f" ? "float64" : kind === "b" ? "bool" : (kind as DType);
    return tensor(dtype, shape, data.map(Number));
  };
  return Object.fromEntries(
    Object.entries<Record<"in" | "out" | "dy" | "grads", (Stored | null)[]>>(JSON.parse(text)).map(([key, stored]) => [
      key,
      {
        in: stored.in.map((x) => read(x!)),
        out: stored.out.map((x) => read(x!)),
        ...(stored.dy && { dy: read(stored.dy[0]!), grads: stored.grads.map((x) => (x ? read(x) : null)) }),
      },
    ]),
  );
}

const isFloat = (x: { readonly dtype: DType }) => x.dtype.startsWith("float");
const outputsOf = (y: Value | readonly Value[]): readonly Value[] => (Array.isArray(y) ? y : [y as Value]);
type Program = Compiled<string, string>;

/** Largest |a − b| / (1 + |b|), NaN and infinities equal to themselves. */
function distance(actual: ArrayLike<number | bigint>, expected: ArrayLike<number | bigint>): number {
  let worst = actual.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [Number(actual[i]), Number(expected[i])];
    if (Object.is(a, b) || a === b) continue;
    const d = Math.abs(a - b) / (1 + Math.abs(b));
    worst = Math.max(worst, Number.isNaN(d) ? Number.POSITIVE_INFINITY : d);
  }
  return worst;
}

function expectClose(actual: Tensor, expected: Tensor, tolerance: number, what: string): void {
  expect(actual.shape, `shape of ${what}`).toEqual(expected.shape);
  const d = distance(actual.data, expected.data);
  if (!(d <= tolerance)) {
    const show = ({ data }: Tensor) => Array.from(data as ArrayLike<number>, (x) => Number(x).toPrecision(6)).join(" ");
    expect.fail(
      `${what} is off by ${d.toExponential(1)} (${tolerance} allowed)\n got ${show(actual)}\nwant ${show(expected)}`,
    );
  }
}

/** Outputs and gradients against the stored ones. */
export async function checkAgainstStored(
  runtime: Runtime,
  build: Row["cases"][string],
  fixture: Fixture,
  tolerance: number,
): Promise<void> {
  const float = runtime.target.float;
  const as = (x: Tensor): Tensor => (isFloat(x) ? tensor(float, x.shape, x.data) : x);
  const inputs: Record<string, Tensor> = Object.fromEntries(fixture.in.map((x, i) => [`x${i}`, as(x)]));
  if (fixture.dy) inputs.dy = as(fixture.dy);
  const program: Program = compile(runtime, (values) => {
    const x = fixture.in.map((_, i) => values[`x${i}`]!);
    const y = outputsOf(build(...(x as [Value, Value, Value])));
    const outputs: Record<string, Value> = Object.fromEntries(y.map((value, i) => [`y${i}`, value]));
    if (fixture.dy) {
      const wrt = x.filter((_, i) => fixture.grads![i]);
      const grads = gradient(y[0]!, wrt, { dy: values.dy! });
      for (const [i, value] of wrt.entries()) outputs[`d${value.name}`] = grads[i]!;
    }
    return outputs;
  });
  const got = await program.run(inputs);
  for (const [i, expected] of fixture.out.entries()) expectClose(got[`y${i}`]!, expected, tolerance, `output ${i}`);
  for (const [i, expected] of fixture.grads?.entries() ?? []) {
    if (expected) expectClose(got[`dx${i}`]!, expected, tolerance, `gradient of input ${i}`);
  }
  await program.release();
}

/**
 * First and second derivatives against central differences in float64. With L = <dy, y> and g = ∂L/∂x, checks g
 * against differences of L, and the gradient of s = <u, g> in x and in dy against differences of g, for a fixed u.
 */
export async function checkDifferences(
  runtime: Runtime,
  build: Row["cases"][string],
  fixture: Fixture,
  fixed: readonly number[] = [],
): Promise<void> {
  const h = 1e-5; // truncation ~h²·f‴ and rounding ~1e-16/h are both near 1e-10
  const tolerance = 1e-6;
  const at = fixture.in.flatMap((x, i) => (isFloat(x) && !fixed.includes(i) ? [i] : []));
  const names = [...at.map((i) => `x${i}`), "dy"];
  const inputs: Record<string, Tensor> = { dy: copy(fixture.dy!) };
  for (const [i, x] of fixture.in.entries()) inputs[`x${i}`] = copy(x);
  const weights = Object.fromEntries(names.map((name) => [name, direction(inputs[name]!)]));
  const program: Program = compile(runtime, (values) => {
    const x = fixture.in.map((_, i) => values[`x${i}`]!);
    const y = outputsOf(build(...(x as [Value, Value, Value])))[0]!;
    const dy = values.dy!;
    const L = reduceSum(mul(y, dy));
    const wrt = at.map((i) => x[i]!);
    const g = gradient(y, wrt, { dy });
    const parts = wrt.map((value, i) => reduceSum(mul(g[i]!, value.graph.constant(weights[value.name!]!))));
    const s = parts.reduce((a, b) => add(a, b));
    const second = gradient(s, [...wrt, dy]);
    return {
      L,
      s,
      ...Object.fromEntries(wrt.map((value, i) => [`first ${value.name}`, g[i]!])),
      ...Object.fromEntries(names.map((name, i) => [`second ${name}`, second[i]!])),
    };
  });
  const exact = await program.run(inputs);
  for (const name of names) {
    const data = inputs[name]!.data as Float64Array;
    const chosen = sample(data.length);
    const first: number[] = [];
    const second: number[] = [];
    for (const i of chosen) {
      const x = data[i]!;
      data[i] = x + h;
      const above = await program.run(inputs);
      data[i] = x - h;
      const below = await program.run(inputs);
      data[i] = x;
      first.push((Number(above.L!.data[0]) - Number(below.L!.data[0])) / (2 * h));
      second.push((Number(above.s!.data[0]) - Number(below.s!.data[0])) / (2 * h));
    }
    const pick = (all: Tensor) => vector(chosen.map((i) => Number(all.data[i])));
    if (name !== "dy") expectClose(pick(exact[`first ${name}`]!), vector(first), tolerance, `d/d${name}`);
    expectClose(pick(exact[`second ${name}`]!), vector(second), tolerance, `second derivative in ${name}`);
  }
  await program.release();
}

const vector = (values: readonly number[]): Tensor => tensor("float64", [values.length], values);

/** All places of a small array, 40 of a large one, spread over it. */
function sample(length: number): number[] {
  const count = Math.min(length, 40);
  return Array.from({ length: count }, (_, k) => Math.floor((k * length) / count));
}

const copy = (x: Tensor): Tensor => ({ ...x, data: x.data.slice() }) as Tensor;

/** A fixed direction in [−1, 1], without a pattern that a wrong gradient could share. */
function direction({ shape }: Tensor): Tensor<"float64"> {
  return tensor(
    "float64",
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1 + 2.7 * i + i * i)),
  );
}
