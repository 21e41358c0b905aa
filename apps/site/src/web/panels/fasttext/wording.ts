// Results in words, and how numbers are written: a unit never starts a line.
import type { Prediction } from "@reprise/fasttext";
import { fewestToHoldOut } from "../../../run/fasttext/lines.ts";
import type { Trained } from "../../../run/fasttext/training.ts";
import type { TrainResult } from "../../../run/fasttext.worker.ts";

export const titles = { softmax: "softmax", hs: "hierarchical softmax" } as const;

export const percent = (share: number): string =>
  share > 0 && share < 0.001 ? "<\u00a00.1\u00a0%" : `${(100 * share).toFixed(1)}\u00a0%`;
export const count = (value: number): string => Math.round(value).toLocaleString("en");
export const seconds = (value: number): string => `${value < 0.095 ? value.toFixed(3) : value.toFixed(1)}\u00a0s`;

/** Share of held-out lines that were answered rightly, or why there is none. */
export function accuracy({ tested, heldOutLines, precisionAt1 }: Trained): string {
  if (tested > 0) return percent(precisionAt1);
  return heldOutLines === 0 ? "no lines held out" : "no label of theirs was learnt";
}

/** "German (de)"; the code alone where the browser does not know it. */
export function languageName(code: string): string {
  try {
    const name = new Intl.DisplayNames("en", { type: "language", fallback: "none" }).of(code);
    return name ? `${name} (${code})` : code;
  } catch {
    return code; // no well-formed code
  }
}

/** How much faster the tree was, and what it cost. */
export function comparison([softmax, hs]: readonly Trained[]): string {
  if (!softmax || !hs) return "";
  const ratio = softmax.seconds / hs.seconds;
  const speed =
    ratio >= 1
      ? `Hierarchical softmax took ${seconds(hs.seconds)}, softmax ${seconds(softmax.seconds)}: ${ratio.toFixed(1)} times as long.`
      : `Softmax took ${seconds(softmax.seconds)}, hierarchical softmax ${seconds(hs.seconds)}: with ${count(hs.labels)} labels the tree saves nothing.`;
  if (softmax.tested === 0) return speed;
  return `${speed} Right on held-out lines: softmax ${percent(softmax.precisionAt1)}, hierarchical softmax ${percent(hs.precisionAt1)}.`;
}

/** The language in a sentence. */
export function languageSentence([best]: readonly Prediction[]): string {
  return best ? `${languageName(best.label)}, ${percent(best.probability)}.` : "No language for an empty text.";
}

/** One training and the first answer, in sentences. */
export function trainingSentence({ trained, answer }: TrainResult): string {
  const [best] = answer.reasons;
  const label = best
    ? ` The text above: ${best.label}, ${percent(best.probability)}.`
    : " No word of the text above occurs in the lines.";
  return `${count(trained.labels)} labels learnt from ${count(trained.trainingLines)} lines in ${seconds(trained.seconds)}.${testing(trained)}${label}`;
}

function testing({ tested, heldOutLines, precisionAt1 }: Trained): string {
  if (tested > 0) return ` ${percent(precisionAt1)} of ${count(tested)} held-out lines get one of their labels.`;
  return heldOutLines === 0
    ? ` No lines were held out to test with: that takes ${fewestToHoldOut} or more.`
    : ` The ${count(heldOutLines)} held-out lines have no label that was learnt, so nothing was tested.`;
}
