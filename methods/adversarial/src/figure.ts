import { element, type SvgElement, svgDocument } from "@reprise/chart";
import { encodePng, pngDataUri } from "@reprise/data";
import type { Perturbation } from "./perturb.ts";

export interface FigureOptions {
  /** Names of the labels; their numbers if left out. */
  readonly labelNames?: readonly string[];
  readonly lower?: number;
  readonly upper?: number;
  /** Side of one picture, in px. */
  readonly sizePx?: number;
}

/** A result as it is drawn: a Perturbation, or whatever another attack knows of its own. */
export interface Pictured
  extends Pick<Perturbation, "row" | "image" | "predictedBefore" | "predictedAfter" | "distortion"> {
  readonly status: string;
  readonly probabilitiesBefore?: ArrayLike<number>;
  readonly probabilitiesAfter?: ArrayLike<number>;
}

/**
 * The attack as a picture: a line a row with the original, the perturbation and the adversarial image, labels,
 * probabilities and distortion. Perturbations are drawn around mid-grey, all magnified by one factor, which is printed.
 *
 * @param clean    images [N, C, H, W] (or [N, H, W]) of the perturbations' rows, C = 1 or 3
 * @param shape    of one image: [C, H, W] or [H, W]
 * @returns an SVG document; the pictures are embedded
 */
export function figure(
  clean: Float32Array,
  results: readonly Pictured[],
  shape: readonly number[],
  { labelNames, lower = 0, upper = 1, sizePx = 112 }: FigureOptions = {},
): string {
  const [channels, height, width] = shape.length === 2 ? [1, ...shape] : shape;
  if (height === undefined || width === undefined || (channels !== 1 && channels !== 3))
    throw new RangeError(
      `figure: images of [${shape.join(", ")}], expected [H, W], [1, H, W] or [3, H, W]. Draw one plane at a time.`,
    );
  const n = channels * height * width;
  const scale = perturbationScale(results, upper - lower);
  const picture = (values: (i: number) => number, x: number, y: number, alt: string): SvgElement => {
    const bytes = new Uint8Array(n);
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < height * width; p++)
        bytes[p * channels + c] = Math.round(255 * Math.min(1, Math.max(0, values(c * height * width + p))));
    const href = pngDataUri(encodePng(bytes, width, height));
    const place = { x, y, width: sizePx, height: sizePx, style: "image-rendering:pixelated", href };
    return element("image", place, element("title", {}, alt));
  };
  const name = (label: number) => labelNames?.[label] ?? String(label);
  const seen = (label: number, probabilities: ArrayLike<number> | undefined) =>
    probabilities ? `${name(label)}, ${(100 * (probabilities[label] ?? 0)).toFixed(1)} %` : name(label);

  const gap = 16;
  const line = sizePx + 44;
  const columns = [gap, 2 * gap + sizePx, 3 * gap + 2 * sizePx];
  const words = (column: number, y: number, text: string, weight?: string) =>
    element("text", { x: columns[column]! + sizePx / 2, y, "text-anchor": "middle", "font-weight": weight }, text);
  const body = results.flatMap((result, i) => {
    const { row, image, predictedBefore, predictedAfter, probabilitiesBefore, probabilitiesAfter } = result;
    const original = clean.subarray(row * n, (row + 1) * n);
    const top = 36 + i * line;
    const text = [
      seen(predictedBefore, probabilitiesBefore),
      `distortion ${result.distortion.toFixed(4)}`,
      result.status === "success" || result.status.startsWith("already")
        ? seen(predictedAfter, probabilitiesAfter)
        : `${result.status}: still ${name(predictedAfter)}`,
    ];
    const unit = (v: number) => (v - lower) / (upper - lower);
    return [
      picture((p) => unit(original[p]!), columns[0]!, top, `image ${row}, classified ${name(predictedBefore)}`),
      picture(
        (p) => 0.5 + (0.5 * scale * (image[p]! - original[p]!)) / (upper - lower),
        columns[1]!,
        top,
        `perturbation of image ${row}, magnified ${scale} times`,
      ),
      picture((p) => unit(image[p]!), columns[2]!, top, `perturbed image ${row}, classified ${name(predictedAfter)}`),
      ...text.map((said, c) => words(c, top + sizePx + 18, said)),
    ];
  });
  const heads = ["original", `perturbation × ${scale}`, "adversarial"].map((head, c) => words(c, 22, head, "bold"));
  return svgDocument({
    width: 4 * gap + 3 * sizePx,
    height: 44 + results.length * line,
    title: "Original images, perturbations and adversarial images",
    children: [...heads, ...body],
  });
}

/** The largest of 1, 2, 5, 10, … at which twice the mean distortion still fits the grey scale; a few pixels may clip. */
function perturbationScale(results: readonly Pictured[], range: number): number {
  const mean = results.reduce((sum, { distortion }) => sum + distortion, 0) / results.length / range;
  let scale = 1;
  for (const next of [2, 5, 10, 20, 50, 100, 200, 500, 1000]) if (2 * next * mean <= 1) scale = next;
  return mean > 0 ? scale : 1;
}
