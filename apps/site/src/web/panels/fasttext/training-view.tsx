// A training, or two: loss as it falls, speed, accuracy.
import type { Trained, TrainingSoFar } from "../../../run/fasttext/training.ts";
import { LossChart } from "./loss-chart.tsx";
import { accuracy, count, percent, seconds, titles } from "./wording.ts";

interface Props {
  readonly runs: readonly TrainingSoFar[];
  readonly epochs: number;
  /** Those of them that have ended. */
  readonly finished: readonly Trained[];
}

export function TrainingView({ runs, epochs, finished }: Props) {
  return (
    <section class="training" aria-label="Training">
      <LossChart runs={runs} epochs={epochs} />
      <table>
        <caption>{finished.length > 0 ? "What was learnt" : "So far"}</caption>
        <thead>
          <tr>
            <td />
            {runs.map(({ loss }) => (
              <th key={loss} scope="col">
                {titles[loss]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Row name="Mean loss" values={runs.map(({ curve }) => curve.at(-1)?.[1].toFixed(3) ?? "…")} />
          <Row name="Words/s" values={runs.map(({ wordsPerSecond }) => count(wordsPerSecond))} />
          {finished.length > 0 ? (
            <>
              <Row name="Time" values={finished.map((run) => seconds(run.seconds))} />
              <Row name="P@1, held-out lines" values={finished.map(accuracy)} />
              <Row name="Lines tested" values={finished.map(({ tested }) => count(tested))} />
              <Row name="Labels" values={finished.map(({ labels }) => count(labels))} />
              <Row name="Words known" values={finished.map(({ words }) => count(words))} />
            </>
          ) : (
            <>
              <Row name="Learning rate" values={runs.map(({ lr }) => lr.toFixed(3))} />
              <Row
                name="P@1, some held-out lines"
                values={runs.map(({ heldOut }) =>
                  heldOut === undefined || Number.isNaN(heldOut) ? "…" : percent(heldOut),
                )}
              />
            </>
          )}
        </tbody>
      </table>
    </section>
  );
}

function Row({ name, values }: { name: string; values: readonly string[] }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      {values.map((value, i) => (
        <td key={i}>{value}</td>
      ))}
    </tr>
  );
}
