// What every report of an attack writes, one way for all of them.
import { join } from "node:path";
import { ndArray } from "@reprise/data";
import { encodeSvgAsPng, writeFileAtomic, writeImage } from "@reprise/data/node";
import { isPicture, toUnit } from "./saved-image.ts";

/** A chart as OUT/NAME.svg and, twice its size in pixels, OUT/NAME.png. */
export async function writeFigure(out: string, name: string, svg: string): Promise<void> {
  await writeFileAtomic(join(out, `${name}.svg`), svg);
  await writeFileAtomic(join(out, `${name}.png`), await encodeSvgAsPng(svg, { scale: 2 }));
}

/** Each image [N, n] as OUT/images/PREFIX<row>.png; nothing where they are no pictures. */
export async function writePictures(
  out: string,
  prefix: string,
  images: Float32Array,
  shape: readonly number[],
  range: readonly [number, number],
): Promise<void> {
  if (!isPicture(shape)) return;
  const n = shape.reduce((a, b) => a * b, 1);
  const rows = images.length / n;
  const digits = String(rows - 1).length;
  for (let row = 0; row < rows; row++)
    await writeImage(
      join(out, "images", `${prefix}${String(row).padStart(digits, "0")}.png`),
      ndArray("float32", shape, toUnit(images.slice(row * n, (row + 1) * n), range)),
    );
}
