// Every command by its first word: those of this house, and one for each paper of the registry.
import type { Paper } from "@reprise/experiment";
import type { AnyVerb } from "@reprise/experiment/verb";
import { loadEntry, papers } from "@reprise/papers";

interface Entry {
  readonly summary: string;
  /** Its verbs; one of the command's own name stands for the command itself. */
  readonly verbs: () => Promise<readonly AnyVerb[]>;
}

/** Commands of this house beside those of the papers. @param load  a module of a paper's package by its entry */
export function commandTable(
  registry: readonly Paper[],
  load: (method: string, entry: "verbs") => Promise<Record<string, unknown>>,
): Readonly<Record<string, Entry>> {
  return {
    serve: { summary: "start the site in the browser", verbs: async () => [(await import("./serve.ts")).serve] },
    classifier: {
      summary: "train and test image classifiers",
      verbs: async () => (await import("./classifier.ts")).verbs,
    },
    coco: {
      summary: "COCO data sets and results: evaluate, check",
      verbs: async () => (await import("./coco.ts")).verbs,
    },
    data: { summary: "list and download data sets", verbs: async () => (await import("./data.ts")).verbs() },
    reproduce: {
      summary: "run a paper's experiments; claimed beside reproduced",
      verbs: async () => [(await import("./reproduce.ts")).reproduce],
    },
    site: {
      summary: "a site's data: back it up and restore it, export and import it",
      verbs: async () => (await import("./site.ts")).verbs,
    },
    ...Object.fromEntries(
      registry.map(({ method, summary }) => [
        method,
        { summary, verbs: async () => (await load(method, "verbs")).verbs as readonly AnyVerb[] },
      ]),
    ),
  };
}

export const commands = commandTable(papers, loadEntry);
