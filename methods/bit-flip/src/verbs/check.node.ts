// reprise bit-flip check and recover: which groups of weights were changed, and the model without them.
import { DataError } from "@reprise/data";
import { writeFileAtomic } from "@reprise/data/node";
import { type OptionValues, UsageError, type VerbContext, type VerbResult } from "@reprise/experiment";
import { type ChangedGroup, changedGroups, zeroed } from "../defences/checksums.ts";
import { openModel, type QuantizedModel } from "../run/model.node.ts";
import { readSignatures } from "../run/signatures.node.ts";
import type { checkOptions, recoverOptions } from "./options.ts";

export async function checkVerb({ args }: VerbContext<OptionValues<typeof checkOptions>>): Promise<VerbResult> {
  const { model, groups } = await compared(args);
  const result = { model: model.name, changed: groups.length > 0, groups: groups.map(named) };
  return { result, text: () => [`${model.name}: ${countText(groups)}`, ...lines(groups)].join("\n") };
}

export async function recoverVerb({
  args,
  options: { out },
  signal,
}: VerbContext<OptionValues<typeof recoverOptions>>): Promise<VerbResult> {
  if (out === undefined) throw new UsageError("--out is missing, the file to write");
  const { model, groups } = await compared(args);
  const bytes = model.bytes.slice();
  const changes = zeroed(model.network.layers, groups);
  for (const { layer, index, value } of changes) bytes[model.layers[layer]!.offset + index] = value & 255;
  await writeFileAtomic(out, bytes, { signal });
  const result = { model: model.name, out, weights: changes.length, groups: groups.map(named) };
  return { result, text: () => [`${out}: ${countText(groups)}, set to zero`, ...lines(groups)].join("\n") };
}

async function compared([path, list]: readonly string[]): Promise<{ model: QuantizedModel; groups: ChangedGroup[] }> {
  const signatures = await readSignatures(list!);
  const model = await openModel([path!], {});
  try {
    return { model, groups: changedGroups(model.network.layers, signatures) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DataError(list!, error.message, { cause: error });
  }
}

const named = ({ name, indices }: ChangedGroup) => ({ layer: name, indices });

function countText(groups: readonly ChangedGroup[]): string {
  if (groups.length === 0) return "no group of weights has changed";
  const weights = groups.reduce((sum, { indices }) => sum + indices.length, 0);
  return `${groups.length} ${groups.length === 1 ? "group" : "groups"} of weights changed, ${weights} weights`;
}

const lines = (groups: readonly ChangedGroup[]): string[] =>
  groups.map(
    ({ name, indices }) => `${name}: weights ${indices.slice(0, 4).join(", ")}${indices.length > 4 ? ", …" : ""}`,
  );
