// What a defence costs: time of a run with and without it.
import type { Runtime, Tensor } from "@reprise/engine";
import { onnxScores } from "@reprise/nn";
import { defined, type QuantizedModel } from "./model.node.ts";

const rounds = 7;

/**
 * Milliseconds that each file takes for one image: the median of alternating rounds of so many images.
 *
 * @param images  as the network takes them
 */
export async function inferenceTimes(
  runtime: Runtime,
  files: readonly Uint8Array[],
  { network, name }: Pick<QuantizedModel, "network" | "name">,
  { output, images }: { readonly output?: string | undefined; readonly images?: Tensor<"float32"> | undefined },
): Promise<number[]> {
  const count = network.fixedBatch ?? 16;
  const each = network.inputShape.reduce((a, b) => a * b, 1);
  const data = new Float32Array(count * each);
  if (images) data.set(images.data.subarray(0, Math.min(images.data.length, data.length)));
  const inputShape = network.inputShape;
  const runs = await Promise.all(
    files.map((file) => onnxScores(runtime, file, { name, inputShape, ...defined({ output }) })),
  );
  try {
    const times = files.map(() => [] as number[]);
    for (let round = -1; round < rounds; round++)
      for (const [i, run] of runs.entries()) {
        const started = performance.now();
        await run.logits(data, count);
        if (round >= 0) times[i]!.push((performance.now() - started) / count); // the first round warms up
      }
    return times.map((list) => list.toSorted((a, b) => a - b)[Math.floor(rounds / 2)]!);
  } finally {
    await Promise.all(runs.map((run) => run.release()));
  }
}
