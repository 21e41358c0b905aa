// The panel's run with its default inputs, for the page before anything is pressed and without scripts: both videos play
// in step, twice, as pictures inside a drawing.
import { ndArray, pouringPhases, pouringVideo } from "@reprise/data";
import { encodeImage, readBytes } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { type AlignResult, alignPair, type PairVideo, pairVideo } from "../../../run/tcc/align-pair.ts";
import { defaultAlign, drawnPerSecond, modelFile } from "../../../run/tcc/inputs.ts";
import { alignSentence } from "./wording.ts";

const side = 200;
const gap = 20;
const most = 20; // pictures of each video
const seconds = 4;

/** @param content  the paper's content folder, with its model */
export async function storedRun(content: string) {
  const { level, first, second } = defaultAlign;
  const runtime = nodeRuntime({ threads: 1 });
  const result = await alignPair(
    await readBytes(`${content}/${modelFile}`),
    [
      pairVideo(`video ${first}`, pouringVideo({ seed: first, level }), drawnPerSecond),
      pairVideo(`video ${second}`, pouringVideo({ seed: second, level }), drawnPerSecond),
    ],
    { runtime, signal: new AbortController().signal, progress: () => {} },
  );
  await runtime.release();
  const { videos, path } = result;
  const chosen = Array.from({ length: most }, (_, n) => path[Math.round((n * (path.length - 1)) / (most - 1))]!);
  const [width, height] = [2 * side + gap, side + 24];
  const films = await Promise.all(
    videos.map((video, which) =>
      film(
        video,
        chosen.map((pair) => pair[which]!),
        which * (side + gap),
      ),
    ),
  );
  return {
    title: "Two videos of pouring, in step",
    caption: alignSentence(result),
    figure: {
      svg: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><title>Two videos in step</title>${films.join("")}</svg>\n`,
      width,
      height,
      alt: "Two drawn videos of a hand that pours from a bottle into a cup, at different speeds and in different places, side by side in step.",
    },
    table: {
      columns: ["Phase begins", "Frame of the first", "Beside it, of the second", "There it begins at"],
      rows: beginnings(result),
    },
  };
}

/** A video's chosen frames as a strip of pictures of which one is seen at a time; it runs twice and stays at its end. */
async function film({ shown: { shape, data } }: PairVideo, frames: readonly number[], left: number): Promise<string> {
  const [, H, W] = shape as [number, number, number, number];
  const width = frames.length * W;
  const strip = new Uint8Array(3 * H * width);
  for (const [n, t] of frames.entries())
    for (let y = 0; y < H; y++)
      for (let x = 0; x < W; x++)
        for (let c = 0; c < 3; c++) strip[(c * H + y) * width + n * W + x] = data[((t * H + y) * W + x) * 3 + c]!;
  const picture = await encodeImage(ndArray("uint8", [3, H, width], strip), "webp");
  const places = frames.map((_, n) => `${-n * side}`).join(";");
  return (
    `<svg x="${left}" y="0" width="${side}" height="${side}" viewBox="0 0 ${side} ${side}">` +
    `<image width="${frames.length * side}" height="${side}" preserveAspectRatio="none" href="data:image/webp;base64,${Buffer.from(picture).toString("base64")}">` +
    `<animate attributeName="x" values="${places}" calcMode="discrete" dur="${seconds}s" repeatCount="2" fill="freeze"/></image></svg>`
  );
}

function beginnings({ videos, path }: AlignResult): string[][] {
  const [a, b] = videos.map(({ phases }) => phases!) as [Uint8Array, Uint8Array];
  return pouringPhases.map((name, phase) => {
    const i = a.indexOf(phase);
    const j = path.find(([query]) => query === i)![1];
    return [name, String(i), String(j), String(b.indexOf(phase))];
  });
}
