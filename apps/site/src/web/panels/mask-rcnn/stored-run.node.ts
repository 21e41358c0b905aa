// The panel's run with its default inputs, for the page before anything is pressed and without scripts.
import { ndArray, planar, pngDataUri } from "@reprise/data";
import { encodeImage, readBytes } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { defaultInputs, defaultScore, modelFile } from "../../../run/mask-rcnn/inputs.ts";
import { generatedPicture, segment } from "../../../run/mask-rcnn/segment.ts";
import { cssColour, type Pixels, tinted } from "./pixels.ts";
import { countsText, resultSentence } from "./wording.ts";

/** Pixels of the figure for a pixel of the picture. */
const zoom = 2.5;
const gap = 12;

/** @param content  the paper's content folder, with its network */
export async function storedRun(content: string) {
  const runtime = nodeRuntime({ threads: 1 });
  const result = await segment(
    await readBytes(`${content}/models/${modelFile}`),
    await generatedPicture(defaultInputs.number),
    { runtime, signal: new AbortController().signal, progress: () => {}, breathe: async () => {} },
  );
  await runtime.release();
  const { picture, objects, boxes, names, scores, levels } = result;
  const shown = Array.from(scores.keys()).filter((d) => scores[d]! >= defaultScore);
  const [width, height] = [zoom * picture.width, zoom * picture.height];
  const image = async (pixels: Pixels, x: number) =>
    `<image x="${x}" width="${width}" height="${height}" style="image-rendering:pixelated" href="${pngDataUri(await pngOf(pixels))}"/>`;
  const rectangles = shown.map((d) => {
    const [x1, y1, x2, y2] = Array.from(boxes.subarray(4 * d, 4 * d + 4), (v) => Math.round(10 * zoom * v) / 10) as [
      number,
      number,
      number,
      number,
    ];
    const x = width + gap + x1;
    const said = `<text x="${x + 3}" y="${y1 > 16 ? y1 - 4 : y1 + 15}" font-family="sans-serif" font-size="13" fill="#fff" stroke="#000" stroke-width="3" paint-order="stroke">${names[d]} ${scores[d]!.toFixed(2)}</text>`;
    return `<rect x="${x}" y="${y1}" width="${(x2 - x1).toFixed(1)}" height="${(y2 - y1).toFixed(1)}" fill="none" stroke="${cssColour(d)}" stroke-width="2"/>${said}`;
  });
  const total = 2 * width + gap;
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${total}" height="${height}" viewBox="0 0 ${total} ${height}">`,
    await image(tinted(picture, objects, []), 0),
    await image(tinted(picture, objects, shown), width + gap),
    ...rectangles,
    "</svg>\n",
  ].join("\n");
  const found = countsText(result, defaultScore);
  return {
    title: `A picture that the network has not seen: ${found}`,
    caption: resultSentence(result),
    figure: {
      ...{ svg, width: total, height },
      alt: `Left a noisy picture of plain shapes, right the same with ${found} outlined and boxed.`,
    },
    table: {
      columns: ["Object", "Score", "Box", "Pixels", "Level"],
      rows: shown.map((d) => [
        names[d]!,
        scores[d]!.toFixed(2),
        Array.from(boxes.subarray(4 * d, 4 * d + 4), (v) => v.toFixed(0)).join(", "),
        String(objects[d]!.reduce((a, b) => a + b, 0)),
        String(levels[d]),
      ]),
    },
  };
}

async function pngOf({ width, height, rgba }: Pixels): Promise<Uint8Array> {
  const rgb = Uint8Array.from({ length: 3 * width * height }, (_, i) => rgba[4 * Math.floor(i / 3) + (i % 3)]!);
  return encodeImage(planar(ndArray("uint8", [height, width, 3], rgb)));
}
