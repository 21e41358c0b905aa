// A network's numbers on a data set: every picture segmented, then COCO's evaluation.
import { type CocoDataset, type CocoDetection, type CocoEvaluation, evaluateCoco } from "@reprise/data";
import type { Examples } from "./examples.ts";
import type { MaskRcnn } from "./mask-rcnn.ts";
import type { Category } from "./model-file.ts";
import { cocoDetections } from "./results.ts";

export interface EvaluateOptions {
  readonly categories: readonly Category[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: { readonly done: number; readonly total: number }) => void | Promise<void>;
}

export interface MaskRcnnEvaluation {
  readonly segm: CocoEvaluation;
  readonly bbox: CocoEvaluation;
  readonly detections: readonly CocoDetection[];
}

/** @param examples  the data set's images in its order */
export async function evaluate(
  model: MaskRcnn,
  dataset: CocoDataset,
  examples: Pick<Examples, "read">,
  { categories, signal, onProgress }: EvaluateOptions,
): Promise<MaskRcnnEvaluation> {
  const detections: CocoDetection[] = [];
  const total = dataset.images.length;
  for (const [i, { id }] of dataset.images.entries()) {
    signal?.throwIfAborted();
    const { picture } = await examples.read(i);
    const [found] = await model.segment([picture]);
    detections.push(...cocoDetections(found!, picture, { image: id, categories }));
    await onProgress?.({ done: i + 1, total });
  }
  const of = (type: "segm" | "bbox") => evaluateCoco(dataset, detections, { type });
  return { segm: of("segm"), bbox: of("bbox"), detections };
}
