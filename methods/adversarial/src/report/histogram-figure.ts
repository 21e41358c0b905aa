import { histogram, shortNumber, svgDocument } from "@reprise/chart";
import { median } from "@reprise/data";

export interface HistogramOptions {
  /** What the values are, for the axis. */
  readonly label?: string;
  readonly bins?: number;
}

/** Values as a histogram in SVG, their median as a dashed line. @throws RangeError for values that are not finite */
export function histogramFigure(
  values: readonly number[],
  { label = "distortion, RMS per pixel", bins = 20 }: HistogramOptions = {},
): string {
  const finite = values.length > 0 && values.every(Number.isFinite);
  const middle = finite ? median(values) : null;
  return svgDocument(
    histogram(values, {
      title: `Histogram: ${label}`,
      label: `${label}; ${values.length} images`,
      bins,
      ...(middle === null ? {} : { reference: { x: middle, label: `median ${shortNumber(middle)}` } }),
    }),
  );
}
