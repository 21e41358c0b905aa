// reprise mask-rcnn inspect: what network a file holds.
import { textTable } from "@reprise/experiment";
import type { VerbContext, VerbResult } from "@reprise/experiment/verb";
import { readWeights } from "./read-model.node.ts";

export async function inspectVerb({ args }: VerbContext): Promise<VerbResult> {
  const [path] = args as [string];
  const { state, facts } = await readWeights(path);
  const parts = new Map<string, { arrays: number; weights: number }>();
  for (const [name, { data }] of Object.entries(state)) {
    const part = name
      .split(".")
      .slice(0, name.startsWith("backbone.body") ? 3 : 2)
      .join(".");
    const { arrays, weights } = parts.get(part) ?? { arrays: 0, weights: 0 };
    parts.set(part, { arrays: arrays + 1, weights: weights + data.length });
  }
  const classes = state["roi_heads.box_predictor.cls_score.bias"]?.shape[0] ?? null;
  const weights = [...parts.values()].reduce((sum, part) => sum + part.weights, 0);
  const result = { file: path, classes, weights, parts: Object.fromEntries(parts), facts };
  return {
    result,
    text: () =>
      [
        `${path}: ${weights.toLocaleString("en")} weights, ${classes ?? "no"} classes with the background`,
        ...(facts
          ? [
              `classes: ${facts.categories.map(({ id, name }) => `${id} ${name}`).join(", ")}`,
              `pictures: shorter side ${facts.pictures.minSize}, longer side at most ${facts.pictures.maxSize}; anchors ${facts.pictures.anchorSizes.join(", ")}`,
              ...(facts.command ? [`made by: ${facts.command}`] : []),
            ]
          : []),
        "",
        textTable(
          ["part", "arrays", "weights"],
          [...parts].map(([name, part]) => [name, String(part.arrays), part.weights.toLocaleString("en")]),
        ),
      ].join("\n"),
  };
}
