// Labelled images from what the user points at: a folder of class folders, or CIFAR's binary files.
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { cifar10Classes, DataError, decodeCifar, ImageSizeError, unitFloat } from "@reprise/data";
import { fileError, readBytes, readImageFolder } from "@reprise/data/node";
import { tensor } from "@reprise/engine";
import type { Examples, Network } from "@reprise/nn";

export interface LabelledImages {
  /** Images float32 [N, 3, H, W] in [0, 1], labels int32 [N]. */
  readonly examples: Examples & { readonly images: { readonly data: Float32Array } };
  readonly classes: readonly string[];
  /** SHA-256 over pixels and labels: a resumed run must have the same. */
  readonly sha256: string;
}

const CIFAR_SIZE = 32;
const CIFAR10_RECORD = 3073;
const CIFAR100_RECORD = 3074;

/**
 * Reads images with labels. Of a folder of CIFAR files, `split` decides which: data_batch_*.bin and train.bin, or
 * test_batch.bin and test.bin.
 *
 * @param like    the model's classes, to label by, and its [C, H, W]
 * @param resize  bring the pictures of a folder to a square of so many pixels
 * @throws DataError naming the path, when it is neither, or its classes or sizes are not the model's
 */
export async function readLabelledImages(
  path: string,
  {
    split,
    like,
    resize,
  }: {
    readonly split: "train" | "test";
    readonly like?: Pick<Network, "inputShape"> & { readonly classes: readonly string[] };
    readonly resize?: number | undefined;
  },
): Promise<LabelledImages> {
  const classes = like?.classes;
  const files = await cifarFiles(path, split);
  if (files && resize && resize !== CIFAR_SIZE)
    throw new DataError(path, `CIFAR's images are 32×32; --resize ${resize} is for folders of pictures.`);
  const read = files ? await readCifar(files, path) : await readPictures(path, classes, resize);
  const hash = createHash("sha256").update(read.images.data).update(Uint8Array.from(read.labels.data));
  const foreign = classes && read.classes.find((name, i) => name !== classes[i]);
  if (classes && (foreign !== undefined || read.classes.length !== classes.length)) {
    throw new DataError(
      path,
      `has ${read.classes.length} classes (${read.classes.slice(0, 5).join(", ")}, …), the model ${classes.length} (${classes.slice(0, 5).join(", ")}, …). Give images of the model's classes.`,
    );
  }
  const { shape, data } = unitFloat(read.images);
  const [, height, width] = like?.inputShape ?? [];
  if (like && (shape[2] !== height || shape[3] !== width))
    throw new DataError(
      path,
      `the images are ${shape[3]}×${shape[2]} pixels, the model's ${width}×${height}. Give images of that size${files || resize || width !== height ? "" : `, or --resize ${width}`}.`,
    );
  return {
    examples: { images: tensor("float32", shape, data), labels: tensor("int32", read.labels.shape, read.labels.data) },
    classes: read.classes,
    sha256: hash.digest("hex"),
  } as LabelledImages;
}

async function readPictures(path: string, classes: readonly string[] | undefined, resize: number | undefined) {
  try {
    return await readImageFolder(path, {
      ...(classes ? { classes } : {}),
      ...(resize ? { size: { width: resize, height: resize } } : {}),
    });
  } catch (error) {
    if (!(error instanceof ImageSizeError)) throw error;
    throw new Error(`${error.message} Bring them to one by --resize, e.g. --resize 64.`, { cause: error });
  }
}

/** The CIFAR files that a path means; null for a folder without any, which must have class folders. */
async function cifarFiles(path: string, split: "train" | "test"): Promise<string[] | null> {
  const kind = await stat(path).catch((cause: unknown) => {
    throw fileError(path, cause, "read");
  });
  if (!kind.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => name.endsWith(".bin")).sort();
  if (names.length === 0) return null;
  const wanted = split === "train" ? /^(data_batch_.*|train.*)\.bin$/ : /^test.*\.bin$/;
  const chosen = names.filter((name) => wanted.test(name));
  if (chosen.length === 0)
    throw new DataError(
      path,
      `has ${names.join(", ")}, but no ${split === "train" ? "data_batch_*.bin or train*.bin" : "test*.bin"}. Name the file itself.`,
    );
  return chosen.map((name) => join(path, name));
}

async function readCifar(files: readonly string[], path: string) {
  const parts = [];
  let kind: "cifar10" | "cifar100" | undefined;
  for (const file of files) {
    const bytes = await readBytes(file);
    const own = bytes.length % CIFAR10_RECORD !== 0 && bytes.length % CIFAR100_RECORD === 0 ? "cifar100" : "cifar10";
    if (kind && own !== kind)
      throw new DataError(path, `mixes files of cifar10 and cifar100 (${basename(file)} is ${own}). Name one file.`);
    kind = own;
    parts.push(decodeCifar(bytes, file, { kind }));
  }
  const count = parts.reduce((n, { labels }) => n + labels.data.length, 0);
  const images = new Uint8Array(count * 3072);
  const labels = new Int32Array(count);
  let at = 0;
  for (const part of parts) {
    images.set(part.images.data, at * 3072);
    labels.set(part.labels.data, at);
    at += part.labels.data.length;
  }
  return {
    images: { dtype: "uint8" as const, shape: [count, 3, 32, 32], data: images },
    labels: { dtype: "int32" as const, shape: [count], data: labels },
    classes: kind === "cifar100" ? await cifar100Classes(dirname(files[0]!)) : [...cifar10Classes],
  };
}

/** The names that CIFAR-100's archive has in a file beside the images; numbers where it was left behind. */
async function cifar100Classes(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, "fine_label_names.txt"), "utf8").catch(() => "");
  const names = text.split("\n").flatMap((line) => line.trim() || []);
  return names.length === 100 ? names : Array.from({ length: 100 }, (_, i) => `class ${i}`);
}
