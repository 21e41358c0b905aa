// What a result can be shown as; panel-views.tsx draws it.
import type { ComponentChild } from "preact";

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
      /** Points alone, not joined. */
      readonly joined?: boolean;
      /** Ends of the axes; from the points where left out. */
      readonly xDomain?: readonly [number, number];
      readonly yDomain?: readonly [number, number];
    }
  | { readonly kind: "custom"; readonly content: ComponentChild };

/** The views of one kind. */
export type ViewOf<Kind extends View["kind"]> = Extract<View, { kind: Kind }>;
