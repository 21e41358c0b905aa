// test, predict, print-…, nn, analogies, dump: what a model says, in the reference program's own format.
import { writeSync } from "node:fs";
import {
  analogies,
  evaluate,
  f1,
  formatNumber,
  type LabelCounts,
  type Model,
  type Neighbour,
  nearest,
  precision,
  probabilityOf,
  recall,
} from "@reprise/fasttext";
import { filePieces, loadModel } from "@reprise/fasttext/node";
import { printResult } from "../../report.ts";
import { numberOf, parseArguments, UsageError } from "./flags.ts";

/** Standard output in pieces. Text is latin1: every character is a byte, so that words need not be valid UTF-8. */
class Output {
  #text = "";

  write(text: string): void {
    this.#text += text;
    if (this.#text.length > 1 << 16) this.end();
  }

  end(): void {
    const bytes = Buffer.from(this.#text, "latin1");
    this.#text = "";
    for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
  }
}

const raw = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const utf8 = (text: string): string => Buffer.from(text).toString("latin1");
const vectorText = (vector: Float32Array): string => Array.from(vector, (x) => `${formatNumber(x, 5)} `).join("");

function modelAndText(args: readonly string[]) {
  const { flags, rest } = parseArguments(args, ["compat", "json", "label"]);
  const [path, file, k = "1", threshold = "0"] = rest;
  if (path === undefined || file === undefined || rest.length > 4)
    throw new UsageError("expected MODEL FILE [K] [THRESHOLD]; FILE may be - for standard input.");
  const options = { k: numberOf("K", k), threshold: numberOf("THRESHOLD", threshold), compat: flags.compat === true };
  if (!Number.isInteger(options.k) || (options.k < 1 && options.k !== -1))
    throw new UsageError(`K is ${k}; expected a whole number from 1 on, or -1 for all labels.`);
  const model = loadModel(path, typeof flags.label === "string" ? { label: flags.label } : {});
  return { model, pieces: filePieces(file === "-" ? 0 : file), options, json: flags.json === true };
}

const numberOrNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
const scoresOf = (counts: LabelCounts) => ({
  precision: numberOrNull(precision(counts)),
  recall: numberOrNull(recall(counts)),
  f1: numberOrNull(f1(counts)),
});

export function testVerb(args: readonly string[], perLabel: boolean): void {
  const { model, pieces, options, json } = modelAndText(args);
  const evaluation = evaluate(model, pieces, options);
  const { examples, all } = evaluation;
  if (json) {
    const labels = model.labels.map((label, i) => ({
      label,
      ...evaluation.counts(i),
      ...scoresOf(evaluation.counts(i)),
    }));
    const value = {
      examples,
      k: options.k,
      threshold: options.threshold,
      ...scoresOf(all),
      ...(perLabel ? { labels } : {}),
    };
    printResult(true, value, () => "");
    return;
  }
  const out = new Output();
  const metric = (name: string, value: number) => `${name} : ${Number.isNaN(value) ? "--------" : value.toFixed(6)}  `;
  if (perLabel)
    for (let i = 0; i < model.tables.dictionary.labels; i++) {
      const counts = evaluation.counts(i);
      const { dictionary } = model.tables;
      out.write(
        metric("F1-Score", f1(counts)) + metric("Precision", precision(counts)) + metric("Recall", recall(counts)),
      );
      out.write(` ${raw(dictionary.bytesOf(dictionary.words + i))}\n`);
    }
  const short = (value: number) => (perLabel && !Number.isNaN(value) ? value.toFixed(3) : formatNumber(value, 3));
  out.write(`N\t${examples}\nP@${options.k}\t${short(precision(all))}\nR@${options.k}\t${short(recall(all))}\n`);
  out.end();
}

export function predictVerb(args: readonly string[], withProbability: boolean): void {
  const { model, pieces, options, json } = modelAndText(args);
  const { dictionary } = model.tables;
  if (json) {
    const labels = model.labels;
    const lines = Array.from(model.classify(pieces, options), ({ predicted, scores }) =>
      Array.from(predicted, (label, i) => ({
        label: labels[label],
        probability: probabilityOf(scores[i]!, options.compat),
      })),
    );
    printResult(true, lines, () => "");
    return;
  }
  const labels = Array.from({ length: dictionary.labels }, (_, i) => raw(dictionary.bytesOf(dictionary.words + i)));
  const out = new Output();
  for (const { predicted, scores } of model.classify(pieces, options)) {
    let line = "";
    for (let i = 0; i < predicted.length; i++) {
      if (i > 0) line += " ";
      line += labels[predicted[i]!];
      if (withProbability) line += ` ${formatNumber(probabilityOf(scores[i]!, options.compat))}`;
    }
    out.write(`${line}\n`);
  }
  out.end();
}

/** The words of standard input as they come. */
function* inputWords(): Generator<Uint8Array> {
  let held = new Uint8Array(0);
  const isBlank = (byte: number) => byte === 32 || (byte >= 9 && byte <= 13);
  for (const piece of filePieces(0)) {
    const text = new Uint8Array(held.length + piece.length);
    text.set(held);
    text.set(piece, held.length);
    let start = 0;
    for (let i = 0; i < text.length; i++)
      if (isBlank(text[i]!)) {
        if (i > start) yield text.slice(start, i);
        start = i + 1;
      }
    held = text.slice(start);
  }
  if (held.length > 0) yield held;
}

/** The lines of standard input without their ends. */
function* inputLines(): Generator<Uint8Array> {
  let held = new Uint8Array(0);
  for (const piece of filePieces(0)) {
    const text = new Uint8Array(held.length + piece.length);
    text.set(held);
    text.set(piece, held.length);
    let start = 0;
    for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, start)) {
      yield text.slice(start, end);
      start = end + 1;
    }
    held = text.slice(start);
  }
  if (held.length > 0) yield held;
}

function onlyModel(
  args: readonly string[],
  usage: string,
  counts: readonly number[],
): { model: Model; rest: readonly string[] } {
  const { rest } = parseArguments(args, []);
  if (!counts.includes(rest.length)) throw new UsageError(`expected ${usage}.`);
  return { model: loadModel(rest[0]!), rest: rest.slice(1) };
}

export function wordVectorsVerb(args: readonly string[]): void {
  const { model } = onlyModel(args, "MODEL", [1]);
  const out = new Output();
  for (const word of inputWords()) out.write(`${raw(word)} ${vectorText(model.wordVector(word))}\n`);
  out.end();
}

export function sentenceVectorsVerb(args: readonly string[]): void {
  const { model } = onlyModel(args, "MODEL", [1]);
  const out = new Output();
  for (const line of inputLines()) out.write(`${vectorText(model.sentenceVector(line))}\n`);
  out.end();
}

export function ngramsVerb(args: readonly string[]): void {
  const { model, rest } = onlyModel(args, "MODEL WORD", [2]);
  const out = new Output();
  for (const { text, vector } of model.ngrams(rest[0]!)) out.write(`${raw(text)} ${vectorText(vector)}\n`);
  out.end();
}

const neighbourLines = (found: readonly Neighbour[]): string =>
  found.map(({ word, similarity }) => `${utf8(word)} ${formatNumber(similarity)}\n`).join("");

export function nearestVerb(args: readonly string[]): void {
  const { model, rest } = onlyModel(args, "MODEL [K]", [1, 2]);
  const k = numberOf("K", rest[0] ?? "10");
  const out = new Output();
  out.write("Query word? ");
  out.end();
  for (const word of inputWords()) {
    out.write(`${neighbourLines(nearest(model, word, k))}Query word? `);
    out.end();
  }
}

export function analogiesVerb(args: readonly string[]): void {
  const { rest } = parseArguments(args, []);
  if (rest.length < 1 || rest.length > 2) throw new UsageError("expected MODEL [K].");
  const k = numberOf("K", rest[1] ?? "10");
  const out = new Output();
  out.write(`Loading model ${utf8(rest[0]!)}\n`);
  const model = loadModel(rest[0]!);
  out.write("Query triplet (A - B + C)? ");
  out.end();
  let query: string[] = [];
  for (const word of inputWords()) {
    query.push(Buffer.from(word).toString());
    if (query.length < 3) continue;
    out.write(`${neighbourLines(analogies(model, query as [string, string, string], k))}Query triplet (A - B + C)? `);
    out.end();
    query = [];
  }
}

export function dumpVerb(args: readonly string[]): void {
  const { model, rest } = onlyModel(args, "MODEL (args|dict|input|output)", [2]);
  const { tables, header } = model;
  const { dictionary } = tables;
  const out = new Output();
  const what = rest[0];
  if (what === "args") {
    const modelName = { supervised: "sup", skipgram: "sg", cbow: "cbow" }[tables.model];
    const rows: [string, string | number][] = [
      ["dim", tables.dim],
      ["ws", header.ws],
      ["epoch", header.epoch],
      ["minCount", header.minCount],
      ["neg", header.neg],
      ["wordNgrams", tables.wordNgrams],
      ["loss", tables.loss === "ova" ? "one-vs-all" : tables.loss],
      ["model", modelName],
      ["bucket", tables.bucket],
      ["minn", tables.minn],
      ["maxn", tables.maxn],
      ["lrUpdateRate", header.lrUpdateRate],
      ["t", formatNumber(header.t)],
    ];
    for (const [name, value] of rows) out.write(`${name} ${value}\n`);
  } else if (what === "dict") {
    out.write(`${dictionary.size}\n`);
    for (let i = 0; i < dictionary.size; i++)
      out.write(
        `${raw(dictionary.bytesOf(i))} ${dictionary.counts[i]} ${dictionary.kinds[i] === 1 ? "label" : "word"}\n`,
      );
  } else if (what === "input" || what === "output") {
    const matrix = tables[what];
    if (tables.input.kind !== "dense" || matrix.kind !== "dense")
      throw new Error(`the ${what} of a quantised model cannot be dumped; it has no rows of its own.`);
    const { rows, dim, values } = matrix;
    out.write(`${rows} ${dim}\n`);
    for (let i = 0; i < rows; i++)
      out.write(`${Array.from(values.subarray(i * dim, (i + 1) * dim), (x) => formatNumber(x)).join(" ")}\n`);
  } else throw new UsageError(`"${what}" cannot be dumped; expected args, dict, input or output.`);
  out.end();
}
