// reprise mask-rcnn export: one ONNX file, suppression inside.
import { writeFileAtomic } from "@reprise/data/node";
import type { OptionValues } from "@reprise/experiment";
import type { VerbContext, VerbResult } from "@reprise/experiment/verb";
import { exportMaskRcnn } from "../export.ts";
import { categoriesKey } from "../exported.ts";
import type { exportOptions } from "./options.ts";
import { readModel } from "./read-model.node.ts";

export async function exportVerb({
  args,
  options: { out, height, width, score: scoreThreshold, detections, proposals },
  signal,
  command,
}: VerbContext<OptionValues<typeof exportOptions>>): Promise<VerbResult> {
  const [path] = args as [string];
  const { state, facts } = await readModel(path);
  const { canonicalSize = 224, ...pictures } = facts.pictures;
  const bytes = exportMaskRcnn(state, {
    ...{ ...pictures, canonicalSize, height, width, scoreThreshold, detections },
    ...{ preNms: proposals, postNms: proposals },
    metadata: {
      command,
      classes: facts.categories.map(({ id, name }) => `${id} ${name}`).join(", "),
      [categoriesKey]: JSON.stringify(facts.categories),
    },
  });
  await writeFileAtomic(out, bytes, { signal });
  const result = { model: path, out, bytes: bytes.length, height, width };
  return {
    result,
    text: () =>
      `${out}: ${(bytes.length / 1e6).toFixed(1)} MB; image [1, 3, ${height}, ${width}] of 0 … 255 → boxes, scores, labels, masks, count`,
  };
}
