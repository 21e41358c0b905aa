// A verb of the command line: what it takes as plain data, and what it does with it. The shell of the command line owns
// everything else: reading arguments, help, signals, progress, --json, exit codes.
import type { Options, OptionValues } from "./option.ts";

/** The arguments cannot be run like this. The shell tells the message with the verb's name, and exits with 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A word of the command line that is no option. */
export interface VerbArgument {
  readonly name: string;
  readonly help: string;
  /** Takes all words that are left, at least one. */
  readonly many?: boolean;
  /** May be left out. */
  readonly optional?: boolean;
}

/** One line that is shown while a verb works, on stderr. */
export interface ProgressLine {
  /** Shows the text in place of the last one. Cheap: call it as often as there is something to tell. */
  show(text: string): void;
  /** Ends the line; a text that is given stays to be read. */
  end(text?: string): void;
}

/** What the shell gives to a verb. */
export interface VerbContext<Values = Readonly<Record<string, unknown>>> {
  /** Words that are no options, in their order. */
  readonly args: readonly string[];
  readonly options: Values;
  /** Whether the result is asked for as JSON; the shell prints it. */
  readonly json: boolean;
  /** Whether the stacks of errors are wanted. */
  readonly debug: boolean;
  /** Aborted by the first Ctrl-C (SIGINT) or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Says what whoever stops the verb is told: what is kept and how to go on. */
  onStop(message: () => string): void;
  readonly progress: ProgressLine;
  /** The command as typed, for files that keep it. */
  readonly command: string;
}

/** A verb's result: a document for --json, and the text that is printed otherwise. */
export interface VerbResult {
  readonly result: unknown;
  readonly text: () => string;
}

/** What a verb returns; nothing where it has written its own answer to standard output, as filters do. */
export type VerbAnswer = VerbResult | undefined;

export interface Verb {
  readonly name: string;
  /** For lists and help, without a full stop at the end. */
  readonly summary: string;
  readonly arguments?: readonly VerbArgument[];
  readonly options: Options;
  /** Follows the options in the help. */
  readonly notes?: () => string | Promise<string>;
  /** Loads what it needs when it is called: the start of every other verb is the user's time too. */
  readonly run: (context: VerbContext) => Promise<VerbAnswer>;
}

/** A verb that reads its arguments by its own rules, such as those of a program that it stands for. */
export interface RawVerb extends Omit<Verb, "options" | "arguments"> {
  /** In place of options and arguments in the help. */
  readonly usage: string;
}

export type AnyVerb = Verb | RawVerb;

export const isRaw = (verb: AnyVerb): verb is RawVerb => "usage" in verb;

/** A verb whose `run` gets the values of its own options by their types. */
export function verb<const O extends Options>(
  declared: Omit<Verb, "options" | "run"> & {
    readonly options: O;
    readonly run: (context: VerbContext<OptionValues<O>>) => Promise<VerbAnswer>;
  },
): Verb {
  return declared as unknown as Verb; // the shell gives each option the value that its declaration describes
}
