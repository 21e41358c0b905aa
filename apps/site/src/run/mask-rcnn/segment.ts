// One picture through the shipped network: what the panel's worker does, and the stored run on Node.
import type { CocoDetection } from "@reprise/data";
import type { Runtime } from "@reprise/engine";
import {
  type Category,
  cocoDetections,
  decodeModel,
  type Examination,
  MaskRcnn,
  objectMask,
  type Picture,
  shapesExamples,
} from "@reprise/mask-rcnn";
import type { RunContext } from "../serve-tasks.ts";
import { generatedSize, modelFile, streamSeed } from "./inputs.ts";

/** A picture as the page has it. */
export interface NamedPicture {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row. */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export interface SegmentResult extends Examination {
  readonly picture: NamedPicture;
  /** Each detection's class. */
  readonly names: readonly string[];
  /** Where each detection's object is, [height, width], 1 there. */
  readonly objects: readonly Uint8Array[];
  readonly coco: readonly CocoDetection[];
  readonly categories: readonly Category[];
  /** Objects of a generated picture. */
  readonly truth: number | null;
  readonly seconds: number;
}

export interface SegmentContext extends RunContext<never> {
  readonly runtime: Runtime;
  readonly breathe: () => Promise<void>;
}

/** Detections of a picture, and proposals. */
const most = { detections: 40, proposals: 200 };

/** A picture of the generator's, of a stream that training never saw, and how many objects it has. */
export async function generatedPicture(
  number: number,
): Promise<{ readonly picture: NamedPicture; readonly truth: number }> {
  const { picture, targets } = await shapesExamples(streamSeed, { height: generatedSize, width: generatedSize }).read(
    number,
  );
  const { data, height, width } = picture;
  const area = height * width;
  const rgba = new Uint8ClampedArray(4 * area).fill(255);
  for (let c = 0; c < 3; c++) for (let at = 0; at < area; at++) rgba[4 * at + c] = data[c * area + at]!;
  return { picture: { name: `shapes-${number}`, width, height, rgba }, truth: targets.labels.length };
}

/** @param bytes  the shipped network */
export async function segment(
  bytes: Uint8Array,
  { picture, truth }: { readonly picture: NamedPicture; readonly truth: number | null },
  { runtime, signal, progress, breathe }: SegmentContext,
): Promise<SegmentResult> {
  const { state, facts } = decodeModel(bytes, modelFile);
  progress({ done: 0, total: 2, text: "looking at the picture" });
  await breathe();
  signal.throwIfAborted();
  const model = new MaskRcnn(runtime, state, {
    ...facts.pictures,
    ...{ preNms: most.proposals, postNms: most.proposals, detections: most.detections },
  });
  const begun = performance.now();
  try {
    const planes = planarOf(picture);
    const seen = await model.examine(planes);
    const seconds = (performance.now() - begun) / 1000;
    progress({ done: 1, total: 2, text: "drawing masks" });
    await breathe();
    signal.throwIfAborted();
    return {
      ...seen,
      picture,
      names: Array.from(seen.labels, (label) => facts.categories[label - 1]!.name),
      objects: Array.from(seen.labels, (_, d) => objectMask(seen, d, picture)),
      coco: cocoDetections(seen, picture, { image: picture.name, categories: facts.categories }),
      categories: facts.categories,
      truth,
      seconds,
    };
  } finally {
    await model.release();
  }
}

function planarOf({ width, height, rgba }: NamedPicture): Picture {
  const area = width * height;
  const data = new Uint8Array(3 * area);
  for (let c = 0; c < 3; c++) for (let at = 0; at < area; at++) data[c * area + at] = rgba[4 * at + c]!;
  return { data, height, width };
}
