// The papers of this house. Light: what runs is loaded by name when somebody runs it.
import type { Paper } from "@reprise/experiment";
import * as registry from "./registry.ts";

/** Every paper, sorted by its method's name. */
export const papers: readonly Paper[] = Object.values(registry);

/** The paper of this BibTeX key. */
export const paperOf = (key: string): Paper | undefined => papers.find((paper) => paper.key === key);

/** A module of a paper's package by its entry; those of experiments export `experiments`. */
export const loadEntry = (
  method: string,
  entry: "experiments" | "experiments/node" | "verbs",
): Promise<Record<string, unknown>> => import(`@reprise/${method}/${entry}`) as Promise<Record<string, unknown>>;
