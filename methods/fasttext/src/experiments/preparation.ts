// Lines as the authors' scripts write them, and an order that the seed decides.
import { MinimalStandard } from "../reference/random.ts";

/**
 * A line as the authors' classification-results.sh writes it: ASCII letters in lower case, blanks around ' . , ( ) ! ?, no
 * quotation marks, blanks for ; : and line breaks of HTML, no two blanks in a row.
 *
 * @param line  bytes as characters (latin1)
 */
export function normalised(line: string): string {
  return line
    .replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    .replaceAll("<br />", " ")
    .replaceAll('"', "")
    .replace(/[;:]/g, " ")
    .replace(/['.,()!?]/g, " $& ")
    .replace(/[ \t-\r]+/g, " ")
    .replace(/^ | $/g, "");
}

/** A question as the tutorial writes it: blanks around . ! ? , ' / ( ), ASCII letters in lower case. */
export function normalisedQuestion(line: string): string {
  return line.replace(/[.!?,'/()]/g, " $& ").replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** An order of lines that the seed alone decides: the files of some sets come class by class. */
export function shuffledOrder(count: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const random = new MinimalStandard(seed);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
