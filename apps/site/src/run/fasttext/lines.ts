// Labelled lines: made comparable, and divided into those that are trained on and those that are held out.
import { Random } from "@reprise/data";

/** Lines for training and for testing, as they are given to the method. */
export interface Divided {
  readonly training: string;
  readonly heldOut: string;
  readonly trainingLines: number;
  readonly heldOutLines: number;
}

/** The last lines of the bundled questions are held out, as in the tutorial of fastText. */
const heldOutQuestions = 3000;
/** Of the reader's own lines a fifth is held out, when there are at least ten. */
const shareHeldOut = 1 / 5;
export const fewestToHoldOut = 10;

/** Lower case and blanks around punctuation, the tutorial's normalisation; labels stay as they are. */
export function normalise(text: string): string {
  return text
    .split(/(?<!\S)(__label__\S+)/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/[.!?,'/()]/g, " $& ").toLowerCase()))
    .join("");
}

/** @param bundled  true for the bundled questions, whose last 3,000 are held out */
export function divide(text: string, bundled: boolean): Divided {
  const lines = normalise(text)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  const fifth = bundled || lines.length < fewestToHoldOut ? new Set<number>() : fifthOfEachLabel(lines);
  const testing = (i: number) => (bundled ? i >= lines.length - heldOutQuestions : fifth.has(i));
  const training = lines.filter((_, i) => !testing(i));
  const heldOut = lines.filter((_, i) => testing(i));
  const join = (some: readonly string[]) => some.map((line) => `${line}\n`).join("");
  return {
    training: join(training),
    heldOut: join(heldOut),
    trainingLines: training.length,
    heldOutLines: heldOut.length,
  };
}

/**
 * A fifth of the lines, drawn by a fixed seed from those of each label, so that no order of the lines (labels that take
 * turns, sorted labels) leaves a label out of training or of the test. A line with several labels counts as one of its
 * first; a label's only line is trained on.
 */
function fifthOfEachLabel(lines: readonly string[]): Set<number> {
  const groups = new Map<string, number[]>();
  for (const [i, line] of lines.entries()) {
    const label = /(?<!\S)__label__\S+/.exec(line)?.[0];
    if (label === undefined) continue; // a line without a label can neither teach nor test
    const group = groups.get(label);
    if (group) group.push(i);
    else groups.set(label, [i]);
  }
  const random = new Random(1);
  const drawn = new Set<number>();
  let owed = 0; // parts of lines that rounding has left over, so that small groups together give their fifth too
  for (const group of groups.values()) {
    owed += shareHeldOut * group.length;
    const taken = Math.min(Math.floor(owed + 1e-9), group.length - 1);
    owed -= taken;
    for (const place of random.permutation(group.length).subarray(0, taken)) drawn.add(group[place]!);
  }
  return drawn;
}
