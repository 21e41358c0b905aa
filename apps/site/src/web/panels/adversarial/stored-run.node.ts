// The panel's run with its default inputs, for the page before anything is pressed and without scripts.
import { fileURLToPath } from "node:url";
import { ndArray } from "@reprise/data";
import { encodeImage, readBytes } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { attackImage } from "../../../run/adversarial/attack.ts";
import { digitOf, digitsUrl, readDigits } from "../../../run/adversarial/digits.ts";
import { defaultInputs, titleOf } from "../../../run/adversarial/inputs.ts";
import type { ShippedModel } from "../../../run/adversarial/shipped.ts";
import type { Guess } from "../../../run/adversarial/verdicts.ts";
import { figureSize, resultFigure } from "./figure.ts";
import { attackSentence, percent } from "./wording.ts";

/** @param content  the paper's content folder, with its models */
export async function storedRun(content: string) {
  const bundled = await readDigits(await readBytes(fileURLToPath(digitsUrl)));
  const index = new TextDecoder().decode(await readBytes(`${content}/models/models.json`));
  const runtime = nodeRuntime({ threads: 1 });
  const result = await attackImage(digitOf(defaultInputs.digit, bundled), defaultInputs, {
    runtime,
    models: JSON.parse(index) as ShippedModel[],
    loadModel: (file) => readBytes(`${content}/models/${file}`),
    signal: new AbortController().signal,
    progress: () => {},
    breathe: async () => {},
  });
  await runtime.release();
  const { attack, verdicts } = result;
  if (attack.status !== "success")
    throw new Error(`the attack ended with the status ${attack.status}; nothing is stored`);
  const says = ({ label, probability }: Guess) => `${label}, ${percent(probability)}`;
  return {
    title: `A ${attack.predictedBefore} that is read as a ${attack.predictedAfter}`,
    caption: attackSentence(result, defaultInputs),
    figure: {
      ...figureSize,
      svg: await resultFigure(result, onPaper),
      alt: `Three pictures. A handwritten ${attack.predictedBefore}; a faint pattern, magnified; and their sum, which still looks like a ${attack.predictedBefore} and is read as a ${attack.predictedAfter}.`,
    },
    table: {
      columns: ["Network", "reads x as", "reads x′ as", "and x′ in 8 bits as"],
      rows: verdicts.map(({ network, clean, adversarial, rounded }) => [
        titleOf(network),
        says(clean),
        says(adversarial),
        says(rounded),
      ]),
    },
  };
}

/** A PNG of the pixels on the sheet's colour. */
async function onPaper(rgba: Uint8ClampedArray): Promise<string> {
  const sheet = [255, 253, 248];
  const n = rgba.length / 4;
  const rgb = new Uint8Array(3 * n); // [3, 28, 28]
  for (let i = 0; i < n; i++) {
    const opacity = rgba[4 * i + 3]! / 255;
    for (let c = 0; c < 3; c++) rgb[c * n + i] = Math.round(opacity * rgba[4 * i + c]! + (1 - opacity) * sheet[c]!);
  }
  return `data:image/png;base64,${Buffer.from(await encodeImage(ndArray("uint8", [3, 28, 28], rgb))).toString("base64")}`;
}
