// Labelled images as a folder of class folders: `<folder>/<class>/<image>`.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "./error.ts";
import { fileError } from "./file.node.ts";
import { type DecodeOptions, listImages, readImages } from "./image/image-file.node.ts";
import { type NdArray, ndArray } from "./nd-array.ts";

export interface ImageFolder {
  /** [N, 3, H, W], 0…255; the classes one after the other. */
  readonly images: NdArray<"uint8">;
  /** [N], positions in `classes`. */
  readonly labels: NdArray<"int32">;
  /** Names of the class folders. */
  readonly classes: readonly string[];
  /** Of each image. */
  readonly paths: readonly string[];
}

/**
 * Every image of a folder of class folders, as RGB.
 *
 * @param options.classes  the classes to label by, e.g. those of a trained model; by default the folders', by name
 * @param options.size     bring every image to this size; without it they must have one size
 * @throws DataError if there are not two class folders, one has no image, is not among `classes`, an image cannot be
 *                   read, or images have different sizes
 */
export async function readImageFolder(
  folder: string,
  { classes, size }: { readonly classes?: readonly string[]; readonly size?: NonNullable<DecodeOptions["size"]> } = {},
): Promise<ImageFolder> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw fileError(folder, cause, "read");
  });
  const found = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .sort();
  const layout = "Expected a folder for each class, each with its images: <folder>/<class>/<image>.png";
  if (found.length === 0) throw new DataError(folder, `holds no class folders. ${layout}`);
  if (!classes && found.length === 1)
    throw new DataError(folder, `holds one class only, "${found[0]}"; a classifier needs two. ${layout}`);
  const names = classes ?? found;
  const unknown = found.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new DataError(join(folder, unknown), `is not one of the classes ${listed(names)}.`);
  const lists = await Promise.all(found.map((name) => listImages(join(folder, name))));
  const paths = lists.flat();
  const labels = lists.flatMap((list, i) => list.map(() => names.indexOf(found[i]!)));
  return {
    images: await readImages(paths, size ? { size } : {}),
    labels: ndArray("int32", [labels.length], Int32Array.from(labels)),
    classes: names,
    paths,
  };
}

const listed = (names: readonly string[]): string =>
  names.length > 12 ? `${names.slice(0, 12).join(", ")}, … (${names.length} in all)` : names.join(", ");
