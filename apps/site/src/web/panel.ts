// What a run panel is: tasks, each with inputs, presets, a method in the worker, and how to look at its result. The shell
// (panel-shell.tsx) does everything else: tabs, form, address, progress, cancelling, keyboard, announcements.
import type { Progress } from "../run/protocol.ts";
import type { Input, Values } from "./panel-inputs.ts";
import type { Remote, RunOptions } from "./panel-remote.ts";
import type { View } from "./views.ts";

export type { ControlProps, Input, Values } from "./panel-inputs.ts";
export type { View } from "./views.ts";

/** What a run downloads when it is the first, in bytes as they are sent. */
export interface Download {
  readonly name: string;
  readonly bytes: number;
}

/** One task as a panel's file writes it. */
export interface TaskOptions<Inputs extends object, Message, Result, Partial> {
  /** Of its tab. */
  readonly label: string;
  readonly inputs: { readonly [Name in keyof Inputs]: Input<Inputs[Name]> };
  /** False for an input that means nothing with the others as they are; it is not shown then. */
  readonly applies?: (name: keyof Inputs, inputs: Inputs) => boolean;
  /** Buttons that fill in some inputs and run. */
  readonly presets?: readonly {
    readonly label: string;
    readonly values: { readonly [Name in keyof Inputs]?: Inputs[Name] };
    /** False where it would be of no use with the inputs as they are. */
    readonly suits?: (inputs: Inputs) => boolean;
  }[];
  /** What a run with these inputs needs besides the page; names are told apart, so that none is announced twice. */
  readonly downloads?: (inputs: Inputs) => readonly Download[];
  /** The worker's method. */
  readonly run: Remote<Message, Result, Partial>;
  /** What is sent to it: the inputs, with files and pixels in the place of what stands for them. */
  readonly message: (inputs: Inputs) => Message;
  readonly views: (result: Result, inputs: Inputs) => readonly View[];
  /** What can be shown while it runs. */
  readonly partialViews?: (partial: Partial, inputs: Inputs) => readonly View[];
  /** The result in one sentence: announced to screen readers and shown above the views. */
  readonly announce: (result: Result, inputs: Inputs) => string;
}

export interface Preset {
  readonly label: string;
  readonly values: Values;
}

/** A result as the shell shows it. */
export interface Shown {
  readonly text: string;
  readonly views: readonly View[];
}

/** One task as the shell sees it: what its inputs and results are is known inside only. */
export interface Task {
  readonly label: string;
  readonly inputs: Readonly<Record<string, Input<unknown>>>;
  applies(name: string, values: Values): boolean;
  /** Those that suit. */
  presets(values: Values): readonly Preset[];
  downloads(values: Values): readonly Download[];
  /** Runs in the worker. @throws as `PanelWorker.method` */
  run(values: Values, options: TaskRunOptions): Promise<Shown>;
}

export interface TaskRunOptions extends Pick<RunOptions, "signal"> {
  /** @param views  what can be shown by now; undefined where that stays as it was */
  readonly onProgress?: (progress: Progress, views: readonly View[] | undefined) => void;
}

export interface Panel {
  /** What the reader can do here, in a sentence or two. */
  readonly intro: string;
  /** By the names that addresses have; the first is shown first, and the stored run is one of it. */
  readonly tasks: Readonly<Record<string, Task>>;
  /** Ended with the page. */
  readonly worker: { stop(): void };
}

/** A task. The types of its inputs, message and result hold inside it. */
export function task<Inputs extends object, Message, Result, Partial>(
  options: TaskOptions<Inputs, Message, Result, Partial>,
): Task {
  const { label, inputs, run, message, views, announce } = options;
  // The shell's values have come through the inputs' own checks: this is the one place where they get their type.
  const typed = (values: Values) => values as Inputs;
  return {
    label,
    inputs,
    applies: (name, values) => options.applies?.(name as keyof Inputs, typed(values)) ?? true,
    presets: (values) =>
      (options.presets ?? [])
        .filter(({ suits }) => suits?.(typed(values)) ?? true)
        .map((preset) => ({ label: preset.label, values: preset.values as Values })),
    downloads: (values) => options.downloads?.(typed(values)) ?? [],
    async run(values, { signal, onProgress }) {
      const result = await run(message(typed(values)), {
        ...(signal ? { signal } : {}),
        onProgress: (progress) =>
          onProgress?.(
            progress,
            progress.partial === undefined ? undefined : options.partialViews?.(progress.partial, typed(values)),
          ),
      });
      return { text: announce(result, typed(values)), views: views(result, typed(values)) };
    },
  };
}

/** Checks nothing that types do not; it says at a glance what a file is. */
export const panel = (of: Panel): Panel => of;

/** Progress in words for the status line: "40 % · 400 points". */
export function progressText({ done, total, text }: Progress): string {
  return total === null || total === 0 ? text : `${Math.floor((100 * done) / total)} % · ${text}`;
}
