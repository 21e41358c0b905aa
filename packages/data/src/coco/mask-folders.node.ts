// Masks as pictures, in the layout of the Data Science Bowl 2018: NAME/images/NAME.png, and NAME/masks/*.png, an object each.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../error.ts";
import { fileError } from "../file.node.ts";
import { listImages, readImage } from "../image/image-file.node.ts";
import type { CocoDataset } from "./annotations.ts";
import { CocoBuilder } from "./builder.ts";
import { encodeRle } from "./rle.ts";

export interface ReadMaskFoldersOptions {
  /** The one class that objects have. */
  readonly category?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: { readonly done: number; readonly total: number }) => void;
}

/** A data set of a folder's folders; file names are relative to it. @throws DataError if a mask has not its image's size */
export async function readMaskFolders(
  folder: string,
  { category = "object", signal, onProgress }: ReadMaskFoldersOptions = {},
): Promise<CocoDataset> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw fileError(folder, cause, "read");
  });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (names.length === 0) throw new DataError(folder, "holds no folders NAME with NAME/images and NAME/masks.");
  const builder = new CocoBuilder([category]);
  for (const [i, name] of names.sort().entries()) {
    signal?.throwIfAborted();
    const [file] = await listImages(join(folder, name, "images"));
    const [height, width] = (await readImage(file!, { channels: 1 })).shape.slice(-2) as [number, number];
    const image = builder.image(file!.slice(folder.length).replaceAll("\\", "/").replace(/^\/+/, ""), width, height);
    for (const path of await listImages(join(folder, name, "masks"))) {
      const mask = await readImage(path, { channels: 1 });
      const [rows, columns] = mask.shape.slice(-2) as [number, number];
      if (rows !== height || columns !== width)
        throw new DataError(path, `the mask is ${columns} × ${rows}, its image ${width} × ${height}.`);
      const on = mask.data.map((value) => (value > 127 ? 1 : 0));
      builder.mask(image, category, encodeRle(on, height, width));
    }
    onProgress?.({ done: i + 1, total: names.length });
  }
  return builder.dataset();
}
