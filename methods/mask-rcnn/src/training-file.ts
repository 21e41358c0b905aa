// A training that is not over, as the bytes of a safetensors file.
import { Random } from "@reprise/data";
import { type Layout, ModelError } from "@reprise/engine";
import { decodeCheckpoint, encodeCheckpoint } from "@reprise/nn";
import type { MaskRcnnCheckpoint } from "./train.ts";

/** What a run was asked to do: a resume with other values is refused. */
export type RunConfig = Readonly<Record<string, string>>;

export const encodeTraining = (
  { training, step, skipped }: MaskRcnnCheckpoint,
  parameters: Layout,
  config: RunConfig,
): Uint8Array =>
  // Pictures and samples are drawn by seed and step: the generator that the format has a place for is not used.
  encodeCheckpoint({ state: training, batches: { step, skipped }, noise: new Random(0).state, config }, { parameters });

/** @throws ModelError when the file is damaged, or of a run that was asked something else */
export function decodeTraining(
  bytes: Uint8Array,
  parameters: Layout,
  config: RunConfig,
  source: string,
): MaskRcnnCheckpoint {
  const { state, batches, config: found } = decodeCheckpoint(bytes, { parameters }, { source });
  const other = Object.keys({ ...config, ...found }).filter((name) => config[name] !== found[name]);
  if (other.length > 0)
    throw new ModelError(
      `${source}: this training was begun with other settings (${other.map((name) => `${name} ${found[name]}, now ${config[name]}`).join("; ")}). Give the same ones, or remove the file to begin anew.`,
    );
  const { step, skipped } = batches as { step: number; skipped: number };
  return { training: state, step, skipped };
}
