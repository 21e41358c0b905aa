// What every runtime must do, whatever it runs on. Called by runtime.test.ts on Node and by a page in Chromium.
import {
  adam,
  add,
  compile,
  conv,
  gradient,
  type Inputs,
  matMul,
  maxPool,
  mul,
  type Runtime,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  softmaxCrossEntropy,
  sub,
  Training,
  tensor,
} from "../src/index.ts";

/** A case: throws when the runtime is wrong. */
export type RuntimeCase = (runtime: Runtime) => Promise<void>;

export function close(got: ArrayLike<number>, want: readonly number[], tolerance: number): void {
  if (got.length !== want.length) throw new Error(`${got.length} numbers, expected ${want.length}`);
  want.forEach((value, i) => {
    if (!(Math.abs(got[i]! - value) <= tolerance)) throw new Error(`element ${i} is ${got[i]}, expected ${value}`);
  });
}

async function rejects(work: Promise<unknown>, message: RegExp): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!message.test((error as Error).message))
      throw new Error(`message "${(error as Error).message}" does not match ${message}`);
    return;
  }
  throw new Error(`nothing was thrown; expected ${message}`);
}

export const wave = (length: number, phase: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(1.7 * i + phase));

export const runtimeSuite: Readonly<Record<string, RuntimeCase>> = {
  async "gives the product of two matrices"(runtime) {
    const f = compile(runtime, ({ a, b }: Inputs<"a" | "b">) => ({ y: matMul(a, b) }));
    const a = tensor("float32", [2, 3], [1, 2, 3, 4, 5, 6]);
    const b = tensor("float32", [3, 2], [1, 0, 0, 1, 1, 1]);
    const { y } = await f.run({ a, b });
    close(y.data as Float32Array, [4, 5, 10, 11], 0);
    await f.release();
  },

  async "takes a new session for new shapes and finds the old one again"(runtime) {
    const f = compile(runtime, ({ x }: Inputs<"x">) => ({ y: reduceSum(mul(x, x)) }), { cache: 1 });
    for (const n of [3, 5, 3]) {
      const { y } = await f.run({ x: tensor("float32", [n], Array(n).fill(2)) });
      close(y.data as Float32Array, [4 * n], 0);
    }
    await f.release();
  },

  async "gives the gradient of a small convolutional network, as central differences have it"(runtime) {
    const loss = ({ x, w, t }: Inputs<"x" | "w" | "t">) => {
      const h = maxPool(relu(conv(x, w, null, { pads: [1, 1] })), { kernel: [2, 2] });
      return softmaxCrossEntropy(reshape(h, [2, -1]), t);
    };
    const f = compile(runtime, (v: Inputs<"x" | "w" | "t">) => ({
      y: loss(v),
      dw: gradient(loss(v), [v.w])[0]!,
    }));
    const x = tensor("float32", [2, 2, 6, 6], wave(144, 0.3));
    const w = tensor("float32", [3, 2, 3, 3], wave(54, 1.1));
    const t = tensor("int64", [2], [3, 20]);
    const { dw } = await f.run({ x, w, t });
    for (const i of [0, 17, 40]) {
      const at = async (h: number) => {
        const moved = w.data.slice();
        moved[i] = moved[i]! + h;
        return Number((await f.run({ x, w: tensor("float32", w.shape, moved), t })).y.data[0]);
      };
      // float32 losses near 4 carry an error of 2e-7; with h = 1e-2 the quotient carries 2e-5 and the h² term.
      close([Number(dw.data[i])], [((await at(1e-2)) - (await at(-1e-2))) / 2e-2], 2e-3);
    }
    await f.release();
  },

  async "keeps results in residents and feeds them again"(runtime) {
    const f = compile(runtime, ({ x }: Inputs<"x">) => ({ y: add(x, 1) }));
    const session = [
      await runtime.allocate({ dtype: "float32", shape: [4] }),
      await runtime.allocate({ dtype: "float32", shape: [4] }),
    ] as const;
    await session[0].write(tensor("float32", [4], [0, 1, 2, 3]));
    for (let i = 0; i < 4; i++) {
      const returned = await f.run({ x: session[i % 2]! }, { into: { y: session[(i + 1) % 2]! }, fetch: [] });
      if (Object.keys(returned).length > 0) throw new Error("a kept output was returned as well");
    }
    close((await session[0].read()).data as Float32Array, [4, 5, 6, 7], 0);
    for (const resident of session) resident.release();
    await f.release();
  },

  async "names the input that is missing, unknown or of another shape"(runtime) {
    const f = compile(runtime, ({ a }: Inputs<"a">) => ({ y: mul(a, 2) }));
    await f.run({ a: tensor("float32", [2], [1, 2]) });
    const graph = { a: tensor("float32", [2], [1, 2]) };
    const { y } = await f.run(graph);
    close(y.data as Float32Array, [2, 4], 0);
    const resident = await runtime.allocate({ dtype: "float32", shape: [3] });
    await rejects(
      resident.write(tensor("float32", [2], [1, 2])),
      /the resident is float32 \[3\], the data is float32 \[2\]/,
    );
    await f.release();
  },

  async "trains: the loss of a regression falls, and two trainings do not disturb each other"(runtime) {
    const program = {
      parameters: { w: [3, 1] },
      optimizer: adam(),
      forward: ({ w }: Inputs<"w">, { x, t }: Inputs<"x" | "t">) => {
        const e = sub(matMul(x, w), t);
        return { loss: reduceMean(mul(e, e)) };
      },
    };
    const x = tensor("float32", [8, 3], wave(24, 0.5));
    const sums = Array.from({ length: 8 }, (_, i) => x.data[3 * i]! - x.data[3 * i + 1]! + 2 * x.data[3 * i + 2]!);
    const t = tensor("float32", [8, 1], sums);
    const runs = async (count = 40) => {
      const training = await Training.start(runtime, program, { parameters: new Float32Array(3) });
      const losses: number[] = [];
      for (let i = 0; i < count; i++) losses.push((await training.run({ x, t }, { learningRate: 0.05 })).loss);
      const { parameters } = await training.state();
      await training.release();
      return { losses, parameters };
    };
    const alone = await runs();
    const [one, two] = await Promise.all([runs(), runs()]);
    close(one.losses, alone.losses, 0);
    close(two.parameters, [...alone.parameters], 0);
    if (!(alone.losses.at(-1)! < 0.9 * alone.losses[0]!))
      throw new Error(`the loss went from ${alone.losses[0]} to ${alone.losses.at(-1)}`);
  },
};
