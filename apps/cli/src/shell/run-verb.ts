// Runs a verb: signals, progress, its result on standard output, and what went wrong. The only place that knows of them.
import { type AnyVerb, UsageError, type VerbContext } from "@reprise/experiment";
import { printJson, writeOut } from "./output.ts";
import { TerminalLine } from "./terminal-line.ts";

/** How a command ended: 0 done, 1 failed, 2 the arguments cannot be run like this. */
export type ExitCode = 0 | 1 | 2;

export interface RunOptions {
  /** The verb's words after `reprise`, e.g. "fasttext predict". */
  readonly name: string;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly json: boolean;
  readonly debug: boolean;
}

export async function runVerb(verb: AnyVerb, { name, args, options, json, debug }: RunOptions): Promise<ExitCode> {
  const progress = new TerminalLine();
  const stopped = listen();
  let stopMessage = () => "Nothing was written.";
  const context: VerbContext = {
    args,
    options,
    signal: stopped.signal,
    onStop: (message) => {
      stopMessage = message;
    },
    progress,
    command: ["reprise", ...process.argv.slice(2)].join(" "),
  };
  try {
    const answer = await verb.run(context);
    progress.end();
    if (!answer) return 0;
    if (json) printJson(answer.result);
    else writeOut(Buffer.from(`${answer.text()}\n`));
    return 0;
  } catch (error) {
    progress.end();
    if (isClosedPipe(error)) return 0; // a reader that has seen enough, as `head` does
    // An error while stopping, such as a full disk, is the one to tell.
    const byStop = stopped.signal.aborted && error === stopped.signal.reason;
    return tell(byStop ? new Error(`interrupted. ${stopMessage()}`, { cause: error }) : error, { name, json, debug });
  } finally {
    stopped.release();
  }
}

export interface TellOptions {
  readonly name: string;
  readonly json: boolean;
  readonly debug: boolean;
}

/** Tells what went wrong: a line on stderr, or a document on stdout with --json. @returns the exit code */
export function tell(error: unknown, { name, json, debug }: TellOptions): ExitCode {
  const usage = error instanceof UsageError;
  const message = error instanceof Error ? error.message : String(error);
  const given = (error as { hint?: unknown } | null)?.hint;
  const hint = typeof given === "string" ? given : usage ? `reprise ${name} --help lists the options` : null;
  if (json) printJson({ error: { message, hint } });
  if (debug) console.error(error);
  else if (!json)
    console.error(usage ? `reprise ${name}: ${message}\n(add --help for the options)` : `reprise: ${message}`);
  return usage ? 2 : 1;
}

/** A signal that the first SIGINT or SIGTERM aborts; a later one ends the process. */
function listen() {
  const controller = new AbortController();
  let first = 0;
  const stop = (): void => {
    // npm and tools/run.mjs pass on a Ctrl-C that the terminal has sent to all of them: the same one twice.
    if (first === 0) first = Date.now();
    else if (Date.now() - first > 500) process.exit(130);
    controller.abort();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const each of signals) process.on(each, stop);
  return {
    signal: controller.signal,
    release: () => {
      for (const each of signals) process.off(each, stop);
    },
  };
}

/** Whether writing failed because nobody reads any more. */
export const isClosedPipe = (error: unknown): boolean => (error as NodeJS.ErrnoException | null)?.code === "EPIPE";
