// A checkpoint as the bytes of a safetensors file. Parameters and buffers stand under their own names, so that any
// reader of safetensors finds a state_dict in it; the optimizer's vectors stand as `optimizer/<slot>/<parameter>`.

import type { RandomState } from "@reprise/data";
import { type Layout, ModelError, type Tensor, unflatten } from "@reprise/engine";
import { readSafetensors, type SafetensorsSource, writeSafetensors } from "./safetensors.ts";
import type { Checkpoint } from "./trainer.ts";
import { packWeights } from "./weights.ts";

const VERSION = "1";
const slotName = (slot: number, name: string): string => `optimizer/${slot}/${name}`;

export interface CheckpointLayouts {
  readonly parameters: Layout;
  readonly buffers?: Layout;
}

export function encodeCheckpoint(
  { state, batches, noise, config }: Checkpoint,
  { parameters, buffers = {} }: CheckpointLayouts,
): Uint8Array {
  const tensors: Record<string, Tensor> = {
    ...unflatten(state.parameters, parameters),
    ...unflatten(state.buffers, buffers),
  };
  for (const [i, slot] of state.slots.entries())
    for (const [name, array] of Object.entries(unflatten(slot, parameters))) tensors[slotName(i, name)] = array;
  return writeSafetensors(tensors, {
    metadata: {
      "reprise.checkpoint": VERSION,
      step: String(state.step),
      slots: String(state.slots.length),
      batches: JSON.stringify(batches),
      noise: JSON.stringify(noise),
      config: JSON.stringify(config),
    },
  });
}

/**
 * The checkpoint in a file's bytes.
 *
 * @throws ModelError naming the file, when it is damaged, not a checkpoint, or another network's
 */
export function decodeCheckpoint(
  bytes: Uint8Array,
  { parameters, buffers = {} }: CheckpointLayouts,
  { source = "checkpoint" }: SafetensorsSource = {},
): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes, { source });
  if (metadata["reprise.checkpoint"] !== VERSION) {
    throw new ModelError(
      `${source}: not a checkpoint of version ${VERSION} (found ${metadata["reprise.checkpoint"] ?? "none"}); give a file that training wrote`,
    );
  }
  const count = (key: string): number => {
    const n = Number(metadata[key]);
    if (!Number.isSafeInteger(n) || n < 0) throw new ModelError(`${source}: "${key}" is ${metadata[key]}, not a count`);
    return n;
  };
  const json = (key: string): unknown => {
    try {
      return JSON.parse(metadata[key] ?? "");
    } catch (cause) {
      throw new ModelError(`${source}: "${key}" of the checkpoint is missing or not JSON`, { cause });
    }
  };
  const slots = count("slots");
  if (slots > Object.keys(tensors).length)
    throw new ModelError(`${source}: ${slots} optimizer slots are announced, more than the file has arrays`);
  const own = (layout: Layout) => packWeights(tensors, layout, { source, ignore: (name) => isOther(name, layout) });
  const isOther = (name: string, layout: Layout): boolean =>
    name.startsWith("optimizer/") || (layout === parameters ? name in buffers : name in parameters);
  return {
    state: {
      parameters: own(parameters),
      buffers: own(buffers),
      slots: Array.from({ length: slots }, (_, i) => {
        const prefix = slotName(i, "");
        const mine = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
        const arrays = Object.fromEntries(mine.map(([name, array]) => [name.slice(prefix.length), array]));
        return packWeights(arrays, parameters, { source: `${source}: optimizer slot ${i}` });
      }),
      step: count("step"),
    },
    batches: json("batches"),
    noise: json("noise") as RandomState,
    config: json("config") as Record<string, string>,
  };
}
