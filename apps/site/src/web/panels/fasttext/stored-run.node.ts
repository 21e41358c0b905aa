// The panel's run with its default inputs: softmax and hierarchical softmax on the questions that come with the page, for
// the page before anything is pressed and without scripts.
import { gunzipSync } from "node:zlib";
import { lineChart, svgDocument } from "@reprise/chart";
import { readBytes } from "@reprise/data/node";
import { defaultInputs } from "../../../run/fasttext/inputs.ts";
import { divide } from "../../../run/fasttext/lines.ts";
import { compareLosses } from "../../../run/fasttext/training.ts";
import { accuracy, comparison, count, seconds, titles } from "./wording.ts";

/** @param content  the paper's content folder, with the questions */
export async function storedRun(content: string) {
  const text = new TextDecoder().decode(gunzipSync(await readBytes(`${content}/data/cooking.txt.gz`)));
  const { dim, epochs, lr, wordNgrams } = defaultInputs.compare;
  const runs = await compareLosses(divide(text, true), defaultInputs.compare, {
    signal: new AbortController().signal,
    progress: () => {},
  });
  const words = runs.map(({ loss, curve }) => lossInWords(titles[loss], curve)).join(" ");
  const chart = lineChart(
    runs.map(({ loss, curve }) => ({ name: titles[loss], points: curve.map(([x, y]) => ({ x, y })) })),
    {
      title: words,
      x: { label: "epochs", domain: [0, epochs] },
      y: { label: "mean loss" },
      legend: "top",
      width: 560,
      height: 260,
    },
  );
  return {
    title: "Cooking questions and their tags",
    caption: `${comparison(runs)} Trained on ${count(runs[0]!.trainingLines)} question titles, h = ${dim}, ${epochs} epochs, learning rate ${lr}, word n-grams up to ${wordNgrams}, one thread. Questions by the users of Cooking Stack Exchange (cooking.stackexchange.com), CC BY-SA 3.0.`,
    figure: { svg: svgDocument(chart), width: chart.width, height: chart.height, alt: words },
    table: {
      columns: ["Read out by", "P@1, held-out lines", "Lines tested", "Time", "Words/s", "Labels"],
      rows: runs.map((run) => [
        titles[run.loss],
        accuracy(run),
        count(run.tested),
        seconds(run.seconds),
        count(run.wordsPerSecond),
        count(run.labels),
      ]),
    },
  };
}

/** The line of a loss for those who do not see it. */
function lossInWords(title: string, curve: readonly (readonly [epoch: number, loss: number])[]): string {
  const [first, last] = [curve[0], curve.at(-1)];
  if (!first || !last) return `Mean loss with ${title}: none yet.`;
  const at = ([epoch, loss]: readonly [number, number]) => `${loss.toFixed(2)} at epoch ${epoch.toFixed(1)}`;
  return `Mean loss with ${title}: ${at(first)}, ${at(last)}.`;
}
