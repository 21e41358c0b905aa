// The panel "Mask R-CNN" in its Web Worker: engine and method on ONNX Runtime's WASM.
import { modelFile, paperKey, type SegmentInputs } from "./mask-rcnn/inputs.ts";
import { generatedPicture, type NamedPicture, type SegmentResult, segment } from "./mask-rcnn/segment.ts";
import { openRuntime } from "./open-runtime.ts";
import { breathe, type RunContext, serveTasks } from "./serve-tasks.ts";
import { siteFile } from "./site-file.ts";

export interface SegmentMessage {
  readonly inputs: SegmentInputs;
  readonly photo: NamedPicture | undefined;
}

const tasks = { segment: segmentTask };
export type MaskRcnnTasks = typeof tasks;
serveTasks(tasks);

async function segmentTask({ inputs, photo }: SegmentMessage, context: RunContext<never>): Promise<SegmentResult> {
  const [bytes, opened] = await Promise.all([
    siteFile(`/content/${paperKey}/models/${modelFile}`, "the network"),
    openRuntime(context),
  ]);
  const given = photo ? { picture: photo, truth: null } : await generatedPicture(inputs.number);
  return segment(bytes, given, { ...context, runtime: opened, breathe });
}
