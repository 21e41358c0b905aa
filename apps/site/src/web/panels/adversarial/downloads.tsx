// The result as files: the figure as SVG, the adversarial image as a PNG in 8 bits.
import { useEffect, useState } from "preact/hooks";
import type { AttackResult } from "../../../run/adversarial/attack.ts";
import { side } from "../../../run/adversarial/drawing-code.ts";
import type { AdversarialInputs } from "../../../run/adversarial/inputs.ts";
import { figureSvg } from "./figure.ts";
import { differenceRgba, inkRgba } from "./pictures.tsx";
import { percent, plain } from "./wording.ts";

interface DownloadsProps {
  readonly result: AttackResult;
  readonly inputs: AdversarialInputs;
}

/** Links to the two files. */
export function Downloads({ result, inputs }: DownloadsProps) {
  const [svg, setSvg] = useState("");
  useEffect(() => {
    const address = URL.createObjectURL(new Blob([figureOf(result)], { type: "image/svg+xml" }));
    setSvg(address);
    return () => URL.revokeObjectURL(address);
  }, [result]);
  const stem = `adversarial-${inputs.network}-${result.attack.predictedBefore}-to-${result.attack.predictedAfter}`;
  return (
    <p class="downloads">
      <a href={svg} download={`${stem}.svg`}>
        Figure (SVG)
      </a>
      <a href={pngOf(grayRgba(result.rounded))} download={`${stem}.png`}>
        x′ in 8 bits (PNG, 28 × 28)
      </a>
    </p>
  );
}

function figureOf({ original, attack, verdicts }: AttackResult): string {
  const r = attack.image.map((value, i) => value - original[i]!);
  const scale = attack.lInfinity > 0 ? 1 / attack.lInfinity : 1;
  const [first] = verdicts;
  return figureSvg([
    { png: pngOf(inkRgba(original)), title: `${first!.clean.label}`, note: percent(first!.clean.probability) },
    {
      png: pngOf(differenceRgba(r, scale)),
      title: `r × ${plain(scale)}`,
      note: `distortion ${plain(attack.distortion)}`,
    },
    {
      png: pngOf(inkRgba(attack.image)),
      title: `${first!.adversarial.label}`,
      note: percent(first!.adversarial.probability),
    },
  ]);
}

/** White on black, as MNIST has it. */
function grayRgba(pixels: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * pixels.length);
  for (const [i, pixel] of pixels.entries()) rgba.set([pixel, pixel, pixel, 255], 4 * i);
  return rgba;
}

function pngOf(rgba: Uint8ClampedArray<ArrayBuffer>): string {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  canvas.getContext("2d")?.putImageData(new ImageData(rgba, side, side), 0, 0);
  return canvas.toDataURL("image/png");
}
