// Verbs of this method in tests.
import type { Verb, VerbContext } from "@reprise/experiment/verb";
import { verbs } from "../src/verbs/index.node.ts";

/** Runs a verb as the command line does, defaults filled in. */
export async function runVerb(
  name: string,
  args: string[],
  options: Record<string, unknown>,
  signal = new AbortController().signal,
) {
  const verb = verbs.find((one) => one.name === name) as Verb;
  const defaults = Object.entries(verb.options).flatMap(([key, option]) =>
    "default" in option ? [[key, option.default]] : [],
  );
  const context: VerbContext = {
    args,
    options: { ...Object.fromEntries(defaults), ...options },
    json: false,
    debug: false,
    signal,
    onStop: () => {},
    progress: { show: () => {}, end: () => {} },
    command: `tcc ${name}`,
  };
  const answer = await verb.run(context);
  return { result: answer!.result as Record<string, unknown>, text: answer!.text() };
}
