// A command in the process of a test, which is quicker than one of its own.
import type { AnyVerb, ProgressLine, VerbContext } from "@reprise/experiment";
import { commands } from "../src/commands/table.ts";
import { commandOf } from "../src/shell/command.ts";
import { interruption } from "../src/shell/interruption.ts";

export const silent: ProgressLine = { show() {}, end() {} };

/** What a verb is given, for calling one by itself. */
export const contextOf = (args: readonly string[] = [], options: object = {}): VerbContext => ({
  args,
  options: options as VerbContext["options"],
  json: false,
  debug: false,
  signal: new AbortController().signal,
  onStop() {},
  progress: silent,
  command: "reprise",
});

/**
 * Runs a verb as the shell does. @returns what it prints on stdout; throws what it throws
 *
 * @param verbs  in place of the command's own
 */
export async function inProcess(name: string, args: readonly string[], verbs?: readonly AnyVerb[]): Promise<string> {
  const { summary, verbs: own } = commands[name]!;
  let printed = "";
  const command = await commandOf(
    name,
    summary,
    verbs ?? (await own()),
    async (verb, { args: words, options, json }) => {
      let stopMessage = () => "";
      const { signal, done } = interruption(() => stopMessage());
      const onStop = (message: () => string) => {
        stopMessage = message;
      };
      const answer = await verb.run({ ...contextOf(words, options), json, signal, onStop }).finally(done);
      if (answer) printed = json ? JSON.stringify(answer.result) : answer.text();
      return 0;
    },
  );
  for (const each of [command, ...command.commands]) each.exitOverride().configureOutput({ writeErr: () => {} });
  await command.parseAsync([...args], { from: "user" });
  return printed;
}
