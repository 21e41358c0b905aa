// print-…, nn, analogies: word vectors and their neighbours, in the reference program's own format.

import { UsageError } from "@reprise/experiment/verb";
import { analogies, formatNumber, type Model, type Neighbour, nearest } from "../index.ts";
import { openModel } from "./files.node.ts";
import { numberOf, parseArguments } from "./flags.node.ts";
import { Exchange, raw, standardStreams } from "./streams.node.ts";

const vectorText = (vector: Float32Array): string => Array.from(vector, (x) => `${formatNumber(x, 5)} `).join("");

/** The arguments of a verb without flags, of which there must be so many. */
function only(args: readonly string[], usage: string, counts: readonly number[]): readonly [string, ...string[]] {
  const { rest } = parseArguments(args, []);
  if (!counts.includes(rest.length)) throw new UsageError(`expected ${usage}.`);
  return rest as [string, ...string[]];
}

/** Number of neighbours, 10 if it is not given. */
function neighbourCount(text = "10"): number {
  const k = numberOf("K", text);
  if (!Number.isInteger(k) || k < 1) throw new UsageError(`K is ${text}; expected a whole number from 1 on.`);
  return k;
}

export function wordVectorsVerb(args: readonly string[], streams = standardStreams): undefined {
  const [path] = only(args, "MODEL", [1]);
  const model = openModel(path);
  const out = new Exchange(streams);
  for (const word of out.words()) out.write(`${raw(word)} ${vectorText(model.wordVector(word))}\n`);
  out.end();
}

export function sentenceVectorsVerb(args: readonly string[], streams = standardStreams): undefined {
  const [path] = only(args, "MODEL", [1]);
  const model = openModel(path);
  const out = new Exchange(streams);
  for (const line of out.lines()) out.write(`${vectorText(model.sentenceVector(line))}\n`);
  out.end();
}

export function ngramsVerb(args: readonly string[], streams = standardStreams): undefined {
  const [path, word] = only(args, "MODEL WORD", [2]);
  const out = new Exchange(streams);
  for (const { text, vector } of openModel(path).ngrams(word!)) out.write(`${raw(text)} ${vectorText(vector)}\n`);
  out.end();
}

function neighbourLines({ tables: { dictionary } }: Model, found: readonly Neighbour[]): string {
  return found.map(({ id, similarity }) => `${raw(dictionary.bytesOf(id))} ${formatNumber(similarity)}\n`).join("");
}

export function nearestVerb(args: readonly string[], streams = standardStreams): undefined {
  const [path, count] = only(args, "MODEL [K]", [1, 2]);
  const k = neighbourCount(count);
  const model = openModel(path);
  const out = new Exchange(streams);
  out.write("Query word? ");
  out.end();
  for (const word of out.words()) out.write(`${neighbourLines(model, nearest(model, word, k))}Query word? `);
  out.end();
}

export function analogiesVerb(args: readonly string[], streams = standardStreams): undefined {
  const [path, count] = only(args, "MODEL [K]", [1, 2]);
  const k = neighbourCount(count);
  const out = new Exchange(streams);
  out.write(`Loading model ${raw(Buffer.from(path))}\n`);
  const model = openModel(path);
  out.write("Query triplet (A - B + C)? ");
  out.end();
  let asked: Uint8Array[] = [];
  for (const word of out.words()) {
    asked.push(word);
    const [a, b, c] = asked;
    if (!a || !b || !c) continue;
    out.write(`${neighbourLines(model, analogies(model, [a, b, c], k))}Query triplet (A - B + C)? `);
    asked = [];
  }
  out.end();
}
