// Every command by its first word: those of this house, and one for each paper of the registry.
import type { AnyVerb } from "@reprise/experiment/verb";
import { loadEntry, papers } from "@reprise/papers";

interface Entry {
  readonly summary: string;
  /** Its verbs; one of the command's own name stands for the command itself. */
  readonly verbs: () => Promise<readonly AnyVerb[]>;
}

export const commands: Readonly<Record<string, Entry>> = {
  serve: { summary: "start the site in the browser", verbs: async () => [(await import("./serve.ts")).serve] },
  classifier: {
    summary: "train and test image classifiers",
    verbs: async () => (await import("./classifier.ts")).verbs,
  },
  data: { summary: "list and download data sets", verbs: async () => (await import("./data.ts")).verbs() },
  reproduce: {
    summary: "run a paper's experiments; claimed beside reproduced",
    verbs: async () => [(await import("./reproduce.ts")).reproduce],
  },
  ...Object.fromEntries(
    papers.map(({ method, summary }) => [
      method,
      { summary, verbs: async () => (await loadEntry(method, "verbs")).verbs as readonly AnyVerb[] },
    ]),
  ),
};
