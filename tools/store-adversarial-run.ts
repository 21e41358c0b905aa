// Runs the panel "adversarial examples" on Node with its default inputs, and stores what the page shows before anything
// is pressed and without scripts:  node tools/run.mjs tools/store-adversarial-run.ts
import { fileURLToPath } from "node:url";
import { ndArray } from "@reprise/data";
import { createFolder, encodeImage, readBytes, writeFileAtomic } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { attackImage } from "../apps/site/src/run/adversarial/attack.ts";
import { digitOf, digitsUrl, readDigits } from "../apps/site/src/run/adversarial/digits.ts";
import { defaultInputs, paperKey, titleOf } from "../apps/site/src/run/adversarial/inputs.ts";
import type { ShippedModel } from "../apps/site/src/run/adversarial/shipped.ts";
import type { Guess } from "../apps/site/src/run/adversarial/verdicts.ts";
import type { StoredRun } from "../apps/site/src/server/content-format.ts";
import { figureSize, resultFigure } from "../apps/site/src/web/panels/adversarial/figure.ts";
import { attackSentence, percent } from "../apps/site/src/web/panels/adversarial/wording.ts";

const content = fileURLToPath(new URL(`../apps/site/content/${paperKey}/`, import.meta.url));
const bundled = await readDigits(await readBytes(fileURLToPath(digitsUrl)));
const models = JSON.parse(new TextDecoder().decode(await readBytes(`${content}models/models.json`))) as ShippedModel[];
const result = await attackImage(digitOf(defaultInputs.digit, bundled), defaultInputs, {
  runtime: nodeRuntime({ threads: 1 }),
  models,
  loadModel: (file) => readBytes(`${content}models/${file}`),
  signal: new AbortController().signal,
  progress: () => {},
  breathe: async () => {},
});
const { attack, verdicts } = result;
if (attack.status !== "success")
  throw new Error(`the attack ended with the status ${attack.status}; nothing is stored`);

const says = ({ label, probability }: Guess) => `${label}, ${percent(probability)}`;
const stored: StoredRun = {
  title: `A ${attack.predictedBefore} that is read as a ${attack.predictedAfter}`,
  caption: attackSentence(result, defaultInputs),
  command: "node tools/run.mjs tools/store-adversarial-run.ts",
  image: {
    file: "figure.svg",
    ...figureSize,
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
const bytes = (text: string) => new TextEncoder().encode(text);
await createFolder(`${content}run`);
await writeFileAtomic(`${content}run/figure.svg`, bytes(await resultFigure(result, onPaper)));
await writeFileAtomic(`${content}run/result.json`, bytes(`${JSON.stringify(stored, null, 2)}\n`));
console.log(stored.caption);

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
