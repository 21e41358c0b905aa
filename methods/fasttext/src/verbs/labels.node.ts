// test, test-label, predict, predict-prob: what a classifier says, in the reference program's own format.

import { UsageError } from "@reprise/experiment/verb";
import {
  evaluate,
  f1,
  formatNumber,
  type LabelCounts,
  precision,
  probabilityOf,
  readableKernel,
  recall,
} from "../predicting.node.ts";
import { openModel, openText } from "./files.node.ts";
import { numberOf, parseArguments } from "./flags.node.ts";
import { Exchange, raw, standardStreams } from "./streams.node.ts";

function modelAndText(args: readonly string[], exchange: Exchange) {
  const { flags, rest } = parseArguments(args, ["compat", "json", "label"]);
  const [path, file, k = "1", threshold = "0"] = rest;
  if (path === undefined || file === undefined || rest.length > 4)
    throw new UsageError("expected MODEL FILE [K] [THRESHOLD]; FILE may be - for standard input.");
  const compat = flags.compat === true;
  const options = { k: numberOf("K", k), threshold: numberOf("THRESHOLD", threshold), compat };
  if (!Number.isInteger(options.k) || (options.k < 1 && options.k !== -1))
    throw new UsageError(`K is ${k}; expected a whole number from 1 on, or -1 for all labels.`);
  const model = openModel(path, {
    ...(typeof flags.label === "string" ? { label: flags.label } : {}),
    // It rounds as the reference program does: the same digits, not only nearly the same.
    ...(compat ? { kernel: readableKernel } : {}),
  });
  return {
    model,
    pieces: file === "-" ? exchange.input() : openText(file, "a text with an example a line, or - for standard input"),
    options,
    json: flags.json === true,
  };
}

const numberOrNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
const scoresOf = (counts: LabelCounts) => ({
  precision: numberOrNull(precision(counts)),
  recall: numberOrNull(recall(counts)),
  f1: numberOrNull(f1(counts)),
});

export function testVerb(
  args: readonly string[],
  perLabel: boolean,
  streams = standardStreams,
  tell: (text: string) => void = () => {},
): undefined {
  const out = new Exchange(streams);
  const { model, pieces, options, json } = modelAndText(args, out);
  const { dictionary } = model.tables;
  const evaluation = evaluate(model, pieces, options);
  const { examples, all } = evaluation;
  // The C++ program gives nan and says nothing.
  if (examples === 0)
    tell(`No line of ${args[1]} has a label and a word that the model knows, so there is nothing to test.`);
  if (json) {
    const { k, threshold } = options;
    const labels = model.labels.map((label, i) => ({
      label,
      ...evaluation.counts(i),
      ...scoresOf(evaluation.counts(i)),
    }));
    out.json({ examples, k, threshold, ...scoresOf(all), ...(perLabel ? { labels } : {}) });
    return;
  }
  const metric = (name: string, value: number) => `${name} : ${Number.isNaN(value) ? "--------" : value.toFixed(6)}  `;
  if (perLabel)
    for (let i = 0; i < dictionary.labels; i++) {
      const counts = evaluation.counts(i);
      out.write(
        metric("F1-Score", f1(counts)) + metric("Precision", precision(counts)) + metric("Recall", recall(counts)),
      );
      out.write(` ${raw(dictionary.bytesOf(dictionary.words + i))}\n`);
    }
  const short = (value: number) => (perLabel && !Number.isNaN(value) ? value.toFixed(3) : formatNumber(value, 3));
  out.write(`N\t${examples}\nP@${options.k}\t${short(precision(all))}\nR@${options.k}\t${short(recall(all))}\n`);
  out.end();
}

export function predictVerb(args: readonly string[], withProbability: boolean, streams = standardStreams): undefined {
  const out = new Exchange(streams);
  const { model, pieces, options, json } = modelAndText(args, out);
  const { dictionary } = model.tables;
  if (json) {
    const labels = model.labels;
    const lines = Array.from(model.classify(pieces, options), ({ predicted, scores }) =>
      Array.from(predicted, (label, i) => ({
        label: labels[label],
        probability: probabilityOf(scores[i]!, options.compat),
      })),
    );
    out.json(lines);
    return;
  }
  const labels = Array.from({ length: dictionary.labels }, (_, i) => raw(dictionary.bytesOf(dictionary.words + i)));
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
