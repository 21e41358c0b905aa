// A training, or two: loss as it falls, speed, accuracy.
import type { Trained, TrainingSoFar } from "../../../run/fasttext/training.ts";
import type { View } from "../../panel.ts";
import { accuracy, count, percent, seconds, titles } from "./wording.ts";

/** @param finished  those of them that have ended: all or none */
export function trainingViews(
  runs: readonly TrainingSoFar[],
  epochs: number,
  finished: readonly Trained[],
): readonly View[] {
  const row = <Run>(name: string, of: readonly Run[], value: (run: Run) => string) => [name, ...of.map(value)];
  return [
    {
      kind: "line",
      caption: "Mean loss since the start.",
      x: "epoch",
      y: "loss",
      lines: runs.map(({ loss, curve }) => ({ name: titles[loss], points: curve })),
      xDomain: [0, epochs],
    },
    {
      kind: "table",
      caption: finished.length > 0 ? "What was learnt" : "So far",
      columns: ["Measure", ...runs.map(({ loss }) => titles[loss])],
      rows: [
        row("Mean loss", runs, ({ curve }) => curve.at(-1)?.[1].toFixed(3) ?? "…"),
        row("Words/s", runs, ({ wordsPerSecond }) => count(wordsPerSecond)),
        ...(finished.length > 0
          ? [
              row("Time", finished, (run) => seconds(run.seconds)),
              row("P@1, held-out lines", finished, accuracy),
              row("Lines tested", finished, ({ tested }) => count(tested)),
              row("Labels", finished, ({ labels }) => count(labels)),
              row("Words known", finished, ({ words }) => count(words)),
            ]
          : [
              row("Learning rate", runs, ({ lr }) => lr.toFixed(3)),
              row("P@1, some held-out lines", runs, ({ heldOut }) =>
                heldOut === undefined || Number.isNaN(heldOut) ? "…" : percent(heldOut),
              ),
            ]),
      ],
    },
    ...finished
      .filter(({ clouds }) => clouds.length > 0)
      .map(
        ({ loss, clouds }): View => ({
          kind: "line",
          caption: `Documents of the ${clouds.length} commonest labels, by their two hidden units (${titles[loss]}).`,
          x: "first hidden unit",
          y: "second",
          lines: clouds.map(({ label, points }) => ({ name: label, points })),
          joined: false,
        }),
      ),
  ];
}
