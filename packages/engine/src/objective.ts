// A loss over a whole data set as a function of one flat vector: what a minimiser such as L-BFGS asks for.
import { type Compiled, compile } from "./compile.ts";
import { gradient } from "./grad.ts";
import { type Tensor, tensor } from "./ir/type.ts";
import type { Resident, Runtime } from "./run/runtime.ts";
import { layoutSize, pack, type TrainingProgram, unpack, type Values } from "./train-step.ts";

/** Some of the examples: what one run of the graph is fed, and how many they are. */
export interface Chunk {
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly count: number;
}

interface KeptChunk {
  readonly feeds: Readonly<Record<string, Resident>>;
  readonly count: number;
}

/**
 * f(p) = Σ over chunks of (count / all) · loss of the chunk, and ∇f(p): for a loss that is a mean over its examples plus a
 * term in the parameters alone, the mean over all examples plus that term, however they are cut. Chunks go to the runtime
 * once and stay; a call sends p and adds up in float64.
 */
export class Objective {
  /** Numbers in p. */
  readonly size: number;
  /** Examples in all. */
  readonly count: number;
  readonly #compiled: Compiled<string, string>;
  readonly #chunks: readonly KeptChunk[];

  private constructor(size: number, compiled: Compiled<string, string>, chunks: readonly KeptChunk[]) {
    this.size = size;
    this.count = chunks.reduce((n, { count }) => n + count, 0);
    this.#compiled = compiled;
    this.#chunks = chunks;
  }

  /** @throws Error when the program updates buffers: what one chunk changes would depend on the chunks before it */
  static async start(
    runtime: Runtime,
    program: Pick<TrainingProgram, "parameters" | "buffers" | "forward">,
    chunks: Iterable<Chunk>,
  ): Promise<Objective> {
    const { parameters, buffers = {} } = program;
    if (layoutSize(buffers) > 0)
      throw new Error(
        `objective: the network updates ${Object.keys(buffers).join(", ")} while it trains; use an optimizer that takes batches`,
      );
    const kept: KeptChunk[] = [];
    for (const { feeds, count } of chunks) {
      const residents: Record<string, Resident> = {};
      for (const [name, data] of Object.entries(feeds)) {
        residents[name] = await runtime.allocate(data);
        await residents[name].write(data);
      }
      kept.push({ feeds: residents, count });
    }
    const compiled = compile(runtime, (inputs) => gradientGraph(program, inputs), { purpose: "train" });
    return new Objective(layoutSize(parameters), compiled, kept);
  }

  /** Writes ∇f(p) into `gradient` and returns f(p). The graph computes in the runtime's precision. */
  async evaluate(p: Float64Array, gradient: Float64Array): Promise<number> {
    const parameters = tensor("float32", [this.size], Float32Array.from(p));
    gradient.fill(0);
    let f = 0;
    for (const { feeds, count } of this.#chunks) {
      const { loss, gradient: g } = await this.#compiled.run({ ...feeds, parameters });
      const share = count / this.count;
      f += share * Number(loss!.data[0]);
      const part = g!.data as Float32Array;
      for (let i = 0; i < part.length; i++) gradient[i] = gradient[i]! + share * part[i]!;
    }
    return f;
  }

  async release(): Promise<void> {
    for (const { feeds } of this.#chunks) for (const resident of Object.values(feeds)) resident.release();
    await this.#compiled.release();
  }
}

function gradientGraph(
  { parameters: layout, forward }: Pick<TrainingProgram, "parameters" | "forward">,
  inputs: Values,
) {
  const { parameters: p, ...batch } = inputs;
  const parameters = unpack(p!, layout);
  const { loss } = forward(parameters, batch, {});
  return { loss, gradient: pack(gradient(loss, Object.values(parameters))) };
}
