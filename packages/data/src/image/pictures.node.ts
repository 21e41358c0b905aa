// Pictures and charts of a report as files.
import { join } from "node:path";
import { writeFileAtomic } from "../file.node.ts";
import { elementCount, ndArray } from "../nd-array.ts";
import { encodeSvgAsPng, writeImage } from "./image-file.node.ts";
import { isPicture, toUnit } from "./pixels.ts";

/** A chart as FOLDER/NAME.svg and, twice its size in pixels, FOLDER/NAME.png. @param svg  of our own making, as for encodeSvgAsPng */
export async function writeChart(folder: string, name: string, svg: string): Promise<void> {
  await writeFileAtomic(join(folder, `${name}.svg`), svg);
  await writeFileAtomic(join(folder, `${name}.png`), await encodeSvgAsPng(svg, { scale: 2 }));
}

/**
 * Each image as FOLDER/PREFIX<row>.png, rows with as many digits as the last has; nothing where they are no pictures.
 *
 * @param images  [N, ...shape], pixels in `range`
 */
export async function writePictures(
  folder: string,
  prefix: string,
  images: Float32Array,
  shape: readonly number[],
  range: readonly [number, number],
): Promise<void> {
  if (!isPicture(shape)) return;
  const n = elementCount(shape);
  const rows = images.length / n;
  const digits = String(rows - 1).length;
  for (let row = 0; row < rows; row++)
    await writeImage(
      join(folder, `${prefix}${String(row).padStart(digits, "0")}.png`),
      ndArray("float32", shape, toUnit(images.slice(row * n, (row + 1) * n), range)),
    );
}
