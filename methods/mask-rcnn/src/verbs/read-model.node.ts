// Networks from files: ours with their metadata, and state_dicts of torchvision.
import { extname } from "node:path";
import { readBytes } from "@reprise/data/node";
import { readSafetensors, readTorchFile, stateDictOf } from "@reprise/nn";
import { cocoNames } from "../coco-names.ts";
import { detectron2Weights, isDetectron2 } from "../detectron2.ts";
import { decodeModel, type ModelFacts } from "../model-file.ts";
import type { StateDict } from "../network.ts";
import { type Conventions, pictureSettings, presets } from "../settings.ts";
import { torchvisionWeights } from "../weights.ts";

/**
 * A network to be run: one that train wrote, or a state_dict with the settings of torchvision's maskrcnn_resnet50_fpn. Of
 * 91 classes, or detectron2's 81, the names are COCO's.
 */
export async function readModel(path: string): Promise<{ readonly state: StateDict; readonly facts: ModelFacts }> {
  const { state, facts, conventions } = await readWeights(path);
  if (facts) return { state, facts };
  const classes = state["roi_heads.box_predictor.cls_score.bias"]?.shape[0] ?? 0;
  // detectron2 counts COCO's 80 classes without the gaps of their ids.
  const categories =
    classes === 81
      ? [...cocoNames].map(([id, name]) => ({ id, name }))
      : Array.from({ length: Math.max(classes - 1, 0) }, (_, i) => ({
          id: i + 1,
          name: (classes === 91 && cocoNames.get(i + 1)) || `class ${i + 1}`,
        }));
  return { state, facts: { pictures: pictureSettings({ ...presets.torchvision, conventions }), categories } };
}

/** The arrays of any file that holds a Mask R-CNN under torchvision's or detectron2's names; facts where train wrote it. */
export async function readWeights(path: string): Promise<{
  readonly state: StateDict;
  readonly facts: ModelFacts | null;
  readonly conventions: Conventions;
}> {
  const named = (tensors: StateDict) =>
    isDetectron2(tensors)
      ? { facts: null, ...detectron2Weights(tensors, path) }
      : { facts: null, state: torchvisionWeights(tensors), conventions: "torchvision" as const };
  const bytes = await readBytes(path);
  if ([".pth", ".pt"].includes(extname(path).toLowerCase()))
    return named(stateDictOf(readTorchFile(bytes, { source: path })));
  const { tensors, metadata } = readSafetensors(bytes, { source: path });
  if ("reprise.mask-rcnn" in metadata) {
    const own = decodeModel(bytes, path);
    return { ...own, conventions: own.facts.pictures.conventions ?? "torchvision" };
  }
  return named(tensors);
}
