// One text through a model: its best labels, what speaks for each, and the way through the Huffman tree.
import { type Evidence, evidence, type Model, type Prediction, treePath } from "@reprise/fasttext";

/** A turn in the Huffman tree. */
export interface Turn {
  readonly right: boolean;
  /** Of this turn; their product is the label's probability. */
  readonly probability: number;
  /** Labels that are still possible after it. */
  readonly labelsLeft: number;
}

export interface Reason {
  readonly label: string;
  readonly probability: number;
  /** What each word and n-gram adds to the label's score, strongest first; empty with a tree. */
  readonly evidence: readonly Evidence[];
  /** From the root to the label; empty without a tree. */
  readonly path: readonly Turn[];
}

export interface Classification {
  readonly phrase: string;
  /** Best first; empty when no word of the text is known. */
  readonly reasons: readonly Reason[];
  /** Labels of the model. */
  readonly labels: number;
}

/**
 * The k best labels of a text, each with its reasons.
 *
 * @param phrase  one line, normalised as the model's training lines were
 */
export function classify(model: Model, phrase: string, k: number): Classification {
  const tree = model.tables.tree;
  const words = phrase.trim();
  const predictions = words === "" || !hasKnownRow(model, words) ? [] : model.predict(words, { k });
  return {
    phrase,
    labels: model.labels.length,
    reasons: predictions.map(({ label, probability }) => ({
      label: label.replace(/^__label__/, ""),
      probability,
      evidence: tree ? [] : evidence(model, words, label),
      path: tree ? turns(model, words, label) : [],
    })),
  };
}

/** The k best labels alone. */
export function languages(model: Model, text: string, k: number): Prediction[] {
  return text.trim() === ""
    ? []
    : model.predict(text, { k }).map(({ label, probability }) => ({ label: label.slice(9), probability }));
}

function hasKnownRow({ tables: { dictionary } }: Model, words: string): boolean {
  return words.split(/\s+/).some((word) => dictionary.idOf(word) >= 0);
}

function turns(model: Model, words: string, label: string): Turn[] {
  const tree = model.tables.tree!;
  const below = (node: number): number =>
    tree.left[node]! < 0 ? 1 : below(tree.left[node]!) + below(tree.right[node]!);
  return treePath(model, words, label).map(({ node, goesRight, probability }) => {
    const inner = node + tree.leaves;
    return { right: goesRight, probability, labelsLeft: below((goesRight ? tree.right : tree.left)[inner]!) };
  });
}
