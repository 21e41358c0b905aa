// reprise mask-rcnn evaluate: COCO's twelve numbers of masks and boxes.
import { type CocoEvaluation, DataError } from "@reprise/data";
import { writeFileAtomic } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import { type OptionValues, textTable } from "@reprise/experiment";
import type { VerbContext, VerbResult } from "@reprise/experiment/verb";
import { evaluate } from "../evaluate.ts";
import { MaskRcnn } from "../mask-rcnn.ts";
import type { evaluateOptions } from "./options.ts";
import { readCoco, shapesData } from "./read-data.node.ts";
import { readModel } from "./read-model.node.ts";

export async function evaluateVerb({
  args,
  options: { model: path, images, count, seed, out, threads },
  signal,
  progress,
}: VerbContext<OptionValues<typeof evaluateOptions>>): Promise<VerbResult> {
  const [source] = args as [string];
  const { state, facts } = await readModel(path);
  const { dataset, examples } =
    source === "shapes" ? await shapesData(seed, count ?? 100) : await readCoco(source, images, count);
  const known = new Set(facts.categories.map(({ id }) => id));
  const strange = dataset.categories.filter(({ id }) => !known.has(id));
  if (strange.length > 0)
    throw new DataError(
      source,
      `has categories that ${path} does not know: ${strange.map(({ id, name }) => `${id} ${name}`).join(", ")}; it knows ${facts.categories.map(({ id, name }) => `${id} ${name}`).join(", ")}.`,
    );
  const runtime = nodeWorkerRuntime(threads === undefined ? {} : { threads });
  try {
    const model = new MaskRcnn(runtime, state, facts.pictures);
    const { segm, bbox, detections } = await evaluate(model, dataset, examples, {
      categories: facts.categories,
      signal,
      onProgress: ({ done, total }) => progress.show(`picture ${done} of ${total}`),
    });
    await model.release();
    progress.end();
    if (out) await writeFileAtomic(out, `${JSON.stringify(detections)}\n`, { signal });
    const result = { model: path, pictures: dataset.images.length, detections: detections.length, segm, bbox };
    return { result, text: () => evaluationText(segm, bbox) };
  } finally {
    progress.end();
    await runtime.release();
  }
}

function evaluationText(segm: CocoEvaluation, bbox: CocoEvaluation): string {
  const known = (value: number) => (value < 0 ? "–" : value.toFixed(3));
  return [
    textTable(
      ["", "masks", "boxes"],
      segm.names.map((name, i) => [name, segm.stats[i]!.toFixed(3), bbox.stats[i]!.toFixed(3)]),
    ),
    "",
    textTable(
      ["category", "objects", "mask AP", "AP50", "AP75", "box AP"],
      segm.perCategory.map(({ name, truths, ap, ap50, ap75 }, k) => [
        name,
        String(truths),
        ...[ap, ap50, ap75, bbox.perCategory[k]!.ap].map(known),
      ]),
    ),
  ].join("\n");
}
