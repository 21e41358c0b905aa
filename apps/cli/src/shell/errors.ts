// What went wrong, for whoever gave the command: a line on stderr, or with --json a document on stdout.

import { writeOut } from "@reprise/experiment/pipes";
import { UsageError } from "@reprise/experiment/verb";

export interface TellOptions {
  /** What follows `reprise`: the command and its verb. */
  readonly words: string;
  readonly json: boolean;
  readonly debug: boolean;
}

/** Whether writing failed because nobody reads any more: a reader that stops early, as `head` does, is not an error. */
export const isClosedPipe = (error: unknown): boolean => (error as NodeJS.ErrnoException | null)?.code === "EPIPE";

/** Tells the error. @returns the exit code: 1 failed, 2 cannot be run like this */
export function tellError(error: unknown, { words, json, debug }: TellOptions): 1 | 2 {
  const usage = error instanceof UsageError;
  const message = error instanceof Error ? error.message : String(error);
  if (json) printError(message, usage ? `reprise ${words} --help lists the options.` : null);
  if (debug && !usage) console.error(error);
  else if (!json)
    console.error(usage ? `reprise ${words}: ${message}\n(add --help for the options)` : `reprise: ${message}`);
  return usage ? 2 : 1;
}

/** The document of an error under --json. */
export function printError(message: string, hint: string | null): void {
  writeOut(Buffer.from(`${JSON.stringify({ error: { message, hint } }, null, 2)}\n`));
}
