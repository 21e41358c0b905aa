// The documents of a model with two hidden units, as points: what a classifier of rank two sees of them.
import type { Model } from "@reprise/fasttext";

/** The documents of one label. */
export interface Cloud {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const mostLabels = 5;
const mostDocuments = 60; // of a label: enough to see where they lie

/**
 * The mean vectors of the documents of the labels that most lines have, A·x of §2.
 *
 * @param text  lines as they are trained on; of several labels a line counts for its first
 */
export function documents(model: Model, text: string): Cloud[] {
  const lines = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const label = /(?<!\S)__label__(\S+)/.exec(line)?.[1];
    if (label === undefined) continue;
    lines.set(label, [...(lines.get(label) ?? []), line.replaceAll(/(?<!\S)__label__\S+/g, "").trim()]);
  }
  return [...lines]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, mostLabels)
    .map(([label, texts]) => ({
      label,
      points: texts.slice(0, mostDocuments).map((words) => {
        const [x, y] = model.sentenceVector(words);
        return [x!, y!] as const;
      }),
    }));
}
