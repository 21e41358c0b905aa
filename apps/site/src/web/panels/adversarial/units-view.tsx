// Figures 1 and 2 of the paper, side by side: what excites a unit, and what lies along a random direction.
import "../../styles/units.css";
import { type Grid, gridSize, purityOf, type UnitsResult } from "../../../run/adversarial/grids.ts";
import { Pixels } from "./pictures.tsx";
import { count, percent } from "./wording.ts";

export function UnitsView({ result }: { readonly result: UnitsResult }) {
  const { units, directions, purity, width, images } = result;
  const n = Math.min(width, 1000);
  return (
    <div class="attack">
      <div class="attack-columns">
        <Grids title="Single units" grids={units} pixels={result.pixels} />
        <Grids title="Random directions" grids={directions} pixels={result.pixels} />
      </div>
      <p class="small why">
        The {gridSize} of {count(images)} test images that lie furthest along each direction of this layer, which has{" "}
        {count(width)} values. Beside each row, how many share one digit. Over{" "}
        {purity.counted === width ? "all" : "the"} {count(purity.counted)} units{" "}
        {purity.counted < n && `that ${gridSize} images or more excite (${count(n - purity.counted)} are not counted) `}
        that share is {percent(purity.units)} on average, over as many random directions {percent(purity.directions)};{" "}
        {gridSize} images at random would give about 30 %. The paper looked at such pictures, found the right side as
        meaningful as the left, and concluded that it is the space of the activations, not the single unit, that carries
        the meaning.
      </p>
    </div>
  );
}

interface GridsProps {
  readonly title: string;
  readonly grids: readonly Grid[];
  readonly pixels: UnitsResult["pixels"];
}

function Grids({ title, grids, pixels }: GridsProps) {
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {grids.map((grid, row) => {
        const name = grid.unit === null ? `v${"₁₂₃₄"[row]}` : `unit ${grid.unit}`;
        return (
          <figure key={row} class="unit-row">
            <figcaption>{name}</figcaption>
            {grid.images.length === 0 ? (
              <p class="small">None of the images excites it: it gives the same value for all.</p>
            ) : (
              <div class="unit-images" role="img" aria-label={`${name}: the digits ${grid.labels.join(", ")}`}>
                {grid.images.map((image) => (
                  <Pixels key={image} pixels={pixels.get(image)!} alt={null} />
                ))}
              </div>
            )}
            {grid.images.length > 0 && (
              <span class="small">
                {Math.round(grid.images.length * purityOf(grid))} of {grid.images.length}
              </span>
            )}
          </figure>
        );
      })}
    </section>
  );
}
