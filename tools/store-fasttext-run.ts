// Compares softmax and hierarchical softmax on the bundled questions, as the panel "fastText" does with its default
// inputs, and stores what the page shows before anything is pressed and without scripts:
//   node tools/run.mjs tools/store-fasttext-run.ts
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { createFolder, readBytes, writeFileAtomic } from "@reprise/data/node";
import { defaultInputs, paperKey } from "../apps/site/src/run/fasttext/inputs.ts";
import { divide } from "../apps/site/src/run/fasttext/lines.ts";
import { compareLosses } from "../apps/site/src/run/fasttext/training.ts";
import type { StoredRun } from "../apps/site/src/server/content-format.ts";
import { lossPlot } from "../apps/site/src/web/panels/fasttext/loss-plot.ts";
import { accuracy, comparison, count, seconds, titles } from "../apps/site/src/web/panels/fasttext/wording.ts";

const content = fileURLToPath(new URL(`../apps/site/content/${paperKey}/`, import.meta.url));
const text = new TextDecoder().decode(gunzipSync(await readBytes(`${content}data/cooking.txt.gz`)));
const { dim, epochs, lr, wordNgrams } = defaultInputs.compare;
const runs = await compareLosses(divide(text, true), defaultInputs.compare, {
  signal: new AbortController().signal,
  progress: () => {},
});
const plot = lossPlot(runs, epochs);
const stored: StoredRun = {
  title: "Cooking questions and their tags",
  caption: `${comparison(runs)} Trained on ${count(runs[0]!.trainingLines)} question titles, h = ${dim}, ${epochs} epochs, learning rate ${lr}, word n-grams up to ${wordNgrams}, one thread. Questions by the users of Cooking Stack Exchange (cooking.stackexchange.com), CC BY-SA 3.0.`,
  command: "node tools/run.mjs tools/store-fasttext-run.ts",
  image: { file: "figure.svg", width: plot.width, height: plot.height, alt: plot.words },
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
const bytes = (written: string) => new TextEncoder().encode(written);
await createFolder(`${content}run`);
await writeFileAtomic(`${content}run/figure.svg`, bytes(figure()));
await writeFileAtomic(`${content}run/result.json`, bytes(`${JSON.stringify(stored, null, 2)}\n`));
console.log(stored.caption);

/** The loss chart by itself, on the page's light sheet; dashed is hierarchical softmax. */
function figure(): string {
  const { width, height, ticks, lines } = plot;
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
