// Pixels on a canvas.
import { useEffect, useRef } from "preact/hooks";
import type { Pixels } from "./pixels.ts";

export function Canvas({ pixels: { width, height, rgba }, alt }: { readonly pixels: Pixels; readonly alt: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(rgba, width, height), 0, 0);
  }, [rgba, width, height]);
  return <canvas ref={canvas} width={width} height={height} role="img" aria-label={alt} />;
}
