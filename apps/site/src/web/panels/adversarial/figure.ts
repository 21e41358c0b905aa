// The result as one SVG picture, for a page without scripts and for downloads: original, perturbation, adversarial image.

import type { AttackResult } from "../../../run/adversarial/attack.ts";
import { colourDifferenceRgba, differenceRgba, inkRgba, isDigit, photoRgba } from "./raster.ts";
import { called, percent, plain } from "./wording.ts";

/** One of the three pictures: a PNG as a data URI, and two lines under it. */
interface FigurePart {
  readonly png: string;
  readonly title: string;
  readonly note: string;
}

const tile = 168;
const gap = 44;
const margin = 14;

/** Size of the picture in CSS pixels. */
export const figureSize = { width: 3 * tile + 2 * gap + 2 * margin, height: tile + 48 + 2 * margin };

/** Turns RGBA pixels into a PNG as a data URI; the browser's canvas and Node have each their own way. */
export type PngOf = (rgba: Uint8ClampedArray<ArrayBuffer>, width: number, height: number) => string | Promise<string>;

/** x + r = x′ as an SVG document in the colours of the light theme. */
export async function resultFigure(
  { original, shape, best, distance, verdicts, names }: AttackResult,
  pngOf: PngOf,
): Promise<string> {
  const [channels, height, width] = shape;
  const r = best.map((value, i) => value - original[i]!);
  const scale = distance.lInfinity > 0 ? 1 / distance.lInfinity : 1;
  const { clean, adversarial } = verdicts[0]!;
  const png = (rgba: Uint8ClampedArray<ArrayBuffer>) => pngOf(rgba, width, height);
  const picture = (pixels: Float32Array) => png(isDigit(shape) ? inkRgba(pixels) : photoRgba(pixels, channels));
  return figureSvg([
    {
      png: await picture(original),
      title: `x, read as ${called(clean.label, names)}`,
      note: percent(clean.probability),
    },
    {
      png: await png((channels === 3 ? colourDifferenceRgba : differenceRgba)(r, scale)),
      title: `r × ${plain(scale)}`,
      note: `distortion ${plain(distance.distortion)}`,
    },
    {
      png: await picture(best),
      title: `x′, read as ${called(adversarial.label, names)}`,
      note: percent(adversarial.probability),
    },
  ]);
}

function figureSvg(parts: readonly [FigurePart, FigurePart, FigurePart]): string {
  const { width, height } = figureSize;
  const pieces = parts.map(({ png, title, note }, i) => {
    const x = margin + i * (tile + gap);
    const middle = x + tile / 2;
    return `<image x="${x}" y="${margin}" width="${tile}" height="${tile}" href="${png}" image-rendering="pixelated"/>
<rect x="${x + 0.5}" y="${margin + 0.5}" width="${tile - 1}" height="${tile - 1}" fill="none" stroke="#dad2bf"/>
<text x="${middle}" y="${margin + tile + 24}" font-size="16">${escapeXml(title)}</text>
<text x="${middle}" y="${margin + tile + 45}" font-size="14" fill="#5f5748">${escapeXml(note)}</text>
${i < 2 ? `<text x="${x + tile + gap / 2}" y="${margin + tile / 2 + 11}" font-size="32" fill="#a3301a">${i === 0 ? "+" : "="}</text>` : ""}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="'Source Serif 4', Charter, Georgia, serif" text-anchor="middle" fill="#1f1c17">
<title>${escapeXml(`${parts[0].title}; ${parts[1].title}; ${parts[2].title}`)}</title>
<rect width="${width}" height="${height}" fill="#fffdf8"/>
${pieces.join("\n")}
</svg>
`;
}

const escapeXml = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
