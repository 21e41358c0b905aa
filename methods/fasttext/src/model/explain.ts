// Why a label: what each word and n-gram of a text adds to its score, and the questions on the way through the tree.
import { fnv1a } from "../text/hash.ts";
import { rowOfHash, subwords } from "../text/ngrams.ts";
import { isEndOfLine, spans, wordAt } from "../text/tokenize.ts";
import { dotRow } from "./matrix.ts";
import type { Model } from "./model.ts";

/** A word, word n-gram or character n-gram of a text, and what it adds to the score of a label. */
export interface Evidence {
  readonly text: string;
  readonly kind: "word" | "word n-gram" | "character n-gram" | "line end";
  /** (1/n)·row·w; the sum over all evidence is the label's score before softmax or sigmoid. */
  readonly score: number;
}

/** A question at an inner node of the Huffman tree. */
export interface TreeStep {
  /** Inner node, 0 for the first made; the root is the last. */
  readonly node: number;
  readonly goesRight: boolean;
  /** Probability of the branch taken. */
  readonly probability: number;
}

const decoder = new TextDecoder();

/**
 * What speaks for a label in a text, strongest first. Not for hierarchical softmax, whose labels have no row of their
 * own: see `treePath`.
 *
 * @throws RangeError for an unknown label, or a model of another kind
 */
export function evidence(model: Model, text: string, label: string): Evidence[] {
  const { tables } = model;
  if (tables.model !== "supervised" || tables.tree)
    throw new RangeError("Evidence is there for supervised models with loss softmax, ova or ns.");
  const parts = partsOf(model, text);
  const output = labelId(model, label);
  const row = new Float32Array(tables.dim);
  return parts
    .map(({ row: id, ...part }) => {
      model.kernel.average(tables, Int32Array.of(id), row);
      return { ...part, score: dotRow(tables.output, output, row) / parts.length };
    })
    .sort((a, b) => b.score - a.score);
}

/** The way from the root to a label, and the probability of each turn; their product is the label's probability. */
export function treePath(model: Model, text: string, label: string): TreeStep[] {
  const { tables } = model;
  const { tree } = tables;
  if (!tree) throw new RangeError("Only a model with loss hs has a tree.");
  const hidden = model.sentenceVector(text);
  const leaf = labelId(model, label);
  const steps: TreeStep[] = [];
  for (let i = tree.pathStarts[leaf + 1]! - 1; i >= tree.pathStarts[leaf]!; i--) {
    const node = tree.pathNodes[i]!;
    const right = 1 / (1 + Math.exp(-dotRow(tables.output, node, hidden)));
    const goesRight = tree.pathCodes[i] === 1;
    steps.push({ node, goesRight, probability: goesRight ? right : 1 - right });
  }
  return steps;
}

function labelId({ tables: { dictionary } }: Model, label: string): number {
  const id = dictionary.idOf(label) - dictionary.words;
  if (id < 0) throw new RangeError(`The model has no label "${label}".`);
  return id;
}

function partsOf({ tables }: Model, text: string): { text: string; kind: Evidence["kind"]; row: number }[] {
  const { dictionary, wordNgrams, bucket } = tables;
  const parts: { text: string; kind: Evidence["kind"]; row: number }[] = [];
  const add = (kind: Evidence["kind"], what: string, row: number) => {
    if (row >= 0) parts.push({ text: what, kind, row });
  };
  const line = new TextEncoder().encode(`${text.replaceAll("\n", " ")}\n`);
  const words: { text: string; hash: number }[] = [];
  for (const span of spans(line, true)) {
    const word = wordAt(line, span);
    const hash = fnv1a(word);
    const entry = dictionary.find(word, hash);
    if (entry >= 0 && dictionary.kinds[entry] === 1) continue;
    const name = isEndOfLine(word) ? "⏎" : decoder.decode(word);
    words.push({ text: name, hash: hash | 0 });
    add(isEndOfLine(word) ? "line end" : "word", name, entry);
    for (const part of subwords(tables, word))
      add("character n-gram", decoder.decode(part.text), rowOfHash(dictionary, part.hash));
  }
  for (let i = 0; i < words.length && bucket > 0; i++) {
    let hash = BigInt(words[i]!.hash);
    for (let j = i + 1; j < words.length && j < i + wordNgrams; j++) {
      hash = BigInt.asUintN(64, hash * 116049371n + BigInt(words[j]!.hash));
      const names = words.slice(i, j + 1).map((word) => word.text);
      add("word n-gram", names.join(" "), rowOfHash(dictionary, Number(hash % BigInt(bucket))));
    }
  }
  return parts;
}
