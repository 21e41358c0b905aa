import { join } from "node:path";
import { csvOf } from "@reprise/data";
import { writeFileAtomic } from "@reprise/data/node";
import { importOnnx, ModelError } from "@reprise/engine";
import type { VerbContext, VerbResult } from "@reprise/experiment";
import { markdownTable, textTable } from "@reprise/experiment";
import { hashOf, type OutFolder, openOutFolder } from "@reprise/experiment/node";
import { readModelFile } from "@reprise/nn/node";
import { type LayerBound, modelBounds } from "../index.ts";
import { openJournal } from "./attack-runs.node.ts";
import { boundsFiles } from "./out-files.node.ts";

interface BoundsFlags {
  readonly shape?: readonly number[];
  readonly grid: number;
  readonly out?: string;
}

/**
 * Operator norms of a model's layers, from both sides, and their product. With --out each layer is kept as soon as it is
 * known: within a layer nothing else runs, so that Ctrl-C ends the process.
 */
export async function boundsVerb(path: string, flags: BoundsFlags, context: VerbContext): Promise<VerbResult> {
  const { out } = flags;
  const folder = out === undefined ? undefined : await openOutFolder(out, boundsFiles); // fails before the work
  try {
    return await boundsInto(folder, path, flags, context);
  } finally {
    folder?.release();
  }
}

async function boundsInto(
  folder: OutFolder | undefined,
  path: string,
  { shape, grid, out }: BoundsFlags,
  { progress }: VerbContext,
): Promise<VerbResult> {
  const bytes = await readModelFile(path);
  const model = importOnnx(bytes, { name: path });
  const declared = model.inputs[0]?.shape?.slice(1);
  const image = shape ?? declared;
  if (model.inputs.length !== 1 || !image?.every((dim): dim is number => typeof dim === "number" && dim > 0))
    throw new ModelError(
      `${path}: its inputs are ${model.inputs.map(({ name, shape: s }) => `${name} [${s?.join(", ") ?? "?"}]`).join(", ")}; ` +
        "expected one image input of known size. Give --shape, e.g. 3,224,224.",
    );
  const journal =
    out === undefined ? undefined : await openJournal(out, { verb: "bounds", model: hashOf(bytes), image, grid });
  await folder?.clear();
  let before = "";
  const bounds = await modelBounds(model, [1, ...image], {
    oversampling: grid,
    known: (place) => journal?.get("layer", place)?.value as LayerBound | undefined,
    onWork: ({ name, weight }) => progress.show(`${before}at ${name}, ${weight.join(" × ")}`),
    onLayer: async (layer, place) => {
      before = `${layer.name} ${layer.bound.toPrecision(4)}; `;
      journal?.put("layer", place, layer, undefined);
      await journal?.flush();
    },
  });
  progress.end();
  const { layers, product, productOfWeights, chain, uncounted } = bounds;
  const head = ["layer", "operator", "weight", "stride", "at least", "at most"];
  const rows = layers.map(({ name, op, weight, stride, lower, bound }) => [
    name,
    op,
    weight.length > 0 ? weight.join(" × ") : "–",
    String(stride),
    lower.toPrecision(5),
    bound.toPrecision(5),
  ]);
  const notes = [
    `Product of the upper bounds: ${product.toExponential(3)}` +
      (product === productOfWeights
        ? "."
        : `; of the layers with weights alone, as in the paper: ${productOfWeights.toExponential(3)}.`),
    ...(chain ? [] : ["The model has branches that meet again: the product bounds no part but a chain."]),
    ...(uncounted.length > 0 ? [`Not counted, and may stretch: ${uncounted.join(", ")}.`] : []),
  ];
  const report = { model: path, grid, ...bounds };
  if (out !== undefined) {
    await writeFileAtomic(join(out, "bounds.md"), [markdownTable(head, rows), "", ...notes, ""].join("\n"));
    await writeFileAtomic(join(out, "bounds.csv"), csvOf(layers.map(csvRow)));
    await writeFileAtomic(join(out, "bounds.json"), `${JSON.stringify(report, null, 2)}\n`);
  }
  await journal?.remove();
  return { result: report, text: () => [textTable(head, rows), "", ...notes].join("\n") };
}

const csvRow = ({ weight, ...layer }: LayerBound) => ({ ...layer, weight: weight.join("x") });
