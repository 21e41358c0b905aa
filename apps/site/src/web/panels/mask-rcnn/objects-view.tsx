// The objects: boxes, masks, names and scores; a threshold that runs nothing again, each instance by itself, downloads.
import { useId, useMemo, useState } from "preact/hooks";
import { defaultScore } from "../../../run/mask-rcnn/inputs.ts";
import type { SegmentResult } from "../../../run/mask-rcnn/segment.ts";
import { Boxes } from "./boxes.tsx";
import { Canvas } from "./canvas.tsx";
import { cssColour, type Pixels, tinted } from "./pixels.ts";
import { countsText } from "./wording.ts";

/** Instances that have a row of their own. */
const listed = 12;

export function ObjectsView({ result }: { readonly result: SegmentResult }) {
  const { picture, boxes, scores, names, objects, coco } = result;
  const id = useId();
  const [score, setScore] = useState(defaultScore);
  const [masks, setMasks] = useState(true);
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const above = useMemo(() => Array.from(scores.keys()).filter((d) => scores[d]! >= score), [scores, score]);
  const shown = above.filter((d) => !hidden.has(d));
  const pixels = useMemo(() => tinted(picture, objects, masks ? shown : []), [picture, objects, masks, score, hidden]);
  const labels = shown.map((d) => ({
    key: d,
    box: boxes.subarray(4 * d, 4 * d + 4),
    colour: cssColour(d),
    text: `${names[d]} ${scores[d]!.toFixed(2)}`,
  }));
  const png = useMemo(() => pngOf(pixels, labels), [pixels]);
  const stem = picture.name.replace(/\.\w+$/, "");
  const json = JSON.stringify(coco.filter((_, d) => scores[d]! >= score));
  return (
    <section class="mask-objects" aria-label="Objects">
      <figure class="layered">
        <Canvas pixels={pixels} alt={`The picture with ${countsText(result, score)} outlined`} />
        <Boxes width={picture.width} height={picture.height} boxes={labels} />
      </figure>
      <div class="mask-controls">
        <label for={id}>
          Score from {score.toFixed(2)}: {countsText(result, score)}
        </label>
        <input
          id={id}
          type="range"
          min={0.05}
          max={1}
          step={0.01}
          value={score}
          onInput={({ currentTarget }) => setScore(Number(currentTarget.value))}
        />
        <label class="check">
          <input type="checkbox" checked={masks} onChange={() => setMasks(!masks)} /> Masks
        </label>
        <ul>
          {above.slice(0, listed).map((d) => (
            <li key={d}>
              <label class="check">
                <input type="checkbox" checked={!hidden.has(d)} onChange={() => setHidden(toggled(hidden, d))} />{" "}
                <i style={{ background: cssColour(d) }} /> {names[d]} {scores[d]!.toFixed(2)}
              </label>
            </li>
          ))}
          {above.length > listed && <li>and {above.length - listed} more</li>}
        </ul>
        <p class="downloads">
          <a href={`data:application/json,${encodeURIComponent(json)}`} download={`${stem}-results.json`}>
            Results (COCO JSON)
          </a>
          <a href={png} download={`${stem}-objects.png`}>
            Picture (PNG)
          </a>
        </p>
      </div>
    </section>
  );
}

function toggled(set: ReadonlySet<number>, d: number): ReadonlySet<number> {
  const next = new Set(set);
  if (!next.delete(d)) next.add(d);
  return next;
}

function pngOf(
  { width, height, rgba }: Pixels,
  labels: readonly { readonly box: ArrayLike<number>; readonly colour: string }[],
): string {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d")!;
  context.putImageData(new ImageData(rgba, width, height), 0, 0);
  for (const { box, colour } of labels) {
    context.strokeStyle = colour;
    context.strokeRect(box[0]!, box[1]!, box[2]! - box[0]!, box[3]! - box[1]!);
  }
  return canvas.toDataURL("image/png");
}
