// MNIST from a folder, and the small part of it that is in this package.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DataError } from "./error.ts";
import { fileError, readBytes } from "./file.node.ts";
import { decodeMnist, type LabelledImages, type MnistSplit, mnistFiles } from "./mnist.ts";

/** The folder of the subset: the four gzip files under MNIST's own names, to be read with loadMnist or served as they are. */
export const mnistSubsetFolder: string = fileURLToPath(new URL("../mnist-subset", import.meta.url));

/**
 * One split of MNIST from a folder that holds its IDX files under their usual names: packed (.gz) or not, with
 * "-idx3-ubyte" or ".idx3-ubyte". Of several the unpacked is taken.
 *
 * @throws DataError if a file is missing, saying which and how to get it, or wrong
 */
export async function loadMnist(
  folder: string,
  { split, flat = false }: { split: MnistSplit; flat?: boolean },
): Promise<LabelledImages> {
  const present = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") throw missing(folder, "there is no such folder", cause);
    throw fileError(folder, cause, "read");
  });
  const { images, labels } = mnistFiles[split];
  const paths = [images, labels].map((name) => {
    const found = [name, name.replace("-idx", ".idx")].flatMap((n) => [n, `${n}.gz`]).find((n) => present.includes(n));
    if (found === undefined) throw missing(folder, `${name} (or ${name}.gz) is missing`);
    return join(folder, found);
  }) as [string, string]; // one each
  const [imageBytes, labelBytes] = await Promise.all([readBytes(paths[0]), readBytes(paths[1])]);
  return decodeMnist(imageBytes, labelBytes, { flat, names: paths });
}

/**
 * The part of MNIST that is in this package: 2,000 training and 500 test images, 200 and 50 of each digit. Any ten
 * images from a multiple of ten on hold every digit once.
 */
export function mnistSubset({ split, flat = false }: { split: MnistSplit; flat?: boolean }): Promise<LabelledImages> {
  return loadMnist(mnistSubsetFolder, { split, flat });
}

function missing(folder: string, problem: string, cause?: unknown): DataError {
  return new DataError(folder, `${problem}. Get MNIST with: reprise data get mnist --dir ${folder}`, { cause });
}
