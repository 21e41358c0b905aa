// What a run panel is: its inputs, presets, worker, and how to look at a result. The shell (panel-shell.tsx) does
// everything else: form, address, progress, cancelling, keyboard, announcements.
import type { ComponentChild, FunctionComponent } from "preact";
import type { Progress } from "../run/protocol.ts";

/** One input. Every kind can be written into the address and read from it. */
export type Parameter<T> = NumberParameter<T> | ChoiceParameter<T> | CustomParameter<T>;

interface NumberParameter<T> {
  readonly kind: "number";
  readonly label: string;
  readonly default: T & number;
  readonly min: number;
  readonly max: number;
  /** Whole numbers unless this says otherwise. */
  readonly step?: number | "any";
  /** What it means, in a line below the field. */
  readonly hint?: string;
}

interface ChoiceParameter<T> {
  readonly kind: "choice";
  readonly label: string;
  readonly default: T & string;
  readonly options: readonly { readonly value: T & string; readonly label: string }[];
  /** "tabs" for what the panel does at all: its choices stand above the form, and each keeps its own result. */
  readonly look?: "tabs";
}

/** An input with its own control, such as a canvas to draw on. Its value is a string, short enough for an address. */
interface CustomParameter<T> {
  readonly kind: "custom";
  readonly label: string;
  readonly default: T & string;
  /** What is wrong with a value (from an address, say), or null. */
  readonly check: (value: string) => string | null;
  readonly control: FunctionComponent<ControlProps>;
}

/** What a custom control gets. `labelledBy` is the id of its visible label. */
export interface ControlProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Changes other inputs besides. */
  readonly set: (values: Values) => void;
  readonly labelledBy: string;
  readonly disabled: boolean;
}

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
      readonly points: readonly (readonly [x: number, y: number])[];
    }
  | { readonly kind: "custom"; readonly content: ComponentChild };

/** Values of all inputs by name. */
export type Values = Readonly<Record<string, string | number>>;

/** A run panel. `Inputs` is what the worker's method gets, `Result` what it returns, `Partial` what progress carries. */
export interface Panel<Inputs extends object = Values, Result = unknown, Partial = unknown> {
  /** What the reader can do here, in a sentence or two. */
  readonly intro: string;
  readonly parameters: { readonly [Name in keyof Inputs]: Parameter<Inputs[Name]> };
  /** False for an input that means nothing with the others as they are; it is not shown then. */
  readonly applies?: (name: keyof Inputs, inputs: Inputs) => boolean;
  /** Those that name another tab are not shown. */
  readonly presets?: readonly {
    readonly label: string;
    readonly values: { readonly [Name in keyof Inputs]?: Inputs[Name] };
    /** False where it would be of no use with the inputs as they are. */
    readonly suits?: (inputs: Inputs) => boolean;
  }[];
  /** What the first run downloads besides the page, in bytes; shown beside the button. */
  readonly downloadBytes?: number;
  /** Starts the worker: `new Worker(new URL("../../run/x.worker.ts", import.meta.url), { type: "module" })`. */
  readonly startWorker: () => Worker;
  /** Made once per run; turns the inputs into what is sent when they are not the same (files, pixels). */
  readonly toMessage?: (inputs: Inputs) => unknown;
  readonly views: (result: Result, inputs: Inputs) => readonly View[];
  /** What can be shown while it runs. */
  readonly partialViews?: (partial: Partial, inputs: Inputs) => readonly View[];
  /** The result in one sentence: announced to screen readers and shown above the views. */
  readonly announce: (result: Result, inputs: Inputs) => string;
}

/** Progress in words for the status line: "40 % · 400 points". */
export function progressText({ done, total, text }: Progress): string {
  return total === null || total === 0 ? text : `${Math.floor((100 * done) / total)} % · ${text}`;
}
