// One training step as one graph: forward, backward and optimizer in one session. Outside, all parameters are one flat
// vector, and so are each of the optimizer's slots and the buffers (running statistics). Inside, a large parameter is an
// array of its own, which the optimizer updates while it is in the cache, and the small ones share one. Each array has
// two residents that take turns.
import { type Compiled, compile } from "./compile.ts";
import { gradient } from "./grad.ts";
import type { Value } from "./ir/graph.ts";
import { type Shape, sizeOf, type Tensor, tensor } from "./ir/type.ts";
import { add, concat, div, max, mul, reduceSum, reshape, split, sqrt } from "./ops/build.ts";
import type { Optimizer } from "./optim.ts";
import type { Resident, Runtime } from "./run/runtime.ts";

/** Arrays by name, in the order in which they lie in the flat vector. */
export type Layout<P extends string = string> = Readonly<Record<P, Shape>>;
export type Values<P extends string = string> = Readonly<Record<P, Value>>;

export interface TrainingProgram<P extends string = string, B extends string = string, S extends string = string> {
  readonly parameters: Layout<P>;
  /** Arrays that a step replaces without a gradient, e.g. running means. */
  readonly buffers?: Layout<S>;
  readonly optimizer: Optimizer;
  /** A gradient whose norm over all parameters is larger is scaled down to it; as torch's clip_grad_norm_. */
  readonly clipNorm?: number;
  /** The loss (a scalar), the buffers' new values, and whatever else is to be reported. */
  forward(
    parameters: Values<P>,
    batch: Values<B>,
    buffers: Values<S>,
  ): {
    readonly loss: Value;
    readonly buffers?: Values<S>;
    readonly report?: Values;
  };
}

/** Everything a training needs to go on: flat vectors on the host. */
export interface TrainingState {
  readonly parameters: Float32Array;
  readonly buffers: Float32Array;
  readonly slots: readonly Float32Array[];
  /** Steps done. */
  readonly step: number;
}

/** Number of elements of a layout. */
export const layoutSize = (layout: Layout): number => Object.values(layout).reduce((n, shape) => n + sizeOf(shape), 0);

/** The arrays of a flat vector, by name: views, not copies. */
export function unflatten(flat: Float32Array, layout: Layout): Record<string, Tensor<"float32">> {
  let at = 0;
  return Object.fromEntries(
    Object.entries(layout).map(([name, shape]) => {
      const data = flat.subarray(at, at + sizeOf(shape));
      at += data.length;
      return [name, { dtype: "float32", shape, data }];
    }),
  );
}

/** Arrays by name as one flat vector. @throws Error when one is missing or has another shape */
export function flatten(arrays: Readonly<Record<string, Tensor>>, layout: Layout): Float32Array {
  const flat = new Float32Array(layoutSize(layout));
  for (const [name, view] of Object.entries(unflatten(flat, layout))) {
    const array = arrays[name];
    if (!array) throw new Error(`weights: "${name}" is missing; there are ${Object.keys(arrays).join(", ")}`);
    if (`${array.shape}` !== `${view.shape}`) {
      throw new Error(`weights: "${name}" is [${array.shape.join(", ")}], expected [${view.shape.join(", ")}]`);
    }
    view.data.set(array.data as Float32Array);
  }
  return flat;
}

/** The values of a flat vector, by name, inside a graph. */
export function unpack(flat: Value, layout: Layout): Values {
  const entries = Object.entries(layout);
  const sizes = entries.map(([, shape]) => sizeOf(shape));
  const parts = sizes.length === 1 ? [flat] : split(flat, sizes);
  return Object.fromEntries(entries.map(([name, shape], i) => [name, reshape(parts[i]!, shape)]));
}

/** Arrays as the flat vector of their layout, inside a graph. */
export function pack(values: readonly Value[]): Value {
  const flat = values.map((value) => reshape(value, [sizeOf(value.shape)]));
  return flat.length === 1 ? flat[0]! : concat(flat, 0);
}

/** Parameters from so many numbers on have an array of their own: 256 KB, more than the copying of a small one is worth. */
const LARGE = 1 << 16;

/** Parameters that share an array, in its order. */
interface Group {
  readonly names: readonly string[];
  /** How many numbers. */
  readonly length: number;
}

/**
 * The parameters' groups: each large one alone; all others in one. Groups are vectors whatever the parameters' shapes
 * are: ONNX Runtime's elementwise kernels go number by number where the last axes have size 1, as pointwise kernels do.
 */
function groupsOf(layout: Layout): Group[] {
  const large = Object.entries(layout).filter(([, shape]) => sizeOf(shape) >= LARGE);
  const small = Object.entries(layout).filter(([, shape]) => sizeOf(shape) < LARGE);
  const groups: Group[] = large.map(([name, shape]) => ({ names: [name], length: sizeOf(shape) }));
  if (small.length > 0) {
    groups.push({ names: small.map(([name]) => name), length: layoutSize(Object.fromEntries(small)) });
  }
  return groups;
}

/** The parts of a flat vector that make up a group: views, not copies. */
function viewsOf(flat: Float32Array, layout: Layout, { names }: Group): Float32Array[] {
  const all = unflatten(flat, layout);
  return names.map((name) => all[name]!.data);
}

/** A training in progress on a runtime. */
export class Training {
  readonly #compiled: Compiled<string, string>;
  readonly #program: TrainingProgram;
  readonly #groups: readonly Group[];
  /** Residents by name, as the graph has them: [current, next]. */
  readonly #state: Map<string, [Resident, Resident]>;
  #step: number;

  private constructor(
    program: TrainingProgram,
    compiled: Compiled<string, string>,
    groups: readonly Group[],
    state: Map<string, [Resident, Resident]>,
    step: number,
  ) {
    this.#program = program;
    this.#compiled = compiled;
    this.#groups = groups;
    this.#state = state;
    this.#step = step;
  }

  /**
   * Starts or resumes: slots and buffers of `state` may be left out for zeros.
   *
   * @throws Error when a vector has the wrong length
   */
  static async start<P extends string, B extends string, S extends string>(
    runtime: Runtime,
    typed: TrainingProgram<P, B, S>,
    { parameters, buffers, slots, step = 0 }: Partial<TrainingState> & Pick<TrainingState, "parameters">,
  ): Promise<Training> {
    // Inside, names are only names.
    const program = typed as unknown as TrainingProgram;
    const groups = groupsOf(program.parameters);
    const state = new Map<string, [Resident, Resident]>();
    const allocate = async (name: string, length: number, parts: readonly Float32Array[] | undefined) => {
      const type = { dtype: "float32", shape: [length] } as const;
      const pair: [Resident, Resident] = [await runtime.allocate(type), await runtime.allocate(type)];
      if (parts) await pair[0].write(tensor("float32", [length], joined(parts)));
      state.set(name, pair);
    };
    const check = (name: string, length: number, values: Float32Array | undefined) => {
      if (values && values.length !== length)
        throw new Error(`training: ${name} have ${values.length} numbers, the network has ${length}`);
    };
    const P = layoutSize(program.parameters);
    const B = layoutSize(program.buffers ?? {});
    check("parameters", P, parameters);
    check("buffers", B, buffers);
    const vectors: [string, Float32Array | undefined][] = [["parameters", parameters]];
    for (let i = 0; i < program.optimizer.slots; i++) vectors.push([`slot${i}`, slots?.[i]]);
    for (const [name, values] of vectors) {
      check(name, P, values);
      for (const [i, group] of groups.entries()) {
        await allocate(`${name}.${i}`, group.length, values && viewsOf(values, program.parameters, group));
      }
    }
    if (B > 0) await allocate("buffers", B, buffers && [buffers]);
    return new Training(
      program,
      compile(runtime, (inputs) => stepGraph(program, groups, inputs), { purpose: "train" }),
      groups,
      state,
      step,
    );
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /**
   * One step on a batch; returns the loss before it and the reported values. A step whose loss is not finite is not
   * taken: the state stays as it was.
   */
  async run(
    batch: Readonly<Record<string, Tensor>>,
    { learningRate }: { readonly learningRate: number },
  ): Promise<{ loss: number; report: Record<string, Tensor> }> {
    const feeds: Record<string, Tensor | Resident> = { ...batch };
    const into: Record<string, Resident> = {};
    for (const [name, [current, next]] of this.#state) {
      feeds[name] = current;
      into[`${name}′`] = next;
    }
    feeds.learningRate = tensor("float32", [], [learningRate]);
    feeds.step = tensor("float32", [], [this.#step + 1]);
    const { loss, ...report } = await this.#compiled.run(feeds, { into });
    const value = Number(loss!.data[0]);
    if (Number.isFinite(value)) {
      for (const pair of this.#state.values()) pair.reverse();
      this.#step++;
    }
    return { loss: value, report };
  }

  /** A copy of everything needed to go on later. */
  async state(): Promise<TrainingState> {
    const read = async (name: string) => (await this.#state.get(name)![0].read()).data as Float32Array;
    const flat = async (name: string) => {
      const vector = new Float32Array(layoutSize(this.#program.parameters));
      for (const [i, group] of this.#groups.entries()) {
        const data = await read(`${name}.${i}`);
        let at = 0;
        for (const view of viewsOf(vector, this.#program.parameters, group)) {
          view.set(data.subarray(at, at + view.length));
          at += view.length;
        }
      }
      return vector;
    };
    const slots: Float32Array[] = [];
    for (let i = 0; i < this.#program.optimizer.slots; i++) slots.push(await flat(`slot${i}`));
    const buffers = this.#state.has("buffers") ? await read("buffers") : new Float32Array(0);
    return { parameters: await flat("parameters"), buffers, slots, step: this.#step };
  }

  async release(): Promise<void> {
    for (const pair of this.#state.values()) for (const resident of pair) resident.release();
    await this.#compiled.release();
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function stepGraph(program: TrainingProgram, groups: readonly Group[], inputs: Values): Values {
  const { learningRate, step, buffers, ...rest } = inputs as Record<string, Value>;
  const batch = Object.fromEntries(Object.entries(rest).filter(([name]) => !/^(parameters|slot\d+)\.\d+$/.test(name)));
  const layout = program.parameters;
  const named: Record<string, Value> = {};
  for (const [i, { names }] of groups.entries()) {
    const own = Object.fromEntries(names.map((name) => [name, layout[name]!]));
    Object.assign(named, unpack(rest[`parameters.${i}`]!, own));
  }
  const parameters = Object.fromEntries(Object.keys(layout).map((name) => [name, named[name]!]));
  const result = program.forward(parameters, batch, buffers ? unpack(buffers, program.buffers!) : {});
  const gradients = Object.fromEntries(
    gradient(result.loss, Object.values(parameters)).map((g, i) => [Object.keys(layout)[i]!, g]),
  );
  const flat = groups.map(({ names }) => pack(names.map((name) => gradients[name]!)));
  const scaled = program.clipNorm === undefined ? flat : clipped(flat, program.clipNorm);
  const outputs: Record<string, Value> = { loss: result.loss, ...result.report };
  for (const i of groups.keys()) {
    const next = program.optimizer.update({
      p: rest[`parameters.${i}`]!,
      g: scaled[i]!,
      slots: Array.from({ length: program.optimizer.slots }, (_, k) => rest[`slot${k}.${i}`]!),
      learningRate: learningRate!,
      step: step!,
    });
    outputs[`parameters.${i}′`] = next.p;
    for (const [k, slot] of next.slots.entries()) outputs[`slot${k}.${i}′`] = slot;
  }
  if (buffers) outputs["buffers′"] = pack(Object.keys(program.buffers!).map((name) => result.buffers![name]!));
  return outputs;
}

/** g·c / max(‖g‖, c) for all parts of one gradient. */
function clipped(parts: readonly Value[], limit: number): Value[] {
  const squares = parts.map((g) => reduceSum(mul(g, g))).reduce((a, b) => add(a, b));
  const factor = div(limit, max(sqrt(squares), limit));
  return parts.map((g) => mul(g, factor));
}
