// The result as files: the figure as SVG, the adversarial image as a PNG in 8 bits.
import { useEffect, useState } from "preact/hooks";
import type { AttackResult } from "../../../run/adversarial/attack.ts";
import type { AttackInputs } from "../../../run/adversarial/inputs.ts";
import { resultFigure } from "./figure.ts";
import { photoRgba } from "./raster.ts";

interface DownloadsProps {
  readonly result: AttackResult;
  readonly inputs: AttackInputs;
}

/** Links to the two files. */
export function Downloads({ result, inputs }: DownloadsProps) {
  const [svg, setSvg] = useState("");
  useEffect(() => {
    let address = "";
    let gone = false;
    resultFigure(result, pngOf).then((svgText) => {
      if (gone) return;
      address = URL.createObjectURL(new Blob([svgText], { type: "image/svg+xml" }));
      setSvg(address);
    });
    return () => {
      gone = true;
      URL.revokeObjectURL(address);
    };
  }, [result]);
  const [channels, height, width] = result.shape;
  const stem = `adversarial-${inputs.network}-${result.attack.predictedBefore}-to-${result.attack.predictedAfter}`;
  return (
    <p class="downloads">
      {svg !== "" && (
        <a href={svg} download={`${stem}.svg`}>
          Figure (SVG)
        </a>
      )}
      <a href={pngOf(photoRgba(result.rounded, channels), width, height)} download={`${stem}.png`}>
        x′ in 8 bits (PNG, {width} × {height})
      </a>
    </p>
  );
}

function pngOf(rgba: Uint8ClampedArray<ArrayBuffer>, width: number, height: number): string {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas.toDataURL("image/png");
}
