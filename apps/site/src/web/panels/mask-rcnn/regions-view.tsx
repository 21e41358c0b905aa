// RoIAlign against RoIPool: the same features and the same box, what each takes, where they differ, and both masks.
import { useId, useState } from "preact/hooks";
import type { SegmentResult } from "../../../run/mask-rcnn/segment.ts";
import { Canvas } from "./canvas.tsx";
import { heatMap, maskIou, maskPicture } from "./pixels.ts";

export function RegionsView({ result }: { readonly result: SegmentResult }) {
  const { names, scores, levels, masks, pooled } = result;
  const id = useId();
  const [choice, setChoice] = useState(0);
  if (names.length === 0) return <p>Nothing was found: there is no region to compare.</p>;
  const d = Math.min(choice, names.length - 1);
  const part = (all: Float32Array, each: number) => all.subarray(d * each, (d + 1) * each);
  const [align, pool] = [part(pooled.align, 196), part(pooled.pool, 196)];
  const difference = part(pooled.difference, 196);
  const [own, other] = [part(masks, 784), part(pooled.masks, 784)];
  const most = Math.max(...align, ...pool);
  const pictures = [
    { text: "RoIAlign’s features", pixels: heatMap(align, most), alt: "14 × 14 features by RoIAlign" },
    { text: "RoIPool’s features", pixels: heatMap(pool, most), alt: "14 × 14 features by RoIPool" },
    { text: "their difference", pixels: heatMap(difference, most), alt: "Where the features differ" },
    { text: "mask by RoIAlign", pixels: maskPicture(own), alt: "28 × 28 mask from RoIAlign’s features" },
    { text: "mask by RoIPool", pixels: maskPicture(other), alt: "28 × 28 mask from RoIPool’s features" },
  ];
  const overlap = Math.round(100 * maskIou(own, other));
  return (
    <section class="mask-regions" aria-label="RoIAlign against RoIPool">
      <p>
        <label for={id}>RoIAlign against RoIPool, on the box of </label>
        <select id={id} value={d} onChange={({ currentTarget }) => setChoice(Number(currentTarget.value))}>
          {names.map((name, i) => (
            <option key={i} value={i}>
              {name} {scores[i]!.toFixed(2)}
            </option>
          ))}
        </select>
      </p>
      <div class="region-pictures">
        {pictures.map(({ text, pixels, alt }) => (
          <figure key={text}>
            <Canvas pixels={pixels} alt={alt} />
            <figcaption>{text}</figcaption>
          </figure>
        ))}
      </div>
      <p>
        Level {levels[d]}, a feature every {2 ** levels[d]!} pixels. The two masks share {overlap}&nbsp;% of their area.
        The mask head was trained on RoIAlign’s features.
      </p>
    </section>
  );
}
