// The ways to look at a result.
import type { ComponentChild } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { lazy } from "./lazy.tsx";

const LineView = lazy(() => import("./line-view.tsx").then((module) => module.LineView));

/** Ways to look at a result; every picture has its content in words. */
export type View =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "table";
      readonly caption: string;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly (string | number)[])[];
    }
  | {
      readonly kind: "images";
      readonly images: readonly {
        readonly label: string;
        /** What is to be seen, for those who do not see it. */
        readonly alt: string;
        readonly width: number;
        readonly height: number;
        /** RGBA, row by row, [height, width, 4]. */
        readonly rgba: Uint8ClampedArray<ArrayBuffer>;
      }[];
    }
  | {
      readonly kind: "bars";
      readonly caption: string;
      /** `value` in [0, 1]; `text` is what is printed beside the bar. */
      readonly items: readonly {
        readonly label: string;
        readonly value: number;
        readonly text: string;
        readonly marked?: boolean;
      }[];
    }
  | {
      readonly kind: "line";
      readonly caption: string;
      readonly x: string;
      readonly y: string;
      /** In the order of the legend, which there is for more than one. */
      readonly lines: readonly {
        readonly name: string;
        readonly points: readonly (readonly [x: number, y: number])[];
      }[];
      /** Ends of the axes; from the points where left out. */
      readonly xDomain?: readonly [number, number];
      readonly yDomain?: readonly [number, number];
    }
  | { readonly kind: "custom"; readonly content: ComponentChild };

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
      return <LineView {...view} />;
    case "custom":
      return <>{view.content}</>;
  }
}

export type ViewOf<Kind extends View["kind"]> = Extract<View, { kind: Kind }>;

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
