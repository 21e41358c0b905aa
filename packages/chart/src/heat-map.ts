// A table as coloured cells: confusion matrices, errors of one model on images made for another.
import { text } from "./axis.ts";
import { cut, faint, ink, textWidth } from "./style.ts";
import { type Chart, element, type SvgElement } from "./svg.ts";

export interface Cell {
  readonly fill: string;
  /** 0 to 1; 1 where left out. */
  readonly opacity?: number;
  readonly text?: string;
  /** Colour of the text. */
  readonly ink?: string;
  /** Shown where the pointer rests. */
  readonly title?: string;
  readonly class?: string;
}

export interface HeatMapOptions {
  readonly title: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** By place; null leaves the cell empty. */
  readonly cell: (row: number, column: number) => Cell | null;
  /** Of one cell, in px; names and texts are left out where they do not fit. */
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Column names upwards instead of across. */
  readonly upright?: boolean;
  /** Most characters of a name. */
  readonly longest?: number;
  readonly heading?: string;
  /** A line below. */
  readonly caption?: string;
  readonly grid?: boolean;
}

export function heatMap({
  title,
  rows,
  columns,
  cell,
  cellWidth,
  cellHeight,
  upright = false,
  longest = 60,
  heading,
  caption,
  grid = false,
}: HeatMapOptions): Chart {
  const named = cellHeight >= 9;
  const fontSize = Math.min(12, cellHeight);
  const room = (names: readonly string[]) =>
    named ? 12 + Math.ceil((fontSize / 12) * Math.max(0, ...names.map((name) => textWidth(cut(name, longest))))) : 12;
  const left = room(rows) + 8;
  const top = (heading ? 36 : 8) + (upright ? room(columns) : named ? 32 : 0);
  const [across, down] = [columns.length * cellWidth, rows.length * cellHeight];
  const width = Math.max(
    left + across + 12,
    heading ? 8 * heading.length + 20 : 0,
    caption ? textWidth(caption) + 24 : 0,
  );
  const children: SvgElement[] = [
    ...(heading ? [text(width / 2, 22, heading, { "text-anchor": "middle", "font-size": 14 })] : []),
    ...rows.flatMap((_, r) =>
      columns.flatMap((_, c) =>
        drawCell(cell(r, c), left + c * cellWidth, top + r * cellHeight, cellWidth, cellHeight),
      ),
    ),
    ...(grid ? drawGrid(rows.length, columns.length, named, { left, top, cellWidth, cellHeight }) : []),
    ...(named ? rows : []).map((name, r) =>
      text(left - 8, top + (r + 0.5) * cellHeight + 0.35 * fontSize, cut(name, longest), {
        "text-anchor": "end",
        "font-size": fontSize,
      }),
    ),
    ...(named ? columns : []).map((name, c) =>
      columnName(name, left + (c + 0.5) * cellWidth, top, {
        upright,
        fontSize,
        most: upright ? longest : cellWidth / 7,
      }),
    ),
    ...(caption ? [text(12, top + down + 22, caption)] : []),
  ];
  return { width, height: top + down + (caption ? 32 : 8), title, children };
}

function drawCell(cell: Cell | null, x: number, y: number, width: number, height: number): SvgElement[] {
  if (!cell) return [];
  const { fill, opacity, text: words, title, class: own } = cell;
  const fits = words !== undefined && height >= 20 && (words.length <= 3 ? width >= 26 : width >= textWidth(words));
  return [
    element(
      "rect",
      {
        class: own ?? "cell",
        x,
        y,
        width,
        height,
        fill,
        "fill-opacity": opacity === undefined ? undefined : opacity.toFixed(3),
      },
      ...(title ? [element("title", {}, title)] : []),
    ),
    ...(fits
      ? [text(x + width / 2, y + height / 2 + 4, words, { "text-anchor": "middle", fill: cell.ink ?? ink })]
      : []),
  ];
}

interface Place {
  readonly left: number;
  readonly top: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
}

/** Lines between the cells where they are large enough, around them all otherwise. */
function drawGrid(rows: number, columns: number, fine: boolean, { left, top, cellWidth, cellHeight }: Place) {
  const places = (count: number) =>
    Array.from({ length: count + 1 }, (_, i) => i).filter((i) => fine || i % count === 0);
  const [right, bottom] = [left + columns * cellWidth, top + rows * cellHeight];
  const pen = { class: "grid", stroke: faint, "stroke-width": 0.5 };
  return [
    ...places(rows).map((i) =>
      element("line", { ...pen, x1: left, x2: right, y1: top + i * cellHeight, y2: top + i * cellHeight }),
    ),
    ...places(columns).map((i) =>
      element("line", { ...pen, x1: left + i * cellWidth, x2: left + i * cellWidth, y1: top, y2: bottom }),
    ),
  ];
}

function columnName(
  name: string,
  middle: number,
  top: number,
  { upright, fontSize, most }: { readonly upright: boolean; readonly fontSize: number; readonly most: number },
): SvgElement {
  if (upright) {
    const turn = `translate(${(middle + 0.35 * fontSize).toFixed(1)} ${(top - 6).toFixed(1)}) rotate(-90)`;
    return element("text", { transform: turn, fill: ink, "font-size": fontSize }, cut(name, most));
  }
  // Names across are those of files as often as not, which differ at their ends.
  const shown = name.length > most ? `…${name.slice(1 - Math.floor(most))}` : name;
  return element(
    "text",
    { x: middle, y: top - 12, "text-anchor": "middle", fill: ink },
    ...(shown === name ? [] : [element("title", {}, name)]),
    shown,
  );
}
