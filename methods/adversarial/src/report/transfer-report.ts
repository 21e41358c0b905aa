// A transfer table as a heat map, as Markdown and as CSV.
import { heatMap, svgDocument } from "@reprise/chart";
import { csvOf, percentText } from "@reprise/data";
import type { TransferTable } from "../transfer.ts";

/** The table as an SVG: the redder a cell, the more images its column gets wrong. */
export function transferFigure({ columns, rows }: TransferTable): string {
  return svgDocument(
    heatMap({
      title: "Error induced",
      rows: rows.map(({ name }) => name),
      columns,
      cellWidth: 92,
      cellHeight: 30,
      cell(r, c) {
        const { rate, low, high, of } = rows[r]!.errors[c]!;
        const light = Math.round(97 - 55 * rate);
        return {
          fill: `hsl(12 75% ${light}%)`,
          ink: light < 60 ? "#fff" : "#111",
          text: percentText(rate),
          title: `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} % at 95 %, of ${of} images`,
        };
      },
    }),
  );
}

/** The table in Markdown: errors in percent with their 95 % intervals. */
export function transferMarkdown({ columns, rows }: TransferTable): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  return [
    `| images | distortion | ${columns.map(cell).join(" | ")} |`,
    `|---|---:|${columns.map(() => "---:").join("|")}|`,
    ...rows.map(
      ({ name, distortion, errors }) =>
        `| ${cell(name)} | ${distortion.toFixed(4)} | ${errors
          .map(
            ({ rate, low, high }) =>
              `${(100 * rate).toFixed(1)} (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`,
          )
          .join(" | ")} |`,
    ),
    "",
  ].join("\n");
}

/** The table as CSV, a line a cell: images, distortion, model, errors, of, rate, low, high. */
export function transferCsv({ columns, rows }: TransferTable): string {
  return csvOf(
    rows.flatMap(({ name, distortion, errors }) =>
      errors.map(({ count, of, rate, low, high }, c) => ({
        images: name,
        distortion,
        model: columns[c]!,
        errors: count,
        of,
        rate,
        low,
        high,
      })),
    ),
  );
}
