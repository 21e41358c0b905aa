// Runs a verb: signals, progress, its result on standard output, and what went wrong.

import { writeOut } from "@reprise/experiment/pipes";
import type { AnyVerb, VerbContext } from "@reprise/experiment/verb";
import { isClosedPipe, tellError } from "./errors.ts";
import { interruption } from "./interruption.ts";
import { TerminalLine } from "./terminal-line.ts";

export interface RunVerbOptions {
  /** The words after `reprise`, e.g. "fasttext predict". */
  readonly words: string;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly json: boolean;
  readonly debug: boolean;
}

/** @returns the exit code: 0 done, 1 failed, 2 the arguments cannot be run like this */
export async function runVerb(
  verb: AnyVerb,
  { words, args, options, json, debug }: RunVerbOptions,
): Promise<0 | 1 | 2> {
  const progress = new TerminalLine();
  let stopMessage = () => "Nothing was written.";
  const { signal, done } = interruption(() => stopMessage());
  const context: VerbContext = {
    args,
    options,
    json,
    debug,
    signal,
    onStop: (message) => {
      stopMessage = message;
    },
    progress,
    command: ["reprise", ...process.argv.slice(2)].join(" "),
  };
  try {
    const answer = await verb.run(context);
    progress.end();
    if (answer) writeOut(Buffer.from(json ? `${JSON.stringify(answer.result, null, 2)}\n` : `${answer.text()}\n`));
    return 0;
  } catch (error) {
    progress.end();
    return isClosedPipe(error) ? 0 : tellError(error, { words, json, debug });
  } finally {
    done();
  }
}
