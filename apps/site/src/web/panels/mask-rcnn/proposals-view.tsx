// What the region proposal network proposes, best first, and the pyramid's level that each region is taken from.
import { useId, useState } from "preact/hooks";
import type { SegmentResult } from "../../../run/mask-rcnn/segment.ts";
import { Boxes } from "./boxes.tsx";
import { Canvas } from "./canvas.tsx";
import { tinted } from "./pixels.ts";

/** Levels 2 … 5. */
const colours = ["#1f77b4", "#2a8a3e", "#c96a00", "#b3261e"] as const;
const first = 12;

export function ProposalsView({ result }: { readonly result: SegmentResult }) {
  const { picture, proposals, proposalScores, proposalLevels } = result;
  const id = useId();
  const total = proposalScores.length;
  const [count, setCount] = useState(Math.min(first, total));
  const boxes = Array.from({ length: count }, (_, i) => ({
    key: i,
    box: proposals.subarray(4 * i, 4 * i + 4),
    colour: colours[proposalLevels[i]! - 2]!,
  }));
  const ofLevel = (level: number) => boxes.filter((_, i) => proposalLevels[i] === level).length;
  return (
    <section class="mask-proposals" aria-label="Proposals">
      <figure class="layered">
        <Canvas
          pixels={tinted(picture, [], [])}
          alt={`The picture with the ${count} regions of the highest objectness`}
        />
        <Boxes width={picture.width} height={picture.height} boxes={boxes} />
      </figure>
      <div class="mask-controls">
        <label for={id}>
          The best {count} of {total} proposals
          {count > 0 && `, objectness from ${proposalScores[count - 1]!.toFixed(2)}`}
        </label>
        <input
          id={id}
          type="range"
          min={0}
          max={total}
          value={count}
          onInput={({ currentTarget }) => setCount(Number(currentTarget.value))}
        />
        <p>Features of small regions come from fine levels of the pyramid, those of large ones from coarse levels:</p>
        <ul>
          {colours.map((colour, k) => (
            <li key={colour}>
              <i style={{ background: colour }} /> level {k + 2}, a feature every {2 ** (k + 2)} pixels:{" "}
              {ofLevel(k + 2)}
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
