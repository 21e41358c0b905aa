// What a method's experiments are to the runner and to the commands that start it.
import type { Data } from "./step.ts";
import type { Settings, Value } from "./value.ts";

/** What values are asked for. */
export interface ValuesOptions {
  /** Parts by their names in `Paper.experiments`, in the order of the paper. */
  readonly parts: readonly string[];
  /** What the options of these parts are set to. */
  readonly settings: Settings;
  /** Data by the method's own name for it; undefined where it is not at hand: values that need it are left out. */
  readonly data: (name: string) => Data | undefined;
}

/** A paper's tables as values over steps. Pure: nothing is read or computed until a step runs. */
export interface Experiments {
  readonly values: (options: ValuesOptions) => readonly Value[];
}

/** Data that is not at hand. */
export interface MissingData {
  readonly name: string;
  /** Where it would lie in the folder. */
  readonly place: string;
}

export interface OpenOptions {
  /** Folder of the paper's data; what the packages hold where it is undefined. */
  readonly folder: string | undefined;
  /** The content folder of the paper's page, for data that comes with the page; undefined where there is none. */
  readonly content: string | undefined;
  readonly parts: readonly string[];
  readonly settings: Settings;
  readonly signal?: AbortSignal;
  /** Hears what is being read. */
  readonly onProgress?: (event: {
    readonly done: number;
    readonly total: number | null;
    readonly text: string;
  }) => void;
}

/** What a run on Node needs beside the values. */
export interface Opened {
  /** The settings, with what the data decides filled in. */
  readonly settings: Settings;
  readonly data: ValuesOptions["data"];
  readonly missing: readonly MissingData[];
  /** One for each step that may run at once. */
  readonly lanes: readonly unknown[];
  readonly release: () => Promise<void>;
}

/** Exported as `experiments` from `@reprise/<method>/experiments/node`. */
export interface NodeExperiments extends Experiments {
  /** Finds and hashes the data, and makes the lanes. @throws RangeError or DataError for settings or data that cannot be used */
  readonly open: (options: OpenOptions) => Promise<Opened>;
}
