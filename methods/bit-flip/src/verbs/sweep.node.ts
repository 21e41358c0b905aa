// reprise bit-flip sweep: the vulnerability of each layer and bit position.
import { join } from "node:path";
import { type Chart, heatMap, svgDocument } from "@reprise/chart";
import { csvOf } from "@reprise/data";
import { createFolder, writeChart, writeFileAtomic } from "@reprise/data/node";
import { nodeWorkerRuntime } from "@reprise/engine/node";
import type { OptionValues, VerbContext, VerbResult } from "@reprise/experiment";
import { namedFlip } from "../flip-list.ts";
import { graphVictim } from "../graph-victim.ts";
import { readSample, readTest } from "../run/images.node.ts";
import { defined, openModel } from "../run/model.node.ts";
import { sweep as sweepBits } from "../sweep.ts";
import type { sweepOptions } from "./options.ts";

export async function sweepVerb({
  args,
  options: chosen,
  signal,
  progress,
}: VerbContext<OptionValues<typeof sweepOptions>>): Promise<VerbResult> {
  const model = await openModel(args, chosen);
  const sample = await readSample(chosen, model);
  const test = await readTest(chosen, model);
  const runtime = nodeWorkerRuntime(defined({ threads: chosen.threads }));
  try {
    const victim = await graphVictim(runtime, model.network, sample);
    const loss = await victim.loss(signal);
    const points = await sweepBits(victim, {
      ...defined({ test }),
      signal,
      onProgress: ({ done, total }) => progress.show(`flip ${done} of ${total}`),
    });
    const rows = points.flatMap((row) =>
      row.flatMap((point) =>
        point === null
          ? []
          : [
              {
                ...namedFlip(model, point.flip),
                loss: point.loss,
                accuracy: Number.isNaN(point.accuracy) ? null : point.accuracy,
              },
            ],
      ),
    );
    const result = { model: model.name, bits: model.network.layers[0]!.bits, before: { loss }, map: rows };
    const { out } = chosen;
    if (out !== undefined) {
      await createFolder(out);
      await writeFileAtomic(
        join(out, "map.csv"),
        csvOf(rows.map(({ address, ...row }) => ({ ...row, byte: address.byte }))),
      );
      await writeChart(out, "map", svgDocument(lossMap(model.network.layers, rows, loss)));
      await writeFileAtomic(join(out, "map.json"), `${JSON.stringify(result, null, 2)}\n`);
    }
    const worst = rows.toSorted((a, b) => b.loss - a.loss).slice(0, 10);
    return {
      result,
      text: () =>
        [
          `${model.name}: loss ${loss.toFixed(4)}; the worst single flips`,
          ...worst.map(({ layer, index, bit, before, after, loss: now, accuracy }) =>
            [
              `${layer}[${index}]`.padEnd(28),
              `bit ${bit}  ${before} → ${after}  loss ${now.toFixed(4)}`,
              ...(accuracy === null ? [] : [`  accuracy ${(100 * accuracy).toFixed(1)} %`]),
            ].join(""),
          ),
        ].join("\n"),
    };
  } finally {
    await runtime.release();
  }
}

function lossMap(
  layers: readonly { readonly name: string; readonly bits: number }[],
  rows: readonly { readonly layer: string; readonly bit: number; readonly loss: number }[],
  before: number,
): Chart {
  const bits = layers[0]!.bits;
  const most = Math.max(...rows.map(({ loss }) => loss));
  return heatMap({
    title: "Loss after the best single flip of each layer and bit position",
    heading: "loss after the best single flip",
    rows: layers.map(({ name }) => name),
    columns: Array.from({ length: bits }, (_, i) => `${bits - 1 - i}`),
    cell(row, column) {
      const point = rows.find(({ layer, bit }) => layer === layers[row]!.name && bit === bits - 1 - column);
      if (!point) return null;
      const share = most > before ? Math.max(0, point.loss - before) / (most - before) : 0;
      return { fill: "#b3261e", opacity: 0.05 + 0.95 * share, title: `loss ${point.loss.toFixed(4)}` };
    },
    cellWidth: 28,
    cellHeight: 16,
    grid: true,
  });
}
