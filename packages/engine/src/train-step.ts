// One training step as one graph: forward, backward and optimizer in one session. All parameters are one flat vector,
// so are each of the optimizer's slots and the buffers (running statistics); each has two residents that take turns.
import { type Compiled, compile } from "./compile.ts";
import { gradient } from "./grad.ts";
import type { Value } from "./ir/graph.ts";
import { type Shape, sizeOf, type Tensor, tensor } from "./ir/type.ts";
import { concat, reshape, split } from "./ops/build.ts";
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
  const parts = split(
    flat,
    entries.map(([, shape]) => sizeOf(shape)),
  );
  return Object.fromEntries(entries.map(([name, shape], i) => [name, reshape(parts[i]!, shape)]));
}

/** Arrays as the flat vector of their layout, inside a graph. */
export const pack = (values: readonly Value[]): Value =>
  concat(
    values.map((value) => reshape(value, [sizeOf(value.shape)])),
    0,
  );

/** A training in progress on a runtime. */
export class Training {
  readonly #compiled: Compiled<string, string>;
  readonly #program: TrainingProgram;
  /** Residents by name: [current, next]. */
  readonly #state: Map<string, [Resident, Resident]>;
  #step: number;

  private constructor(
    program: TrainingProgram,
    compiled: Compiled<string, string>,
    state: Map<string, [Resident, Resident]>,
    step: number,
  ) {
    this.#program = program;
    this.#compiled = compiled;
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
    const P = layoutSize(program.parameters);
    const B = layoutSize(program.buffers ?? {});
    const vectors: [string, number, Float32Array | undefined][] = [["parameters", P, parameters]];
    if (B > 0) vectors.push(["buffers", B, buffers]);
    for (let i = 0; i < program.optimizer.slots; i++) vectors.push([`slot${i}`, P, slots?.[i]]);
    const state = new Map<string, [Resident, Resident]>();
    for (const [name, length, values] of vectors) {
      if (values && values.length !== length)
        throw new Error(`training: ${name} have ${values.length} numbers, the network has ${length}`);
      const pair: [Resident, Resident] = [
        await runtime.allocate({ dtype: "float32", shape: [length] }),
        await runtime.allocate({ dtype: "float32", shape: [length] }),
      ];
      if (values) await pair[0].write(tensor("float32", [length], values));
      state.set(name, pair);
    }
    return new Training(
      program,
      compile(runtime, (inputs) => stepGraph(program, inputs), { purpose: "train" }),
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
    const read = async (name: string) => {
      const pair = this.#state.get(name);
      return pair ? ((await pair[0].read()).data as Float32Array) : new Float32Array(0);
    };
    const slots: Float32Array[] = [];
    for (let i = 0; i < this.#program.optimizer.slots; i++) slots.push(await read(`slot${i}`));
    return { parameters: await read("parameters"), buffers: await read("buffers"), slots, step: this.#step };
  }

  async release(): Promise<void> {
    for (const pair of this.#state.values()) for (const resident of pair) resident.release();
    await this.#compiled.release();
  }
}

function stepGraph(program: TrainingProgram, inputs: Values): Values {
  const { parameters: p, buffers, learningRate, step, ...rest } = inputs as Record<string, Value>;
  const slots = Array.from({ length: program.optimizer.slots }, (_, i) => rest[`slot${i}`]!);
  const batch = Object.fromEntries(Object.entries(rest).filter(([name]) => !/^slot\d+$/.test(name)));
  const parameters = unpack(p!, program.parameters);
  const result = program.forward(parameters, batch, buffers ? unpack(buffers, program.buffers!) : {});
  const g = pack(gradient(result.loss, Object.values(parameters)));
  const next = program.optimizer.update({ p: p!, g, slots, learningRate: learningRate!, step: step! });
  const outputs: Record<string, Value> = { loss: result.loss, ...result.report, "parameters′": next.p };
  for (const [i, slot] of next.slots.entries()) outputs[`slot${i}′`] = slot;
  if (buffers) outputs["buffers′"] = pack(Object.keys(program.buffers!).map((name) => result.buffers![name]!));
  return outputs;
}
