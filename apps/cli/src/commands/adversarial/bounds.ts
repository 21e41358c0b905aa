import { modelBounds } from "@reprise/adversarial";
import { readBytes } from "@reprise/data/node";
import { importOnnx, ModelError } from "@reprise/engine";
import { ProgressLine, printResult, textTable } from "../../report.ts";

interface BoundsFlags {
  readonly shape?: readonly number[];
  readonly grid: number;
  readonly json?: boolean;
}

/** Operator norms of a model's layers and their product. */
export async function boundsVerb(path: string, { shape, grid, json }: BoundsFlags): Promise<void> {
  const model = importOnnx(await readBytes(path), { name: path });
  const declared = model.inputs[0]?.shape?.slice(1);
  const image = shape ?? declared;
  if (model.inputs.length !== 1 || !image?.every((dim): dim is number => typeof dim === "number" && dim > 0))
    throw new ModelError(
      `${path}: its inputs are ${model.inputs.map(({ name, shape: s }) => `${name} [${s?.join(", ") ?? "?"}]`).join(", ")}; ` +
        "expected one image input of known size. Give --shape, e.g. 3,224,224.",
    );
  const progress = new ProgressLine();
  const bounds = modelBounds(model, [1, ...image], {
    grid,
    onLayer: ({ name, bound }) => progress.show(`${name}  ${bound.toPrecision(4)}`),
  });
  progress.end();
  printResult(json, { model: path, grid, ...bounds }, () =>
    [
      textTable(
        ["layer", "operator", "weight", "stride", "bound"],
        bounds.layers.map(({ name, op, weight, stride, bound }) => [
          name,
          op,
          weight.join(" × "),
          String(stride),
          bound.toPrecision(4),
        ]),
      ),
      "",
      `product ${bounds.product.toExponential(3)}`,
      ...(bounds.chain ? [] : ["The model has branches that meet again: the product bounds no part but a chain."]),
      ...(bounds.uncounted.length > 0 ? [`Not counted, and may stretch: ${bounds.uncounted.join(", ")}.`] : []),
    ].join("\n"),
  );
}
