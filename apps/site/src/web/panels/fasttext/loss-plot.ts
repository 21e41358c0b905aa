// Where the lines of the loss chart run, in SVG units; for the page and for the stored figure.
import type { LossChoice } from "../../../run/fasttext/inputs.ts";
import type { TrainingSoFar } from "../../../run/fasttext/training.ts";
import { titles } from "./wording.ts";

const height = 200;
const margin = { left: 34, right: 8, top: 10, bottom: 22 };

export interface LossPlot {
  readonly width: number;
  readonly height: number;
  /** `points` as an SVG polyline has them. */
  readonly lines: readonly { readonly loss: LossChoice; readonly points: string }[];
  readonly ticks: readonly { readonly x1: number; readonly x2: number; readonly y: number; readonly text: string }[];
  /** The chart for those who do not see it. */
  readonly words: string;
}

type Curves = readonly Pick<TrainingSoFar, "loss" | "curve">[];

/** The loss from 0 upwards, epochs from 0 to `epochs`. */
export function lossPlot(runs: Curves, epochs: number, width = 400): LossPlot {
  const most = Math.max(0.1, ...runs.flatMap(({ curve }) => curve.map(([, loss]) => loss)));
  const step = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find((size) => most / size <= 4.5) ?? most;
  const x = (epoch: number) => margin.left + ((width - margin.left - margin.right) * epoch) / epochs;
  const y = (loss: number) => height - margin.bottom - ((height - margin.top - margin.bottom) * loss) / (1.05 * most);
  return {
    width,
    height,
    lines: runs.map(({ loss, curve }) => ({
      loss,
      points: curve.map(([epoch, value]) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`).join(" "),
    })),
    ticks: Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => ({
      x1: margin.left,
      x2: width - margin.right,
      y: y(i * step),
      text: String(Number((i * step).toPrecision(3))),
    })),
    words: runs.map(inWords).join(" ") || "No loss yet.",
  };
}

function inWords({ loss, curve }: Curves[number]): string {
  const [first, last] = [curve[0], curve.at(-1)];
  if (!first || !last) return `Mean loss with ${titles[loss]}: none yet.`;
  return `Mean loss with ${titles[loss]}: ${first[1].toFixed(2)} at epoch ${first[0].toFixed(1)}, ${last[1].toFixed(2)} at epoch ${last[0].toFixed(1)}.`;
}
