// reprise mask-rcnn predict: overlays and COCO results of pictures and videos.
import { extname, join } from "node:path";
import type { CocoDetection } from "@reprise/data";
import {
  createFolder,
  readBytes,
  readImage,
  readVideoFile,
  writeFileAtomic,
  writeImage,
  writeVideoFile,
} from "@reprise/data/node";
import type { Runtime } from "@reprise/engine";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { OptionValues } from "@reprise/experiment";
import { UsageError, type VerbContext, type VerbResult } from "@reprise/experiment/verb";
import { ExportedMaskRcnn } from "../exported.ts";
import { MaskRcnn, type Segmentation } from "../mask-rcnn.ts";
import type { Category } from "../model-file.ts";
import { overlay } from "../overlay.ts";
import { cocoDetections } from "../results.ts";
import type { Picture } from "../transform.ts";
import type { predictOptions } from "./options.ts";
import { frameOf, isVideo, type PredictInput, predictInputs, setFrame } from "./predict-inputs.node.ts";
import { readModel } from "./read-model.node.ts";

interface Segmenter {
  segment(pictures: readonly Picture[]): Promise<readonly Segmentation[]>;
  release(): Promise<void>;
}

type PredictValues = OptionValues<typeof predictOptions>;

export async function predictVerb({
  args,
  options,
  signal,
  onStop,
  progress,
}: VerbContext<PredictValues>): Promise<VerbResult> {
  const { model: path, out, score, framesPerSecond, threads } = options;
  const inputs = await predictInputs(args);
  const runtime = nodeWorkerRuntime(threads === undefined ? {} : { threads });
  const results: CocoDetection[] = [];
  const overlays: string[] = [];
  const lines: string[] = [];
  let pictures = 0;
  onStop(() => `${overlays.length} overlays are in ${out}; results.json was not written.`);
  try {
    const { model, categories } = await openModel(runtime, options);
    await createFolder(out);
    const names = new Map(categories.map(({ id, name }) => [id, name]));

    /** The overlay of one picture, whose detections become results. */
    const segmented = async (picture: Picture, image: string) => {
      signal.throwIfAborted();
      const [all] = await model.segment([picture]);
      const found = above(all!, score);
      const own = cocoDetections(found, picture, { image, categories });
      results.push(...own);
      pictures++;
      return { own, drawn: overlay(picture, found, { score }) };
    };

    const ofPicture = async ({ path: file, id }: PredictInput) => {
      const { data, shape } = await readImage(file, { channels: 3 });
      const [height, width] = shape.slice(-2) as [number, number];
      const { own, drawn } = await segmented({ data, height, width }, id);
      const said = own.map(({ category_id, score: sure }) => `${names.get(category_id)} ${sure.toFixed(2)}`);
      lines.push(`${id}: ${said.join(", ") || "nothing"}`);
      const target = join(out, `${id}.png`);
      await writeImage(target, drawn);
      overlays.push(target);
    };

    const ofVideo = async ({ path: file, id }: PredictInput, nth: string) => {
      const video = await readVideoFile(file, {
        signal,
        ...(framesPerSecond === undefined ? {} : { framesPerSecond }),
      });
      const T = video.shape[0]!;
      const before = results.length;
      for (let t = 0; t < T; t++) {
        progress.show(`${nth}: frame ${t + 1} of ${T}`);
        const { drawn } = await segmented(frameOf(video, t), frameId(id, t));
        setFrame(video, t, drawn.data); // a frame is not needed again: the overlays take its place
      }
      lines.push(`${id}: ${results.length - before} objects in ${T} frames`);
      const target = join(out, `${id}${videoEnding(file)}`);
      const seconds = video.times[T - 1]! - video.times[0]!;
      const rate = T > 1 && seconds > 0 ? (T - 1) / seconds : 25;
      await writeVideoFile(target, video, { framesPerSecond: rate, times: video.times, signal });
      overlays.push(target);
    };

    for (const [i, input] of inputs.entries()) {
      const nth = `${i + 1} of ${inputs.length}, ${input.path}`;
      progress.show(nth);
      await (isVideo(input.path) ? ofVideo(input, nth) : ofPicture(input));
    }
    await model.release();
    await writeFileAtomic(join(out, "results.json"), `${JSON.stringify(results)}\n`, { signal });
    progress.end();
    return {
      result: { model: path, out, pictures, overlays, results },
      text: () => [...lines, `overlays and results.json: ${out}`].join("\n"),
    };
  } finally {
    progress.end();
    await runtime.release();
  }
}

/** Image id of a video's frame, from 0. */
const frameId = (id: string, t: number) => `${id}#${t}`;

/** Overlays keep the container where it is written; of the others they are mp4. */
function videoEnding(file: string): string {
  const ending = extname(file).toLowerCase();
  return ending === ".gif" || ending === ".webm" ? ending : ".mp4";
}

async function openModel(
  runtime: Runtime,
  { model: path, score, minSize, maxSize }: PredictValues,
): Promise<{ readonly model: Segmenter; readonly categories: readonly Category[] }> {
  if (extname(path).toLowerCase() === ".onnx") {
    if (minSize !== undefined || maxSize !== undefined)
      throw new UsageError(`${path} takes pictures of one size; --min-size and --max-size are not for ONNX files.`);
    const model = await ExportedMaskRcnn.load(runtime, await readBytes(path), path);
    return { model, categories: model.categories };
  }
  const { state, facts } = await readModel(path);
  const model = new MaskRcnn(runtime, state, {
    ...facts.pictures,
    ...(minSize === undefined ? {} : { minSize }),
    ...(maxSize === undefined ? {} : { maxSize }),
    scoreThreshold: score,
  });
  return { model, categories: facts.categories };
}

/** Detections of at least a score: an ONNX file has its own threshold inside. */
function above(found: Segmentation, score: number): Segmentation {
  const { boxes, scores, labels, masks } = found;
  const kept = scores.findIndex((value) => value < score); // best first
  if (kept < 0) return found;
  const area = masks.length / labels.length;
  return {
    boxes: boxes.slice(0, 4 * kept),
    scores: scores.slice(0, kept),
    labels: labels.slice(0, kept),
    masks: masks.slice(0, area * kept),
  };
}
