// A trained network as the bytes of a safetensors file: its arrays under torchvision's names, and what it needs to know.
import { ModelError, type Tensor } from "@reprise/engine";
import { readSafetensors, writeSafetensors } from "@reprise/nn";
import type { StateDict } from "./network.ts";
import type { PictureSettings } from "./settings.ts";

const VERSION = "1";

/** A class as a data set has it. */
export interface Category {
  /** The data set's, with gaps where it has some. */
  readonly id: number;
  readonly name: string;
}

export interface ModelFacts {
  readonly pictures: PictureSettings;
  /** Classes 1 … K in this order. */
  readonly categories: readonly Category[];
  readonly command?: string;
  readonly seed?: number;
  readonly steps?: number;
}

export function encodeModel(state: StateDict, facts: ModelFacts): Uint8Array {
  return writeSafetensors(state, { metadata: { "reprise.mask-rcnn": VERSION, facts: JSON.stringify(facts) } });
}

/** @throws ModelError naming the file, when it is damaged or no network that `mask-rcnn train` wrote */
export function decodeModel(
  bytes: Uint8Array,
  source: string,
): { readonly state: StateDict; readonly facts: ModelFacts } {
  const { tensors, metadata } = readSafetensors(bytes, { source });
  if (metadata["reprise.mask-rcnn"] !== VERSION)
    throw new ModelError(`${source}: not a network of Mask R-CNN; give a file that "mask-rcnn train" wrote`);
  let facts: ModelFacts;
  try {
    facts = JSON.parse(metadata.facts ?? "");
  } catch (cause) {
    throw new ModelError(`${source}: its metadata is damaged`, { cause });
  }
  const { pictures, categories } = facts;
  const classes = tensors["roi_heads.box_predictor.cls_score.bias"]?.shape[0];
  if (!pictures || !Array.isArray(categories) || classes !== categories.length + 1)
    throw new ModelError(
      `${source}: the network has ${classes ?? "no"} classes, background included, and its metadata names ${categories?.length ?? "none"}`,
    );
  return { state: tensors as Readonly<Record<string, Tensor>>, facts };
}
