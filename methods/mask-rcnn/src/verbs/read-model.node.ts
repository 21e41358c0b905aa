// Networks from files: ours with their metadata, and state_dicts of torchvision.
import { extname } from "node:path";
import { readBytes } from "@reprise/data/node";
import { readSafetensors, readTorchFile, stateDictOf } from "@reprise/nn";
import { cocoNames } from "../coco-names.ts";
import { decodeModel, type ModelFacts } from "../model-file.ts";
import type { StateDict } from "../network.ts";
import { pictureSettings, presets } from "../settings.ts";
import { torchvisionWeights } from "../weights.ts";

/**
 * A network to be run: one that train wrote, or a state_dict with the settings of torchvision's maskrcnn_resnet50_fpn. Of
 * 91 classes the names are COCO's.
 */
export async function readModel(path: string): Promise<{ readonly state: StateDict; readonly facts: ModelFacts }> {
  const { state, facts } = await readWeights(path);
  if (facts) return { state, facts };
  const classes = state["roi_heads.box_predictor.cls_score.bias"]?.shape[0] ?? 0;
  const categories = Array.from({ length: Math.max(classes - 1, 0) }, (_, i) => ({
    id: i + 1,
    name: (classes === 91 && cocoNames.get(i + 1)) || `class ${i + 1}`,
  }));
  return { state, facts: { pictures: pictureSettings(presets.torchvision), categories } };
}

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
