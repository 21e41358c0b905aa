// What the reader chooses in the panel "fastText", task by task. Light: the page loads it before anything runs.

/** The paper whose page shows the panel; its content folder holds the data. */
export const paperKey = "journals/corr/JoulinGBM16";

/** What is downloaded when it is first used, in bytes; a test compares them with the files. */
export const cookingBytes = 406_046;
export const languageBytes = 938_013;

export type LossChoice = "softmax" | "hs";

/** What both ways of reading labels out are trained with. */
export interface CompareInputs {
  /** "cooking", "own:" and lines, or "long:" and a number for lines that are too long for an address. */
  readonly lines: string;
  /** Length of a row: the paper's hidden units h. */
  readonly dim: number;
  readonly epochs: number;
  readonly lr: number;
  readonly wordNgrams: number;
}

/** Whose language is asked for, and labels shown. */
export interface LanguageInputs {
  readonly phrase: string;
  readonly k: number;
}

/** Train one model and ask it. */
export interface TrainInputs extends CompareInputs, LanguageInputs {
  readonly loss: LossChoice;
}

const comparison: CompareInputs = { lines: "cooking", dim: 20, epochs: 15, lr: 1, wordNgrams: 2 };

/** What the tasks begin with, and what the stored run was made with. */
export const defaultInputs = {
  train: { ...comparison, loss: "softmax", phrase: "How long does a sourdough starter keep in the fridge?", k: 5 },
  compare: comparison,
  language: { phrase: "Quem não tem cão caça com gato.", k: 5 },
} as const satisfies { train: TrainInputs; compare: CompareInputs; language: LanguageInputs };

/** The inputs with the lines themselves; null: the bundled questions. */
export type WithLines<Inputs> = Omit<Inputs, "lines"> & { readonly lines: string | null };

const longestInAddress = 1500;
const longLines = new Map<string, string>();

/** An input value for lines of the reader's own. */
export function ownLines(text: string): string {
  if (text.length <= longestInAddress) return `own:${text}`;
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) >>> 0;
  const value = `long:${hash}-${text.length}`;
  longLines.set(value, text);
  return value;
}

/** The lines behind an input value; null for the bundled questions. */
export function linesOf(value: string): string | null {
  if (value === "cooking") return null;
  return value.startsWith("own:") ? value.slice(4) : (longLines.get(value) ?? "");
}

/** What is wrong with an input value, or null. */
export function linesProblem(value: string): string | null {
  if (value === "cooking") return null;
  if (value.startsWith("long:") && !longLines.has(value))
    return "These lines were too long for an address: paste them again.";
  if (!/^(own|long):/.test(value)) return `There are no lines called “${value}”.`;
  const text = linesOf(value) ?? "";
  if (text.trim() === "") return "Type or paste lines, each with a label and some words.";
  const labels = new Set(text.match(/(?<!\S)__label__\S+/g));
  if (labels.size === 0) return "No line has a label: begin each with __label__ and a name, as in __label__tea.";
  return labels.size === 1 ? "There is one label only: at least two are needed to tell them apart." : null;
}
