// The panel's run with its default inputs, for the page before anything is pressed and without scripts.
import { lineChart, svgDocument } from "@reprise/chart";
import { mnistSubset, readBytes } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { findFlips } from "../../../run/bit-flip/flips.ts";
import { defaultSearch, titleOf } from "../../../run/bit-flip/inputs.ts";
import { bitName, percent, placeText, searchSentence } from "./wording.ts";

/** @param content  the paper's content folder, with its models */
export async function storedRun(content: string) {
  const { network, sample, maxFlips, seed } = defaultSearch;
  const { images, labels } = await mnistSubset({ split: "test" });
  const runtime = nodeRuntime({ threads: 1 });
  const result = await findFlips(
    await readBytes(`${content}/models/${network}-8bit.onnx`),
    { images: images.data as Float32Array, labels: labels.data },
    { name: titleOf(network), sample, maxFlips, seed },
    { runtime, signal: new AbortController().signal, progress: () => {}, breathe: async () => {} },
  );
  await runtime.release();
  const { before, flips, random } = result;
  const share = (x: number, y: number) => ({ x, y: 100 * y });
  const chart = lineChart(
    [
      {
        name: "bits that the search finds",
        points: [share(0, before.accuracy), ...flips.map(({ accuracy }, i) => share(i + 1, accuracy))],
        mark: "disc",
      },
      {
        name: "random bits",
        points: [
          share(0, before.accuracy),
          ...random.filter((point) => point.flips <= flips.length).map((point) => share(point.flips, point.accuracy)),
        ],
      },
    ],
    {
      title: "Test digits read right after each flip",
      x: { label: "flipped bits" },
      y: { label: "test digits read right, %", domain: [0, 100] },
      legend: "top",
      width: 560,
      height: 260,
    },
  );
  return {
    title: `${flips.length} bits break a network of ${result.bits.toLocaleString("en")}`,
    caption: searchSentence(result),
    figure: {
      svg: svgDocument(chart),
      width: chart.width,
      height: chart.height,
      alt: `A line that falls from ${percent(before.accuracy)} to ${percent(flips.at(-1)?.accuracy ?? before.accuracy)} over ${flips.length} flips that the search finds; the line of random flips stays where it was.`,
    },
    table: {
      columns: ["Layer", "Weight", "Bit", "Before", "After", "Right"],
      rows: flips.map((flip) => [
        flip.layer,
        placeText(flip),
        bitName(flip.bit),
        String(flip.before),
        String(flip.after),
        percent(flip.accuracy),
      ]),
    },
  };
}
