import {
  barChart,
  type Chart,
  element,
  heatMap,
  histogram,
  lineChart,
  type SvgElement,
  shortNumber,
  svgDocument,
} from "@reprise/chart";
import { describe, expect, it } from "vitest";

/** Every element of a chart, depth first. */
function* elements(nodes: readonly (SvgElement | string)[]): Generator<SvgElement> {
  for (const node of nodes)
    if (typeof node !== "string") {
      yield node;
      yield* elements(node.children);
    }
}
const all = (chart: Chart, tag: string) => [...elements(chart.children)].filter((node) => node.tag === tag);
const words = (chart: Chart) =>
  all(chart, "text").map(({ children }) => children.filter((c) => typeof c === "string").join(""));
const numbers = (node: SvgElement, ...names: readonly string[]) => names.map((name) => Number(node.attributes[name]));

describe("svgDocument", () => {
  it("escapes text and attributes, rounds numbers and leaves out what is undefined", () => {
    const child = element("text", { x: 1.23456, y: undefined, class: 'a"b' }, "x < y & z");
    const svg = svgDocument({ width: 10, height: 20, title: "a > b", children: [child] });
    expect(svg).toContain('<text x="1.2" class="a&quot;b">x &lt; y &amp; z</text>');
    expect(svg).toContain("<title>a &gt; b</title>");
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 10 20" width="10" height="20"/);
    expect(svg.endsWith("</svg>\n")).toBe(true);
  });
});

it.each([
  [0, "0"],
  [0.034187, "0.0342"],
  [-2.5, "−2.5"],
  [1_234_567, "1230000"],
  [0.00001234, "1.23e−5"],
  [6e23, "6e23"],
])("%d on an axis is %s", (value, text) => expect(shortNumber(value)).toBe(text));

describe("lineChart", () => {
  it("places points linearly between round ends, and the grid at its ticks", () => {
    const points = [0, 13, 50, 97].map((x) => ({ x, y: 2 * x }));
    const chart = lineChart([{ name: "a", points, mark: "disc" }], { title: "t" });
    const places = all(chart, "circle").map((node) => numbers(node, "cx", "cy"));
    const [first, last] = [places[0]!, places[3]!];
    for (const [i, [cx, cy]] of places.entries()) {
      expect(cx).toBeCloseTo(first[0]! + ((last[0]! - first[0]!) * points[i]!.x) / 97, 0);
      expect(cy).toBeCloseTo(first[1]! + ((last[1]! - first[1]!) * points[i]!.x) / 97, 0);
    }
    expect(words(chart)).toEqual(expect.arrayContaining(["0", "50", "100", "200", "a"]));
    const line = all(chart, "polyline")[0]!.attributes.points as string;
    expect(line.split(" ").map((pair) => pair.split(",").map(Number))).toEqual(
      places.map((place) => place.map((v) => expect.closeTo(v!, 0))),
    );
  });

  it("a logarithmic axis is labelled at powers of ten, equally far apart", () => {
    const points = [1e-3, 0.1, 40].map((x) => ({ x, y: 1 }));
    const chart = lineChart([{ name: "", points }], { title: "t", x: { scale: "log" }, legend: "none" });
    const ticks = all(chart, "text").filter(({ attributes }) => attributes["text-anchor"] === "middle");
    expect(ticks.map(({ children }) => children[0])).toEqual(["0.001", "0.01", "0.1", "1", "10", "100"]);
    const steps = ticks.slice(1).map((tick, i) => Number(tick.attributes.x) - Number(ticks[i]!.attributes.x));
    for (const step of steps) expect(step).toBeCloseTo(steps[0]!, 0);
  });

  it("leaves out what is not finite, notes or clamps what is above, and draws intervals and references", () => {
    const points = [
      { x: 0, y: 1, low: 0.5, high: 1.5, title: "here" },
      { x: 1, y: Number.NaN },
      { x: 2, y: 50 },
    ];
    const options = { title: "t", y: { domain: [0, 2] as const }, references: [{ x: 1, label: "middle" }] };
    const noted = lineChart([{ name: "a", points, above: "noted", mark: "cross" }], options);
    expect(words(noted)).toEqual(expect.arrayContaining(["↑ 50", "middle"]));
    expect(all(noted, "polyline")[0]!.attributes.points).not.toContain(" ");
    const [bar] = all(noted, "line").filter(({ children }) => children.length > 0);
    const [y1, y2] = numbers(bar!, "y1", "y2");
    expect(y1! - y2!).toBeGreaterThan(0);
    const clamped = lineChart([{ name: "a", points, mark: "disc" }], options);
    const top = Math.min(
      ...all(clamped, "line")
        .filter((l) => l.attributes.class === "grid")
        .map((l) => Number(l.attributes.y1)),
    );
    expect(Number(all(clamped, "circle").at(-1)!.attributes.cy)).toBeCloseTo(top, 0);
  });

  it("writes no NaN or Infinity for empty series and single points", () => {
    for (const series of [[], [{ name: "a", points: [] }], [{ name: "a", points: [{ x: 0, y: 0 }] }]])
      for (const scale of ["linear", "log"] as const)
        expect(svgDocument(lineChart(series, { title: "t", x: { scale }, y: { scale } }))).not.toMatch(/NaN|Infinity/);
  });
});

describe("histogram", () => {
  const bars = (chart: Chart) =>
    all(chart, "rect").map(({ children }) =>
      /^(\S+) to (\S+): (\d+)$/.exec((children[0] as SvgElement).children[0] as string)!.slice(1),
    );

  it("counts each value once, in bins of 1, 2 or 5 times a power of ten, next to each other", () => {
    for (const values of [
      [0.011, 0.034, 0.034, 0.062, 0.1],
      [-3, 2, 7.5, 1000],
      [5],
      [0],
      Array.from({ length: 50 }, (_, i) => i),
    ])
      for (const bins of [5, 10, 20]) {
        const found = bars(histogram(values, { title: "t", bins }));
        expect(found.length).toBeLessThanOrEqual(bins);
        expect(found.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(values.length);
        const width = Number(found[0]![1]!.replace("−", "-")) - Number(found[0]![0]!.replace("−", "-"));
        const mantissa = width / 10 ** Math.floor(Math.log10(width) + 1e-9);
        expect([1, 2, 5].some((m) => Math.abs(m - mantissa) < 1e-6)).toBe(true);
        for (const [i, [from, , count]] of found.entries()) {
          if (i > 0) expect(found[i - 1]![1]).toBe(from);
          const [low, high] = [found[i]![0]!, found[i]![1]!].map((text) => Number(text.replace("−", "-")));
          expect(values.filter((v) => v >= low! - 1e-12 && v < high! - 1e-12).length).toBe(Number(count));
        }
      }
  });

  it("says which value is not finite", () => {
    expect(() => histogram([1, Number.NaN], { title: "t" })).toThrow(
      "histogram: value 1 is NaN, expected finite numbers.",
    );
    expect(words(histogram([1, 3], { title: "t", label: "size", reference: { x: 2, label: "median 2" } }))).toEqual(
      expect.arrayContaining(["size", "median 2"]),
    );
    expect(svgDocument(histogram([], { title: "t" }))).not.toMatch(/NaN|Infinity/);
  });
});

describe("barChart", () => {
  it("draws lengths in proportion, with names, values and intervals; a name without a number has no bar", () => {
    const chart = barChart(
      [
        { name: "a", value: 2, low: 1.5, high: 3 },
        { name: "a", value: 4, title: "four" },
        { name: "none", value: Number.NaN },
        { name: "below", value: -2 },
      ],
      { title: "t" },
    );
    const widths = all(chart, "rect").map((node) => Number(node.attributes.width));
    expect(widths[1]! / widths[0]!).toBeCloseTo(2, 1);
    expect(widths[2]).toBeCloseTo(widths[0]!, 0);
    const [interval] = all(chart, "line").filter(({ attributes }) => attributes.class === "interval");
    const [x1, x2] = numbers(interval!, "x1", "x2");
    expect((x2! - x1!) / widths[0]!).toBeCloseTo(0.75, 1);
    expect(words(chart)).toEqual(expect.arrayContaining(["a", "none", "below", "−2"]));
  });
});

describe("heatMap", () => {
  const cells = [
    [1, 2],
    [3, null],
  ] as const;
  const cell = (r: number, c: number) =>
    cells[r]![c] === null ? null : { fill: "red", text: String(cells[r]![c]), title: `${r}, ${c}` };

  it("places cells by row and column, with texts where they fit", () => {
    const options = { title: "t", rows: ["r0", "r1"], columns: ["c0", "a name of many letters"], cell };
    const chart = heatMap({
      ...options,
      cellWidth: 90,
      cellHeight: 30,
      grid: true,
      caption: "below",
      heading: "above",
    });
    const rects = all(chart, "rect").map((node) => numbers(node, "x", "y"));
    expect(rects).toHaveLength(3);
    expect(rects[1]![0]! - rects[0]![0]!).toBe(90);
    expect(rects[2]![1]! - rects[0]![1]!).toBe(30);
    expect(words(chart)).toEqual(expect.arrayContaining(["1", "2", "3", "r0", "c0", "…any letters", "below", "above"]));
    expect(all(chart, "title").some((node) => node.children[0] === "a name of many letters")).toBe(true);
    expect(all(chart, "line")).toHaveLength(6);
    const small = heatMap({ ...options, cellWidth: 4, cellHeight: 4, grid: true });
    expect(words(small)).toEqual([]);
    expect(all(small, "line")).toHaveLength(4);
    const upright = heatMap({ ...options, cellWidth: 30, cellHeight: 30, upright: true });
    expect(words(upright)).toContain("a name of many letters");
  });
});

it("a legend at the top stands above the vertical axis's label", () => {
  const chart = lineChart(
    [
      {
        name: "one",
        points: [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      },
    ],
    {
      title: "t",
      y: { label: "a long label of the axis" },
      legend: "top",
    },
  );
  const svg = svgDocument(chart);
  const heightOf = (words: string) => Number(new RegExp(`<text[^>]* y="([\\d.]+)"[^>]*>${words}`).exec(svg)?.[1]);
  expect(heightOf("a long label") - heightOf("one")).toBeGreaterThanOrEqual(14);
});
