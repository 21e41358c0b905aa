// Networks from files: ours with their metadata, and state_dicts of torchvision.
import { extname } from "node:path";
import { readBytes } from "@reprise/data/node";
import { readSafetensors, readTorchFile, stateDictOf } from "@reprise/nn";
import { decodeModel, type ModelFacts } from "../model-file.ts";
import type { StateDict } from "../network.ts";
import { torchvisionWeights } from "../weights.ts";

/** A network that train wrote. */
export const readModel = async (path: string) => decodeModel(await readBytes(path), path);

/** The arrays of any file that holds a Mask R-CNN under torchvision's names; facts where train wrote it. */
export async function readWeights(
  path: string,
): Promise<{ readonly state: StateDict; readonly facts: ModelFacts | null }> {
  const bytes = await readBytes(path);
  if ([".pth", ".pt"].includes(extname(path).toLowerCase()))
    return { state: torchvisionWeights(stateDictOf(readTorchFile(bytes, { source: path }))), facts: null };
  const { tensors, metadata } = readSafetensors(bytes, { source: path });
  if ("reprise.mask-rcnn" in metadata) return decodeModel(bytes, path);
  return { state: torchvisionWeights(tensors), facts: null };
}
