// A chart as plain data, which a page draws with its own elements and everything else writes as an SVG document.

/** An SVG element; text content stands among the children as strings. */
export interface SvgElement {
  readonly tag: string;
  /** As SVG spells them, `class` and `stroke-width` included. */
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly (SvgElement | string)[];
}

/** What a chart function gives: the content of one `<svg>`. */
export interface Chart {
  readonly width: number;
  readonly height: number;
  /** The chart for those who do not see it. */
  readonly title: string;
  readonly children: readonly SvgElement[];
}

/** An element; numbers are written with one decimal at most, attributes that are undefined are left out. */
export function element(
  tag: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...children: readonly (SvgElement | string)[]
): SvgElement {
  const given: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) given[name] = typeof value === "number" ? rounded(value) : value;
  return { tag, attributes: given, children };
}

/** A whole SVG document on white, ending in a newline. */
export function svgDocument({ width, height, title, children }: Chart): string {
  const root = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      "font-family": "system-ui, sans-serif",
      "font-size": 12,
      role: "img",
    },
    element("title", {}, title),
    element("rect", { width: "100%", height: "100%", fill: "#fff" }),
    ...children,
  );
  return `${written(root)}\n`;
}

function written({ tag, attributes, children }: SvgElement): string {
  const open = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  if (children.length === 0) return `<${tag}${open.join("")}/>`;
  const inside = children.map((child) => (typeof child === "string" ? escaped(child) : written(child)));
  const lines = tag === "svg" ? `\n${inside.join("\n")}\n` : inside.join("");
  return `<${tag}${open.join("")}>${lines}</${tag}>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => entities[c]!);

const rounded = (value: number): number => Math.round(10 * value) / 10;
