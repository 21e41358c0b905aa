// reprise bit-flip protect: a defence for a model that is trained already, and what it costs.
import { randomBytes } from "node:crypto";
import { bytesText, percentText } from "@reprise/data";
import { writeFileAtomic } from "@reprise/data/node";
import type { Runtime } from "@reprise/engine";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import { type OptionValues, UsageError, type VerbContext, type VerbResult } from "@reprise/experiment";
import { accuracyOf, type TestSet } from "../attack.ts";
import { changedGroups, signatureBytes, signaturesOf } from "../defences/checksums.ts";
import { guardedOnnx } from "../defences/guarded-onnx.ts";
import { graphVictim, type NetworkGraph } from "../graph-victim.ts";
import { onnxNetwork } from "../onnx-network.ts";
import { inferenceTimes } from "../run/cost.node.ts";
import { readTest } from "../run/images.node.ts";
import { defined, openModel, type QuantizedModel } from "../run/model.node.ts";
import type { protectOptions } from "./options.ts";

type Chosen = OptionValues<typeof protectOptions>;

/** What a defence costs; accuracies are null without test images. */
interface Cost {
  readonly accuracy: { readonly before: number | null; readonly after: number | null };
  /** Milliseconds an image; of checksums what one check takes. */
  readonly milliseconds: { readonly before: number; readonly after: number; readonly check?: number };
  /** Bytes that it adds. */
  readonly bytes: number;
}

export async function protectVerb({ args, options: chosen, signal }: VerbContext<Chosen>): Promise<VerbResult> {
  const { out, by } = chosen;
  if (out === undefined || by === undefined) throw new UsageError(`--${out === undefined ? "out" : "by"} is missing`);
  if (by === "clipping" && (chosen.group !== undefined || chosen.limit !== undefined))
    throw new UsageError("--group and --limit are of reconstruction and checksums; clipping takes neither");
  if (by !== "checksums" && chosen.key !== undefined) throw new UsageError("--key is of --by checksums");
  const model = await openModel(args, chosen);
  const test = await readTest({ sampleSize: 1, seed: 0, ...chosen }, model);
  const runtime = nodeWorkerRuntime(defined({ threads: chosen.threads }));
  try {
    const { file, cost, left } =
      by === "checksums" ? await checksums(runtime, model, test, chosen) : await guards(runtime, model, test, chosen);
    await writeFileAtomic(out, file, { signal });
    const result = { model: model.name, by, out, ...cost, left };
    return { result, text: () => textOf(result) };
  } finally {
    await runtime.release();
  }
}

async function checksums(runtime: Runtime, model: QuantizedModel, test: TestSet | undefined, chosen: Chosen) {
  const { layers } = model.network;
  const key = chosen.key ?? randomBytes(4).readUInt32BE();
  const signatures = signaturesOf(layers, { group: chosen.group ?? 16, key });
  const started = performance.now();
  for (let i = 0; i < 5; i++) changedGroups(layers, signatures);
  const check = (performance.now() - started) / 5;
  const [time] = await inferenceTimes(runtime, [model.bytes], model, { output: chosen.output, images: test?.images });
  const accuracy = test ? await measure(runtime, model.network, test) : null;
  const cost: Cost = {
    accuracy: { before: accuracy, after: accuracy },
    milliseconds: { before: time!, after: time!, check },
    bytes: signatureBytes(signatures),
  };
  return { file: `${JSON.stringify(signatures)}\n`, cost, left: [] };
}

async function guards(runtime: Runtime, model: QuantizedModel, test: TestSet | undefined, chosen: Chosen) {
  const { name, bytes, network } = model;
  const { group = 8, limit = 3 } = chosen;
  const guard =
    chosen.by === "clipping" ? { kind: "clipping" as const } : { kind: "reconstruction" as const, group, limit };
  const guarded = guardedOnnx(bytes, network, guard, { name });
  const inputShape = network.inputShape;
  const after = onnxNetwork(guarded.bytes, { name, inputShape, ...defined({ output: chosen.output }) });
  const times = await inferenceTimes(runtime, [bytes, guarded.bytes], model, {
    ...{ output: chosen.output, images: test?.images },
  });
  const cost: Cost = {
    accuracy: {
      before: test ? await measure(runtime, network, test) : null,
      after: test ? await measure(runtime, after, test) : null,
    },
    milliseconds: { before: times[0]!, after: times[1]! },
    bytes: guarded.bytes.length - bytes.length,
  };
  return { file: guarded.bytes, cost, left: guarded.left };
}

async function measure(runtime: Runtime, network: NetworkGraph, test: TestSet): Promise<number> {
  const each = test.images.data.length / test.labels.length;
  const one = { dtype: "float32" as const, shape: [1, ...test.images.shape.slice(1)] };
  const victim = await graphVictim(
    runtime,
    { ...network, fixedBatch: undefined },
    { images: { ...one, data: test.images.data.slice(0, each) } },
  );
  try {
    return await accuracyOf(victim, test);
  } finally {
    await victim.release();
  }
}

function textOf({
  out,
  by,
  accuracy,
  milliseconds,
  bytes,
  left,
}: Cost & { out: string; by: string; left: readonly { layer: string; reason: string }[] }): string {
  const { before, after, check } = milliseconds;
  return [
    `${out}: ${by}`,
    accuracy.before === null
      ? "accuracy: not measured; give --test"
      : `accuracy ${percentText(accuracy.before)} → ${percentText(accuracy.after!)}`,
    check === undefined
      ? `time of an image ${before.toFixed(2)} → ${after.toFixed(2)} ms`
      : `time of a check ${check.toFixed(2)} ms, of an image ${before.toFixed(2)} ms`,
    `storage: ${bytesText(bytes)} more`,
    ...left.map(({ layer, reason }) => `not guarded: ${layer}, ${reason}`),
  ].join("\n");
}
