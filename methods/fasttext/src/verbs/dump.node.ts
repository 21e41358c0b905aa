// dump: what is in a model file, in the reference program's own format.

import { UsageError } from "@reprise/experiment/verb";
import { formatNumber, type Model } from "../index.ts";
import { openModel } from "./files.node.ts";
import { parseArguments } from "./flags.node.ts";
import { Exchange, raw, standardStreams } from "./streams.node.ts";

const parts = ["args", "dict", "input", "output"] as const;

export function dumpVerb(args: readonly string[], streams = standardStreams): undefined {
  const { rest } = parseArguments(args, []);
  const [path, asked] = rest;
  if (path === undefined || rest.length !== 2) throw new UsageError("expected MODEL (args|dict|input|output).");
  const part = parts.find((name) => name === asked);
  if (!part) throw new UsageError(`"${asked}" cannot be dumped; expected args, dict, input or output.`);
  const model = openModel(path);
  const out = new Exchange(streams);
  if (part === "args") dumpSettings(model, out);
  else if (part === "dict") dumpDictionary(model, out);
  else dumpRows(model, part, out);
  out.end();
}

function dumpSettings({ tables, header }: Model, out: Exchange): void {
  const rows = {
    dim: tables.dim,
    ws: header.ws,
    epoch: header.epoch,
    minCount: header.minCount,
    neg: header.neg,
    wordNgrams: tables.wordNgrams,
    loss: tables.loss === "ova" ? "one-vs-all" : tables.loss,
    model: { supervised: "sup", skipgram: "sg", cbow: "cbow" }[tables.model],
    bucket: tables.bucket,
    minn: tables.minn,
    maxn: tables.maxn,
    lrUpdateRate: header.lrUpdateRate,
    t: formatNumber(header.t),
  };
  for (const [name, value] of Object.entries(rows)) out.write(`${name} ${value}\n`);
}

function dumpDictionary({ tables: { dictionary } }: Model, out: Exchange): void {
  out.write(`${dictionary.size}\n`);
  for (let i = 0; i < dictionary.size; i++) {
    const kind = dictionary.kinds[i] === 1 ? "label" : "word";
    out.write(`${raw(dictionary.bytesOf(i))} ${dictionary.counts[i]} ${kind}\n`);
  }
}

function dumpRows({ tables }: Model, part: "input" | "output", out: Exchange): void {
  const matrix = tables[part];
  if (tables.input.kind !== "dense" || matrix.kind !== "dense")
    throw new Error(`the ${part} of a quantised model cannot be dumped; it has no rows of its own.`);
  const { rows, dim, values } = matrix;
  out.write(`${rows} ${dim}\n`);
  for (let i = 0; i < rows; i++)
    out.write(`${Array.from(values.subarray(i * dim, (i + 1) * dim), (x) => formatNumber(x)).join(" ")}\n`);
}
