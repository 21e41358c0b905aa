// MNIST (LeCun, Cortes, Burges; http://yann.lecun.com/exdb/mnist/): 28 × 28 gray images of handwritten digits. The files
// of Fashion-MNIST, KMNIST and EMNIST Digits have the same form and are read as well.
import { sliceRows } from "./batch.ts";
import { DataError } from "./error.ts";
import { decodeIdx } from "./idx.ts";
import { unitFloat } from "./image/pixels.ts";
import { type NdArray, ndArray } from "./nd-array.ts";

/** Images with their classes, in one order. */
export interface LabelledImages {
  /** [N, 1, 28, 28], or [N, 784] when read flat; 0 is background, 1 ink. */
  readonly images: NdArray<"float32">;
  /** [N], 0…9. */
  readonly labels: NdArray<"int32">;
}

export type MnistSplit = "train" | "test";

/** Names of the files of each split, without the .gz that packed ones end in. */
export const mnistFiles = {
  train: { images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte" },
  test: { images: "t10k-images-idx3-ubyte", labels: "t10k-labels-idx1-ubyte" },
} as const;

/**
 * Images and labels from the bytes of their two IDX files, packed with gzip or not.
 *
 * @param options.flat    images as [N, 784] instead of [N, 1, 28, 28]
 * @param options.names   the user's names of the two files, for messages
 * @throws DataError if a file is not IDX or not of this form, the two have not the same N, or a label is not 0…9
 */
export async function decodeMnist(
  imageBytes: Uint8Array,
  labelBytes: Uint8Array,
  { flat = false, names = ["images", "labels"] }: { flat?: boolean; names?: readonly [string, string] } = {},
): Promise<LabelledImages> {
  const [images, labels] = await Promise.all([decodeIdx(imageBytes, names[0]), decodeIdx(labelBytes, names[1])]);
  const [count = 0, height, width] = images.shape;
  if (images.dtype !== "uint8" || images.shape.length !== 3 || height !== 28 || width !== 28)
    throw new DataError(
      names[0],
      `holds ${images.dtype} [${images.shape.join(", ")}]; expected the images of MNIST, uint8 [N, 28, 28].`,
    );
  if (labels.dtype !== "uint8" || labels.shape.length !== 1)
    throw new DataError(
      names[1],
      `holds ${labels.dtype} [${labels.shape.join(", ")}]; expected the labels of MNIST, uint8 [N].`,
    );
  if (labels.shape[0] !== count)
    throw new DataError(
      names[1],
      `holds ${labels.shape[0]} labels for the ${count} images of ${names[0]}. They belong to different sets.`,
    );
  const wrong = labels.data.findIndex((label) => label > 9);
  if (wrong >= 0) throw new DataError(names[1], `label ${wrong} is ${labels.data[wrong]}; expected 0 to 9.`);
  const { data } = unitFloat(images);
  return {
    images: ndArray("float32", flat ? [count, 784] : [count, 1, 28, 28], data),
    labels: ndArray("int32", [count], Int32Array.from(labels.data)),
  };
}

/**
 * The two halves of a training set on which Szegedy et al. 2013, §4.2, train disjoint networks: P1 the first half, P2 the
 * second (30,000 images each of MNIST). The memory is shared with the whole.
 */
export function mnistHalves(train: LabelledImages): { readonly p1: LabelledImages; readonly p2: LabelledImages } {
  const middle = Math.floor((train.labels.shape[0] ?? 0) / 2);
  const half = (start: number, end?: number) => ({
    images: sliceRows(train.images, start, end),
    labels: sliceRows(train.labels, start, end),
  });
  return { p1: half(0, middle), p2: half(middle) };
}
