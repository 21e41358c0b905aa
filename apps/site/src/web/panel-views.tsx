// The ways to look at a result (see View in panel.ts).
import { useEffect, useRef } from "preact/hooks";
import type { View } from "./panel.ts";

/** One view. */
export function ResultView({ view }: { view: View }) {
  switch (view.kind) {
    case "text":
      return <p>{view.text}</p>;
    case "table":
      return <Table {...view} />;
    case "images":
      return (
        <div class="images">
          {view.images.map((image) => (
            <Picture key={image.label} {...image} />
          ))}
        </div>
      );
    case "bars":
      return <Bars {...view} />;
    case "line":
      return <Line {...view} />;
    case "custom":
      return <>{view.content}</>;
  }
}

type Of<Kind extends View["kind"]> = Extract<View, { kind: Kind }>;

function Table({ caption, columns, rows }: Of<"table">) {
  return (
    <div class="scroll">
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([first, ...rest]) => (
            <tr key={first}>
              <th scope="row">{first}</th>
              {rest.map((cell, i) => (
                <td key={columns[i + 1]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Picture({ label, alt, width, height, rgba }: Of<"images">["images"][number]) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(rgba, width, height), 0, 0);
  }, [rgba, width, height]);
  return (
    <figure>
      <canvas ref={canvas} width={width} height={height} role="img" aria-label={alt} />
      <figcaption>{label}</figcaption>
    </figure>
  );
}

function Bars({ caption, items }: Of<"bars">) {
  return (
    <figure>
      <figcaption>{caption}</figcaption>
      <ul class="bars">
        {items.map(({ label, value, text, marked }) => (
          <li key={label}>
            <span class={marked ? "marked" : undefined}>{label}</span>
            <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
              <rect width="100" height="1" fill="var(--line)" />
              <rect width={100 * Math.min(1, Math.max(0, value))} height="1" fill="currentColor" />
            </svg>
            <span class={marked ? "marked" : undefined}>{text}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

function Line({ caption, x, y, points }: Of<"line">) {
  const finite = points.filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b));
  const [x0, x1] = range(finite.map(([a]) => a));
  const [y0, y1] = range(finite.map(([, b]) => b));
  const path = finite
    .map(([a, b]) => `${(320 * (a - x0)) / (x1 - x0)},${100 - (100 * (b - y0)) / (y1 - y0)}`)
    .join(" ");
  const words = `${y} over ${x}: ${short(finite[0]?.[1])} at ${short(finite[0]?.[0])}, ${short(finite.at(-1)?.[1])} at ${short(finite.at(-1)?.[0])}; lowest ${short(y0)}, highest ${short(y1)}.`;
  return (
    <figure class="line-view">
      <svg viewBox="-4 -4 328 108" role="img" aria-label={words}>
        <title>{words}</title>
        <polyline points={path} fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" />
      </svg>
      <figcaption>
        {caption} {words}
      </figcaption>
    </figure>
  );
}

/** Lowest and highest, never the same, so that a flat line can be drawn. */
function range(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low < high ? [low, high] : [low - 1, low + 1];
}

function short(value = Number.NaN): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 5 });
}
