// PNG, JPEG and WebP files through sharp (libvips).
import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { DataError, ImageSizeError } from "../error.ts";
import { fileError, readBytes, writeFileAtomic } from "../file.node.ts";
import { elementCount, type NdArray, ndArray } from "../nd-array.ts";
import { grayFromRgb, interleaved, planar, unitBytes } from "./pixels.ts";
import { loadSharp } from "./sharp.node.ts";

export interface DecodeOptions {
  /** 1 gray, 3 RGB; other images are converted (gray: BT.601 luma, as Pillow). By default what the file has. */
  readonly channels?: 1 | 3;
  /** What shows through transparent pixels, a CSS colour; white by default. */
  readonly background?: string;
  /** Resampled (Lanczos) to cover this size, what is over at two sides cut off evenly; as it is if left out. */
  readonly size?: { readonly width: number; readonly height: number };
}

export type ImageFormat = "png" | "jpeg" | "webp";

const formats = new Set<string | undefined>(["png", "jpeg", "webp"]);
const extensions: Readonly<Record<string, ImageFormat>> = {
  ".png": "png",
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
  ".webp": "webp",
};

/**
 * The pixels of a PNG, JPEG or WebP file: [1, C, H, W], C = 1 or 3, 0…255, upright (EXIF orientation applied), in sRGB.
 * Of 16-bit samples the high byte is kept; of an animation the first picture. `unitFloat` gives floats in [0, 1].
 *
 * @param source  the user's name of the file, for messages
 * @throws DataError if it is none of these, or damaged
 */
export async function decodeImage(
  bytes: Uint8Array,
  source: string,
  { channels, background = "white", size }: DecodeOptions = {},
): Promise<NdArray<"uint8">> {
  const sharp = await loadSharp();
  const unreadable = (problem: string, cause?: unknown) =>
    new DataError(source, `${problem}. PNG, JPEG and WebP images are read.`, { cause });
  // The format first: libvips would also run SVG, which may point to other files.
  const metadata = async () => sharp(bytes).metadata(); // async: sharp throws at once for no bytes, later for wrong ones
  const meta = await metadata().catch((cause: unknown) => {
    // sharp's own words for more pixels than it decodes, against pictures that fill the memory.
    if (/pixel limit/.test((cause as Error).message))
      throw new DataError(source, "has more pixels than are read at once (268 million). Give a smaller picture.", {
        cause,
      });
    throw unreadable(`is not an image (${bytes.length} bytes)`, cause);
  });
  if (!formats.has(meta.format)) throw unreadable(`is an image in the format ${meta.format}`);
  let pixels: NdArray<"uint8">;
  try {
    // sharp gives three bytes a pixel whatever the file has; of gray they are equal.
    const upright = sharp(bytes).autoOrient().flatten({ background });
    const { data, info } = await (size ? upright.resize({ ...size, fit: "cover", kernel: "lanczos3" }) : upright)
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    pixels = planar(ndArray("uint8", [info.height, info.width, info.channels], data)); // [3, H, W]
  } catch (cause) {
    throw unreadable(`the ${meta.format} image is damaged or cut short (${(cause as Error).message.trim()})`, cause);
  }
  const gray = (channels ?? (meta.channels <= 2 ? 1 : 3)) === 1;
  const { shape, data } = gray ? grayFromRgb(pixels) : pixels;
  return ndArray("uint8", [1, ...shape], data);
}

/** The image file at a path, as decodeImage gives it. @throws DataError if it is not there or not an image */
export async function readImage(path: string, options: DecodeOptions = {}): Promise<NdArray<"uint8">> {
  return decodeImage(await readBytes(path), path, options);
}

/**
 * Several image files as one array [N, C, H, W] in the order of the paths.
 *
 * @throws DataError if there are none or one is not an image, ImageSizeError if one has another size than the first
 */
export async function readImages(
  paths: readonly string[],
  { channels = 3, ...options }: DecodeOptions = {},
): Promise<NdArray<"uint8">> {
  let data: Uint8Array | undefined;
  let shape: readonly number[] = [];
  for (const [i, path] of paths.entries()) {
    const image = await readImage(path, { channels, ...options });
    data ??= new Uint8Array(paths.length * image.data.length);
    if (i === 0) shape = image.shape;
    else if (image.shape.join() !== shape.join())
      throw new ImageSizeError(
        path,
        `the image is ${image.shape[3]}×${image.shape[2]} pixels (width × height); ${paths[0]} is ${shape[3]}×${shape[2]}. Images read together must have one size.`,
      );
    data.set(image.data, i * image.data.length);
  }
  if (!data) throw new DataError("images", "no paths of images were given; at least one is needed.");
  return ndArray("uint8", [paths.length, ...shape.slice(1)], data);
}

/**
 * Paths of the PNG, JPEG and WebP files of a folder (not those below it), by name, numbers by value: 2.png before 10.png.
 *
 * @throws DataError if the folder cannot be read or holds no such file
 */
export async function listImages(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw fileError(folder, cause, "read");
  });
  // Hidden files are no pictures of the user's: macOS leaves ._NAME.png beside NAME.png.
  const images = names.filter((name) => !name.startsWith(".") && formatOf(name) !== undefined).sort(byName.compare);
  if (images.length === 0)
    throw new DataError(folder, "holds no image. Files that end in .png, .jpg, .jpeg or .webp are read.");
  return images.map((name) => join(folder, name));
}

/**
 * One picture as a file.
 *
 * @param image  [C, H, W] or [1, C, H, W], C = 1 (gray) or 3 (RGB); uint8, or float32 in [0, 1] (what is outside is
 *   clamped). PNG keeps the bytes exactly; JPEG and WebP at quality 90.
 * @throws RangeError for another shape
 */
export async function encodeImage(
  image: NdArray<"uint8" | "float32">,
  format: ImageFormat = "png",
): Promise<Uint8Array> {
  const bytes = image.dtype === "float32" ? unitBytes(image) : image;
  const shape = bytes.shape.length === 4 && bytes.shape[0] === 1 ? bytes.shape.slice(1) : bytes.shape;
  const [channels, height, width] = shape;
  if (shape.length !== 3 || (channels !== 1 && channels !== 3) || elementCount(shape) === 0)
    throw new RangeError(
      `an image of shape [${image.shape.join(", ")}] cannot be written: expected [C, H, W] or [1, C, H, W] with C = 1 or 3`,
    );
  const { data } = interleaved(ndArray("uint8", shape, bytes.data));
  const sharp = await loadSharp();
  const pipeline = sharp(data, { raw: { width: width!, height: height!, channels } });
  return pipeline
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .toFormat(format, format === "png" ? {} : { quality: 90 })
    .toBuffer();
}

/** One picture as a file whose ending says the format, written atomically. @throws DataError if it cannot be written */
export async function writeImage(path: string, image: NdArray<"uint8" | "float32">): Promise<void> {
  const format = formatOf(path);
  if (!format) throw new DataError(path, "the name says no image format. End it in .png, .jpg, .jpeg or .webp.");
  await writeFileAtomic(path, await encodeImage(image, format));
}

/**
 * An SVG document of our own making as PNG. libvips reads what an SVG points to: never one that came from elsewhere.
 *
 * @param scale  pixels of the PNG for a pixel of the SVG
 */
export async function encodeSvgAsPng(
  svg: string,
  { scale = 1 }: { readonly scale?: number } = {},
): Promise<Uint8Array> {
  const sharp = await loadSharp();
  return sharp(new TextEncoder().encode(svg), { density: 72 * scale, unlimited: true })
    .png()
    .toBuffer();
}

const byName = new Intl.Collator("en", { numeric: true });

function formatOf(path: string): ImageFormat | undefined {
  return extensions[extname(path).toLowerCase()];
}
