// Labelled lines: made comparable, and divided into those that are trained on and those that are held out.

/** Lines for training and for testing, as they are given to the method. */
export interface Divided {
  readonly training: string;
  readonly heldOut: string;
  readonly trainingLines: number;
  readonly heldOutLines: number;
}

/** The last lines of the bundled questions are held out, as in the tutorial of fastText. */
const heldOutQuestions = 3000;
/** Of the reader's own lines every fifth is held out, when there are at least ten. */
const everyOwn = 5;
const fewestToHoldOut = 10;

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
  const testing = (i: number) =>
    bundled ? i >= lines.length - heldOutQuestions : lines.length >= fewestToHoldOut && i % everyOwn === everyOwn - 1;
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
