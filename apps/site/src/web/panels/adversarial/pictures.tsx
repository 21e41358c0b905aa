// Images and perturbations as pictures. A digit is ink, drawn black on nothing; the style sheet turns it over in the dark
// theme. Anything else is shown as it is.
import { useEffect, useRef } from "preact/hooks";
import { colourDifferenceRgba, differenceRgba, digitShape, inkRgba, isDigit, photoRgba, type Shape } from "./raster.ts";

interface PixelsProps {
  /** 0…1 or, as bytes, 0…255; as `shape` says. */
  readonly pixels: Float32Array | Uint8Array;
  readonly shape?: Shape;
  /** What is to be seen; null where words beside it say it. */
  readonly alt: string | null;
}

/** A digit, its value being how much ink there is; or a picture. */
export function Pixels({ pixels, shape = digitShape, alt }: PixelsProps) {
  const ink = isDigit(shape);
  return <Raster rgba={ink ? inkRgba(pixels) : photoRgba(pixels, shape[0])} shape={shape} alt={alt} ink={ink} />;
}

interface DifferenceProps {
  readonly r: Float32Array;
  readonly shape: Shape;
  /** What r is multiplied with, so that 1 is full colour. */
  readonly scale: number;
  readonly alt: string;
}

/** A perturbation: one colour where it adds, another where it takes away; of a colour picture, colours around grey. */
export function Difference({ r, shape, scale, alt }: DifferenceProps) {
  return <Raster rgba={(shape[0] === 3 ? colourDifferenceRgba : differenceRgba)(r, scale)} shape={shape} alt={alt} />;
}

interface RasterProps {
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  readonly shape: Shape;
  readonly alt: string | null;
  readonly ink?: boolean;
}

function Raster({ rgba, shape: [, height, width], alt, ink = false }: RasterProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(rgba, width, height), 0, 0);
  });
  const words = alt === null ? ({ "aria-hidden": true } as const) : ({ role: "img", "aria-label": alt } as const);
  return <canvas ref={canvas} class={ink ? "raster ink" : "raster"} width={width} height={height} {...words} />;
}
