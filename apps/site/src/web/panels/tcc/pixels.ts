// Frames and similarity matrices as pixels. Pure.
import type { AlignResult, PairVideo } from "../../../run/tcc/align-pair.ts";

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** Frame t of a video. */
export function framePixels({ shown: { shape, data } }: Pick<PairVideo, "shown">, t: number): Pixels {
  const [, height, width] = shape as [number, number, number, number];
  const rgba = new Uint8ClampedArray(width * height * 4);
  const from = t * width * height * 3;
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = data[from + 3 * i + c]!;
    rgba[4 * i + 3] = 255;
  }
  return { width, height, rgba };
}

/** Similar frames dark, the path red: the first video downwards, the second to the right. */
export function matrixPixels({ distances, path, videos }: Pick<AlignResult, "distances" | "path" | "videos">): Pixels {
  const [height, width] = videos.map(({ shown }) => shown.shape[0]!) as [number, number];
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const d of distances) {
    if (d < least) least = d;
    if (d > most) most = d;
  }
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < distances.length; at++) {
    const grey = 40 + 210 * ((distances[at]! - least) / (most - least || 1));
    rgba.set([grey, grey, grey, 255], 4 * at);
  }
  for (const [i, j] of path) rgba.set([200, 40, 25, 255], 4 * (i * width + j));
  return { width, height, rgba };
}
