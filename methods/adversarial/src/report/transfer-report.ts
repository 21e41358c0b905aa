// A transfer table as a heat map, as Markdown and as CSV.
import { csvOf } from "@reprise/data";
import type { TransferTable } from "../transfer.ts";
import { escapeXml, svgDocument } from "./svg.ts";

/** The table as an SVG: the redder a cell, the more images its column gets wrong. */
export function transferFigure({ columns, rows }: TransferTable): string {
  const labels = 12 + 7 * Math.max(...rows.map(({ name }) => name.length));
  const [cell, line, top] = [92, 30, 40];
  const body = columns.map((column, c) => {
    const short = column.length > 13 ? `…${column.slice(-12)}` : column;
    return (
      `<text x="${labels + c * cell + cell / 2}" y="${top - 12}" text-anchor="middle">` +
      `<title>${escapeXml(column)}</title>${escapeXml(short)}</text>`
    );
  });
  for (const [r, { name, errors }] of rows.entries()) {
    const y = top + r * line;
    body.push(`<text x="${labels - 8}" y="${y + line / 2 + 4}" text-anchor="end">${escapeXml(name)}</text>`);
    for (const [c, { rate, low, high, of }] of errors.entries()) {
      const light = Math.round(97 - 55 * rate);
      body.push(
        `<rect x="${labels + c * cell}" y="${y}" width="${cell}" height="${line}" fill="hsl(12 75% ${light}%)" stroke="#fff">` +
          `<title>${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} % at 95 %, of ${of} images</title></rect>`,
        `<text x="${labels + c * cell + cell / 2}" y="${y + line / 2 + 4}" text-anchor="middle" ` +
          `fill="${light < 60 ? "#fff" : "#111"}">${(100 * rate).toFixed(1)} %</text>`,
      );
    }
  }
  return svgDocument(labels + columns.length * cell + 8, top + rows.length * line + 8, "Error induced", body);
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
