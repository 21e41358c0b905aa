import type { Journal } from "@reprise/experiment/node";
import type { KeptRow, KeptRows } from "../index.ts";

/** Rows of runAttack in the journal. */
export function keptRows(journal: Journal, part = ""): KeptRows {
  const name = (epsilon: number | null) => `${part}${epsilon ?? "smallest"}`;
  return {
    get(epsilon, row) {
      const entry = journal.get(name(epsilon), row);
      return entry && { ...(entry.value as Omit<KeptRow, "image">), image: entry.image };
    },
    put(epsilon, row, { image, ...counts }) {
      journal.put(name(epsilon), row, counts, image);
    },
  };
}
