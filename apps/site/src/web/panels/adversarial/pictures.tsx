// Digits and perturbations as pictures. Ink is drawn black on nothing; the style sheet turns it over in the dark theme.
import { useEffect, useRef } from "preact/hooks";
import { side } from "../../../run/adversarial/drawing-code.ts";
import { differenceRgba, inkRgba } from "./raster.ts";

interface InkProps {
  /** 0…1 or, as bytes, 0…255; [28, 28]. */
  readonly pixels: Float32Array | Uint8Array;
  /** What is to be seen; null where words beside it say it. */
  readonly alt: string | null;
}

/** A digit: its value is how much ink there is. */
export function Ink({ pixels, alt }: InkProps) {
  return <Raster rgba={inkRgba(pixels)} alt={alt} ink />;
}

interface DifferenceProps {
  readonly r: Float32Array;
  /** What r is multiplied with, so that 1 is full colour. */
  readonly scale: number;
  readonly alt: string;
}

/** A perturbation: one colour where it adds ink, another where it takes ink away. */
export function Difference({ r, scale, alt }: DifferenceProps) {
  return <Raster rgba={differenceRgba(r, scale)} alt={alt} />;
}

function Raster({
  rgba,
  alt,
  ink = false,
}: {
  rgba: Uint8ClampedArray<ArrayBuffer>;
  alt: string | null;
  ink?: boolean;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(rgba, side, side), 0, 0);
  });
  const words = alt === null ? ({ "aria-hidden": true } as const) : ({ role: "img", "aria-label": alt } as const);
  return <canvas ref={canvas} class={ink ? "raster ink" : "raster"} width={side} height={side} {...words} />;
}
