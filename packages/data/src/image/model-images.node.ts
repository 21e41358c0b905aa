// Images and labels of the user for a model of a given input shape.
import { stat } from "node:fs/promises";
import { DataError, ImageSizeError, PixelRangeError } from "../error.ts";
import { fileError, readBytes } from "../file.node.ts";
import { decodeIdx } from "../idx.ts";
import { elementCount, type NdArray } from "../nd-array.ts";
import { decodeNpy } from "../npy.ts";
import { listImages, readImages } from "./image-file.node.ts";

export interface ReadImagesOptions {
  /** Bring image files to the model's size; otherwise they must have it. */
  readonly resize?: boolean;
  /** Lowest and highest value of a pixel, in the user's units; [0, 1] where left out. */
  readonly range?: readonly [number, number];
}

/**
 * An image file, a folder of them, or an IDX or NPY file as float32, [N, ...inputShape]: bytes are brought from 0 … 255 to
 * the range, floats are taken as they are; arrays with the channels last are turned.
 *
 * @throws DataError if they cannot be read; ImageSizeError if they are not of the model's size, PixelRangeError if a value
 *         is outside the range
 */
export async function readImagesFor(
  path: string,
  inputShape: readonly number[],
  { resize = false, range: [low, high] = [0, 1] }: ReadImagesOptions = {},
): Promise<{ images: Float32Array; count: number }> {
  const info = await stat(path).catch((cause: unknown) => {
    throw fileError(path, cause, "read");
  });
  const channels = inputShape.length === 3 && inputShape[0] === 3 ? (3 as const) : (1 as const);
  const [, height, width] = inputShape;
  const options = {
    channels,
    ...(resize && inputShape.length === 3 ? { size: { width: width!, height: height! } } : {}),
  };
  const array = info.isDirectory()
    ? await readImages(await listImages(path), options)
    : /\.(png|jpe?g|webp)$/i.test(path)
      ? await readImages([path], options)
      : await readArray(path);
  const [count = 0, ...shape] = array.shape;
  const order = orderOf(shape, inputShape);
  if (!order)
    throw new ImageSizeError(
      path,
      `holds images of [${shape.join(", ")}]; the model takes [${inputShape.join(", ")}], ${elementCount(inputShape)} values each.`,
    );
  if (array.data instanceof BigInt64Array || array.data instanceof BigUint64Array)
    throw new DataError(path, `holds ${array.dtype}; images are uint8 in 0 … 255 or float32 in 0 … 1.`);
  if (count === 0) throw new DataError(path, "holds no images.");
  const bytes = array.dtype === "uint8";
  const images = Float32Array.from(array.data, (value) => (bytes ? low + ((high - low) * value) / 255 : value));
  const n = elementCount(inputShape);
  const outside = images.findIndex((value) => !(value >= Math.fround(low) && value <= Math.fround(high)));
  if (outside >= 0 && !Number.isFinite(images[outside]))
    throw new DataError(
      path,
      `image ${Math.floor(outside / n)} holds ${images[outside]} at value ${outside % n}; expected finite pixels.`,
    );
  if (outside >= 0)
    throw new PixelRangeError(
      path,
      `image ${Math.floor(outside / n)} holds ${images[outside]} at value ${outside % n}, outside ${low} … ${high}.`,
    );
  return { images: order === "channelsLast" ? channelsFirst(images, count, shape) : images, count };
}

/** How images of a shape fit the model's: as they are (flat, or but for axes of 1), or with their channels last; or not. */
function orderOf(shape: readonly number[], inputShape: readonly number[]): "same" | "channelsLast" | undefined {
  if (elementCount(shape) !== elementCount(inputShape)) return undefined;
  const [own, wanted] = [shape, inputShape].map((sizes) => sizes.filter((size) => size !== 1));
  if (own!.length <= 1 || wanted!.length <= 1 || own!.join() === wanted!.join()) return "same";
  const [channels, height, width] = inputShape;
  return inputShape.length === 3 && shape.join() === [height, width, channels].join() ? "channelsLast" : undefined;
}

/** [count, H, W, C] as [count, C, H, W]. */
function channelsFirst(
  images: Float32Array,
  count: number,
  [height, width, channels]: readonly number[],
): Float32Array {
  const out = new Float32Array(images.length);
  const plane = height! * width!;
  for (let row = 0; row < count; row++)
    for (let c = 0; c < channels!; c++)
      for (let p = 0; p < plane; p++)
        out[(row * channels! + c) * plane + p] = images[(row * plane + p) * channels! + c]!;
  return out;
}

export interface ReadLabelsOptions {
  /** Images in the file that the labels are of: there must be one for each, or for each of the first `count`. */
  readonly images?: number;
  /** Classes of the model: labels of used images are below. */
  readonly classes?: number;
}

/** Labels, [count]. @throws DataError if they cannot be read, are not whole numbers, or do not belong to the images */
export async function readLabels(
  path: string,
  count: number,
  { images, classes }: ReadLabelsOptions = {},
): Promise<Int32Array> {
  const array = await readArray(path);
  if (array.shape.length !== 1)
    throw new DataError(path, `holds ${array.dtype} [${array.shape.join(", ")}]; expected labels, [N].`);
  const { length } = array.data;
  if (length < count || (images !== undefined && length !== images && length !== count))
    throw new DataError(path, `holds ${length} labels for ${images ?? count} images. They belong to different sets.`);
  const labels = Array.from(array.data, Number);
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0);
  if (wrong >= 0) throw new DataError(path, `label ${wrong} is ${labels[wrong]}; expected whole numbers from 0 up.`);
  const beyond = classes === undefined ? -1 : labels.findIndex((label, row) => row < count && label >= classes);
  if (beyond >= 0)
    throw new DataError(
      path,
      `label ${beyond} is ${labels[beyond]}; the model has ${classes} classes, so 0 … ${classes! - 1} is expected.`,
    );
  return Int32Array.from(labels.slice(0, count));
}

async function readArray(path: string): Promise<NdArray> {
  const bytes = await readBytes(path);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b)
    throw new DataError(
      path,
      "is a zip archive, as .npz files are. Save one array of it as .npy, or unpack the images.",
    );
  if (bytes[0] === 0x93) return decodeNpy(bytes, path);
  return decodeIdx(bytes, path);
}
