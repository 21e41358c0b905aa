// The ways to look at a result.
import { useEffect, useRef } from "preact/hooks";
import { lazy } from "./lazy.tsx";
import type { View, ViewOf } from "./views.ts";

const LineView = lazy(() => import("./line-view.tsx").then((module) => module.LineView));

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
      return (
        <figure class="line-view">
          <div>
            <LineView {...view} />
          </div>
          <figcaption>{view.caption}</figcaption>
        </figure>
      );
    case "custom":
      return <>{view.content}</>;
  }
}

function Table({ caption, columns, rows }: ViewOf<"table">) {
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

function Picture({ label, alt, width, height, rgba }: ViewOf<"images">["images"][number]) {
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

function Bars({ caption, items }: ViewOf<"bars">) {
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
