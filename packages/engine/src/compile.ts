// From a function over values to something that runs: trace, lower, export, load; one session per input signature.
import { Graph, type Value } from "./ir/graph.ts";
import type { Tensor, Type } from "./ir/type.ts";
import { inBlocks } from "./lower/blocked.ts";
import { lower } from "./lower/lower.ts";
import { exportOnnx } from "./onnx/export.ts";
import { table } from "./ops/table.ts";
import type { Resident, RunOptions, Runtime, Session, SessionOptions } from "./run/runtime.ts";

/** A computation: named values in, named values out. It is called once per input signature, to build the graph. */
export type Program<I extends string, O extends string> = (inputs: Inputs<I>) => Inputs<O>;
/** Values by name, e.g. `({ x, w }: Inputs<"x" | "w">) => …`. */
export type Inputs<I extends string> = Readonly<Record<I, Value>>;

/** Builds the graph of a program for concrete input types. */
export function trace<I extends string, O extends string>(
  program: Program<I, O>,
  types: Readonly<Record<I, Type>>,
): Graph {
  const graph = new Graph(table);
  const inputs = Object.entries<Type>(types).map(([name, { dtype, shape }]) => [name, graph.input(name, dtype, shape)]);
  const outputs = program(Object.fromEntries(inputs) as Record<I, Value>);
  for (const [name, value] of Object.entries<Value>(outputs)) graph.output(name, value);
  return graph;
}

export interface CompileOptions extends SessionOptions {
  /** How many sessions to keep; the least recently used one goes first. */
  readonly cache?: number;
}

export interface Compiled<I extends string, O extends string> {
  run(inputs: Readonly<Record<I, Tensor | Resident>>, options?: RunOptions): Promise<Record<O, Tensor>>;
  release(): Promise<void>;
}

/**
 * A program as a function on a runtime. Shapes are concrete: a new combination of input types traces and loads a new
 * session (tens of milliseconds), which is kept.
 *
 * @example
 * const f = compile(nodeRuntime(), ({ x }) => ({ y: mul(x, x) }));
 * const { y } = await f.run({ x: tensor("float32", [2], [3, 4]) }); // y.data: 9, 16
 */
export function compile<I extends string, O extends string>(
  runtime: Runtime,
  program: Program<I, O>,
  { cache = 8, purpose = "train" }: CompileOptions = {},
): Compiled<I, O> {
  const sessions = new Map<string, Promise<Session>>();
  const load = async (inputs: Readonly<Record<I, Type>>): Promise<Session> => {
    const graph = trace(program, inputs);
    // Where weights are constant, ONNX Runtime goes over to its own layout by itself.
    const target = purpose === "train" ? inBlocks(runtime.target, await runtime.channelBlock()) : runtime.target;
    return runtime.load(exportOnnx(lower(graph, target)), { purpose });
  };
  const sessionFor = (inputs: Readonly<Record<I, Type>>): Promise<Session> => {
    const key = Object.entries<Type>(inputs)
      .map(([name, { dtype, shape }]) => `${name}:${dtype}[${shape}]`)
      .join(" ");
    const session = sessions.get(key) ?? load(inputs);
    // A Map keeps the order of insertion: the first key is the least recently used.
    sessions.delete(key);
    sessions.set(key, session);
    session.catch(() => sessions.delete(key));
    for (const [oldest, old] of sessions) {
      if (sessions.size <= cache) break;
      sessions.delete(oldest);
      void old.then((unused) => unused.release());
    }
    return session;
  };
  return {
    async run(inputs, options) {
      return (await (await sessionFor(inputs)).run(inputs, options)) as Record<O, Tensor>;
    },
    async release() {
      const all = [...sessions.values()];
      sessions.clear();
      await Promise.all(all.map(async (session) => (await session).release()));
    },
  };
}
