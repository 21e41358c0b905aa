// Pictures of a training: the loss over its steps, and the confusion matrix of a test.
import { heatMap, lineChart, svgDocument } from "@reprise/chart";

export interface LossPoint {
  readonly step: number;
  readonly loss: number;
}

const trainColour = "#2b6cb0";
const testColour = "#c05621";
/** More points than pixels would only make the file large. */
const MAX_POINTS = 400;

/**
 * The loss curve: training loss averaged over equal runs of steps, and the test loss at every evaluation, as a number
 * where it is more than twice any training loss. A loss that is not finite is left out.
 *
 * @param title  a line above the picture
 */
export function lossCurve(
  train: readonly LossPoint[],
  test: readonly LossPoint[],
  { title }: { readonly title: string },
): string {
  const training = averaged(train.filter(finite));
  const tested = test.filter(finite);
  // The first epochs' running statistics can make a test loss that would press all others to the ground.
  const limit = training.length > 0 ? 2 * Math.max(...training.map(({ loss }) => loss)) : Infinity;
  const most = Math.max(1e-6, ...[...training, ...tested].map(({ loss }) => loss).filter((loss) => loss <= limit));
  const points = (of: readonly LossPoint[]) => of.map(({ step, loss }) => ({ x: step, y: loss }));
  const series = [
    { name: "training loss", colour: trainColour, points: points(training) },
    { name: "test loss", colour: testColour, mark: "disc" as const, above: "noted" as const, points: points(tested) },
  ];
  return svgDocument(
    lineChart(
      series.filter((_, i) => i === 0 || tested.length > 0),
      {
        title,
        heading: title,
        x: { label: "step" },
        y: { domain: [0, most] },
        legend: "top",
        width: 720,
        height: 420,
      },
    ),
  );
}

/**
 * The confusion matrix as squares: blue what was right, orange what was wrong, darker with the square root of its share of
 * the row, so that rare mistakes are seen. Counts stand in squares that are large enough for them.
 *
 * @param matrix  rows labels, columns predictions, [K][K]
 */
export function confusionPicture(
  matrix: readonly (readonly number[])[],
  classes: readonly string[],
  { title }: { readonly title: string },
): string {
  const size = Math.max(2, Math.min(34, Math.floor(900 / classes.length)));
  const totals = matrix.map((row) => row.reduce((a, b) => a + b, 0));
  return svgDocument(
    heatMap({
      title,
      heading: title,
      rows: classes,
      columns: classes,
      cellWidth: size,
      cellHeight: size,
      upright: true,
      longest: 20,
      grid: true,
      caption: "rows: label, columns: predicted",
      cell(i, j) {
        const count = matrix[i]![j]!;
        if (count === 0) return null;
        const depth = Math.sqrt(count / totals[i]!);
        return {
          fill: i === j ? trainColour : testColour,
          opacity: depth,
          text: String(count),
          ...(depth > 0.7 ? { ink: "#fff" } : {}),
          title: `${classes[i]} taken for ${classes[j]}: ${count} of ${totals[i]}`,
        };
      },
    }),
  );
}

const finite = ({ loss }: LossPoint): boolean => Number.isFinite(loss);

function averaged(points: readonly LossPoint[]): LossPoint[] {
  const run = Math.ceil(points.length / MAX_POINTS);
  return Array.from({ length: Math.ceil(points.length / run) || 0 }, (_, i) => {
    const part = points.slice(i * run, (i + 1) * run);
    return { step: part.at(-1)!.step, loss: part.reduce((sum, { loss }) => sum + loss, 0) / part.length };
  });
}
