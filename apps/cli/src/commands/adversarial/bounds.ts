import { join } from "node:path";
import { csvOf, type LayerBound, modelBounds } from "@reprise/adversarial";
import { createFolder, readBytes, writeFileAtomic } from "@reprise/data/node";
import { importOnnx, ModelError } from "@reprise/engine";
import { markdownTable, ProgressLine, printResult, textTable } from "../../report.ts";

interface BoundsFlags {
  readonly shape?: readonly number[];
  readonly grid: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** Operator norms of a model's layers, from both sides, and their product. */
export async function boundsVerb(path: string, { shape, grid, out, json }: BoundsFlags): Promise<void> {
  if (out !== undefined) await createFolder(out); // fails before the work, not after it
  const model = importOnnx(await readBytes(path), { name: path });
  const declared = model.inputs[0]?.shape?.slice(1);
  const image = shape ?? declared;
  if (model.inputs.length !== 1 || !image?.every((dim): dim is number => typeof dim === "number" && dim > 0))
    throw new ModelError(
      `${path}: its inputs are ${model.inputs.map(({ name, shape: s }) => `${name} [${s?.join(", ") ?? "?"}]`).join(", ")}; ` +
        "expected one image input of known size. Give --shape, e.g. 3,224,224.",
    );
  const progress = new ProgressLine();
  let before = "";
  const bounds = modelBounds(model, [1, ...image], {
    oversampling: grid,
    onWork: ({ name, weight }) => progress.show(`${before}at ${name}, ${weight.join(" × ")}`),
    onLayer: ({ name, bound }) => {
      before = `${name} ${bound.toPrecision(4)}; `;
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
  printResult(json, report, () => [textTable(head, rows), "", ...notes].join("\n"));
}

const csvRow = ({ weight, ...layer }: LayerBound) => ({ ...layer, weight: weight.join("x") });
