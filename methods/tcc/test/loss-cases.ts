// Compares the losses with somebody else's numbers, as graphs with gradients and on arrays.
import { compile, gradient, type Runtime, type Tensor, tensor, type Value } from "@reprise/engine";
import { expect } from "vitest";
import { type Cycle, deterministicLoss, pairLoss, stochasticLoss, type TccLossOptions, tccLoss } from "../src/index.ts";

export type Rows = readonly (readonly number[])[];

/** Anything that should be close to numbers, relative to the largest of them or 1. */
function expectClose(found: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string) {
  const scale = Math.max(1, ...expected.map(Math.abs));
  const worst = Math.max(...expected.map((x, i) => Math.abs(found[i]! - x) / scale));
  expect(worst, what).toBeLessThan(tolerance);
}

const frames = (rows: Rows) => ({ shape: [rows.length, rows[0]!.length], data: rows.flat() });

export interface PairCase {
  readonly options: TccLossOptions;
  readonly perCycle: readonly number[];
  readonly gradU: Rows;
  readonly gradV: Rows;
}

export async function comparePair(
  runtime: Runtime,
  { U, V, steps, length }: { U: Rows; V: Rows; steps: readonly number[]; length: number },
  { options, perCycle, gradU, gradV }: PairCase,
  tolerance: number,
) {
  const normalize = options.normalizeIndices ?? true;
  const loss = compile(runtime, ({ u, v, times }: Record<"u" | "v" | "times", Value>) => {
    const mean = pairLoss(u, v, times, options);
    const [du, dv] = gradient(mean, [u, v]) as [Value, Value];
    return { loss: mean, du, dv };
  });
  const { dtype } = { dtype: runtime.target.float };
  const array = (rows: Rows) => tensor(dtype, [1, rows.length, rows[0]!.length], rows.flat());
  try {
    const times = [steps.map((step) => step / (normalize ? length : 1))];
    const out = await loss.run({ u: array(U), v: array(V), times: tensor(dtype, [1, steps.length], times.flat()) });
    const mean = perCycle.reduce((a, b) => a + b) / perCycle.length;
    const what = JSON.stringify(options);
    expectClose(numbers(out.loss), [mean], tolerance, `loss of ${what}`);
    expectClose(numbers(out.du), gradU.flat(), tolerance, `gradient in U of ${what}`);
    expectClose(numbers(out.dv), gradV.flat(), tolerance, `gradient in V of ${what}`);
  } finally {
    await loss.release();
  }
}

export function comparePairOnArrays(
  { U, V, steps, length }: { U: Rows; V: Rows; steps: readonly number[]; length: number },
  { options, perCycle }: Pick<PairCase, "options" | "perCycle">,
) {
  const cycles = U.map((_, start) => ({ videos: [0, 1], start }));
  const all = tccLoss([frames(U), frames(V)], [steps, V.map((_, i) => i)], [length, V.length], { ...options, cycles });
  expectClose(all.perCycle, perCycle, 1e-9, JSON.stringify(options));
}

export interface BatchCase {
  readonly options: TccLossOptions;
  readonly cycles: readonly Cycle[] | null;
  readonly loss: number;
  readonly grad: readonly Rows[];
}

export async function compareBatch(
  runtime: Runtime,
  { embeddings, steps, lengths }: { embeddings: readonly Rows[]; steps: Rows; lengths: readonly number[] },
  { options, cycles, loss: expected, grad }: BatchCase,
  tolerance: number,
) {
  const dtype = runtime.target.float;
  const [B, N, D] = [embeddings.length, embeddings[0]!.length, embeddings[0]![0]!.length];
  const normalize = options.normalizeIndices ?? true;
  const times = steps.flatMap((own, i) => own.map((step) => step / (normalize ? lengths[i]! : 1)));
  const feeds: Record<string, Tensor> = {
    x: tensor(dtype, [B, N, D], embeddings.flat(2)),
    times: tensor(dtype, [B, N], times),
  };
  for (let k = 0; k < (cycles?.[0]?.videos.length ?? 0); k++)
    feeds[`videos${k}`] = tensor(
      "int64",
      [cycles!.length],
      cycles!.map(({ videos }) => videos[k]!),
    );
  if (cycles) {
    const starts = cycles.flatMap(({ start }) => Array.from({ length: N }, (_, n) => (n === start ? 1 : 0)));
    feeds.starts = tensor(dtype, [cycles.length, N], starts);
  }
  const program = compile(runtime, (inputs: Record<string, Value>) => {
    const { x, times: when, starts, ...videos } = inputs as Record<"x" | "times" | "starts", Value>;
    const loss = starts
      ? stochasticLoss(x, when, { videos: Object.values(videos), starts }, options)
      : deterministicLoss(x, when, options);
    return { loss, dx: gradient(loss, [x])[0]! };
  });
  try {
    const out = await program.run(feeds);
    expectClose(numbers(out.loss!), [expected], tolerance, `loss of ${JSON.stringify(options)}`);
    expectClose(numbers(out.dx!), grad.flat(2), tolerance, `gradient of ${JSON.stringify(options)}`);
  } finally {
    await program.release();
  }
  const plain = tccLoss(embeddings.map(frames), steps, lengths, { ...options, ...(cycles ? { cycles } : {}) });
  expectClose([plain.loss], [expected], 1e-9, `on arrays: ${JSON.stringify(options)}`);
}

const numbers = ({ data }: Tensor): number[] => Array.from(data as Float64Array, Number);
