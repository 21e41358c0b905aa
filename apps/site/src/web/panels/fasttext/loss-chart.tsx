// The mean loss over the epochs: a line for softmax, a dashed one for hierarchical softmax.
import { Fragment } from "preact";
import type { TrainingSoFar } from "../../../run/fasttext/training.ts";
import { useWidth } from "../../use-width.ts";
import { lossPlot } from "./loss-plot.ts";
import { titles } from "./wording.ts";

export function LossChart({ runs, epochs }: { runs: readonly TrainingSoFar[]; epochs: number }) {
  const [box, width] = useWidth();
  const { height, lines, ticks, words } = lossPlot(runs, epochs, width);
  return (
    <figure class="loss-chart">
      <div ref={box}>
        <svg viewBox={`0 0 ${width} ${height}`} height={height} role="img" aria-label={words}>
          {ticks.map(({ x1, x2, y, text }) => (
            <g key={text}>
              <line class="grid" x1={x1} x2={x2} y1={y} y2={y} />
              <text x={x1 - 6} y={y + 4} text-anchor="end">
                {text}
              </text>
            </g>
          ))}
          <text x={width - 8} y={height - 4} text-anchor="end">
            {epochs} epochs →
          </text>
          {lines.map(({ loss, points }) => (
            <polyline key={loss} class={loss} points={points} fill="none" />
          ))}
        </svg>
      </div>
      <figcaption>
        Mean loss since the start.{" "}
        {runs.length > 1 &&
          runs.map(({ loss }) => (
            <Fragment key={loss}>
              <span class="loss-key">
                <svg viewBox="0 0 24 6" width="24" height="6" aria-hidden="true">
                  <polyline class={loss} points="0,3 24,3" />
                </svg>{" "}
                {titles[loss]}
              </span>{" "}
            </Fragment>
          ))}
      </figcaption>
    </figure>
  );
}
