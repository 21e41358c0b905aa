// The files of an attack's report.
import { join } from "node:path";
import { svgDocument } from "@reprise/chart";
import { csvOf } from "@reprise/data";
import { writeChart, writeFileAtomic } from "@reprise/data/node";
import { flipped } from "../flip-list.ts";
import type { QuantizedModel } from "../run/model.node.ts";
import { accuracyCurve, flipMap } from "./charts.ts";
import type { AttackDocument } from "./document.ts";

/** What a run writes, and removes of an earlier one. */
export const reportFiles: readonly RegExp[] = [
  /^results\.json$/,
  /^flips\.csv$/,
  /^(accuracy|map)\.(svg|png)$/,
  /^(quantised|flipped)\.onnx$/,
];

/** results.json, flips.csv, curve and map as SVG and PNG, and the clean and the flipped model. */
export async function writeReport(folder: string, model: QuantizedModel, document: AttackDocument): Promise<void> {
  const { flips } = document;
  await writeFileAtomic(join(folder, "quantised.onnx"), model.bytes);
  await writeFileAtomic(join(folder, "flipped.onnx"), flipped(model.bytes, flips, { name: model.name }));
  const rows = flips.map(({ address, ...flip }) => ({ ...flip, byte: address.byte, mask: address.mask }));
  await writeFileAtomic(join(folder, "flips.csv"), csvOf(rows));
  if (document.before.accuracy !== null) await writeChart(folder, "accuracy", svgDocument(accuracyCurve(document)));
  const names = model.network.layers.map(({ name }) => name);
  await writeChart(folder, "map", svgDocument(flipMap(names, document)));
  // Last: where it is, everything is.
  await writeFileAtomic(join(folder, "results.json"), `${JSON.stringify(document, null, 2)}\n`);
}
