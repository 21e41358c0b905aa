// The panel's run with its default inputs: softmax and hierarchical softmax on the questions that come with the page, for
// the page before anything is pressed and without scripts.
import { gunzipSync } from "node:zlib";
import { readBytes } from "@reprise/data/node";
import { defaultInputs } from "../../../run/fasttext/inputs.ts";
import { divide } from "../../../run/fasttext/lines.ts";
import { compareLosses } from "../../../run/fasttext/training.ts";
import { lossPlot } from "./loss-plot.ts";
import { accuracy, comparison, count, seconds, titles } from "./wording.ts";

/** @param content  the paper's content folder, with the questions */
export async function storedRun(content: string) {
  const text = new TextDecoder().decode(gunzipSync(await readBytes(`${content}/data/cooking.txt.gz`)));
  const { dim, epochs, lr, wordNgrams } = defaultInputs.compare;
  const runs = await compareLosses(divide(text, true), defaultInputs.compare, {
    signal: new AbortController().signal,
    progress: () => {},
  });
  const plot = lossPlot(runs, epochs);
  return {
    title: "Cooking questions and their tags",
    caption: `${comparison(runs)} Trained on ${count(runs[0]!.trainingLines)} question titles, h = ${dim}, ${epochs} epochs, learning rate ${lr}, word n-grams up to ${wordNgrams}, one thread. Questions by the users of Cooking Stack Exchange (cooking.stackexchange.com), CC BY-SA 3.0.`,
    figure: { svg: figure(plot, epochs), width: plot.width, height: plot.height, alt: plot.words },
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

/** The loss chart by itself, on the page's light sheet; dashed is hierarchical softmax. */
function figure({ width, height, ticks, lines }: ReturnType<typeof lossPlot>, epochs: number): string {
  const label = (x: number, y: number, words: string) =>
    `<text x="${x}" y="${y}" text-anchor="end" font-family="serif" font-size="12" fill="#5c5346">${words}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<rect width="100%" height="100%" fill="#fffdf8"/>
${ticks.map(({ x1, x2, y, text: words }) => `<path d="M${x1} ${y}H${x2}" stroke="#dad2bf"/>${label(x1 - 6, y + 4, words)}`).join("\n")}
${label(width - 8, height - 4, `${epochs} epochs; solid: softmax, dashed: hierarchical softmax`)}
${lines.map(({ loss, points }) => `<polyline points="${points}" fill="none" stroke-width="2" ${loss === "hs" ? 'stroke="#2b2620" stroke-dasharray="5 4"' : 'stroke="#a3301a"'}/>`).join("\n")}
</svg>
`;
}
