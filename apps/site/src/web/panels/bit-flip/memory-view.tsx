// What the flips did: the memory of the network with the flipped weights ringed, and digits that change their label.
import { useEffect, useRef } from "preact/hooks";
import type { FlipsResult } from "../../../run/bit-flip/flips.ts";
import { testImages } from "../../../run/bit-flip/inputs.ts";
import { digitPicture, memoryPicture, type Pixels } from "./pixels.ts";

export function MemoryView({ memory, changed }: Pick<FlipsResult, "memory" | "changed">) {
  const weights = memory.reduce((sum, { values }) => sum + values.length, 0);
  const flips = memory.reduce((sum, { flipped }) => sum + flipped.length, 0);
  return (
    <section class="bit-memory">
      <figure>
        <Canvas
          pixels={memoryPicture(memory)}
          alt={`Every weight of the network as a grey point, with red rings around the ${flips} that are flipped`}
        />
        <figcaption>
          The memory: {weights.toLocaleString("en")} weights, a point each, layer after layer; the {flips} flipped ones
          are ringed.
        </figcaption>
      </figure>
      {changed.length > 0 && (
        <>
          <p>
            {changed.length} of {testImages} test digits change their label:
          </p>
          <div class="bit-digits">
            {changed.map(
              ({ before, after, pixels }, i) =>
                pixels && (
                  <figure key={i}>
                    <Canvas
                      pixels={digitPicture(pixels)}
                      alt={`A handwritten digit, read as a ${before} before the flips and as a ${after} after them`}
                    />
                    <figcaption>
                      {before} → {after}
                    </figcaption>
                  </figure>
                ),
            )}
          </div>
        </>
      )}
    </section>
  );
}

function Canvas({ pixels: { width, height, rgba }, alt }: { readonly pixels: Pixels; readonly alt: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(rgba, width, height), 0, 0);
  }, [rgba, width, height]);
  return <canvas ref={canvas} width={width} height={height} role="img" aria-label={alt} />;
}
