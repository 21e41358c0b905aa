// Images of the user for a model; what does not fit is told with the options that mend it.
import { DataError, ImageSizeError, PixelRangeError } from "@reprise/data";
import { type ReadImagesOptions, readImagesFor as read } from "@reprise/data/node";

export { readLabels } from "@reprise/data/node";

/** As `readImagesFor` of @reprise/data. */
export async function readImagesFor(path: string, inputShape: readonly number[], options: ReadImagesOptions = {}) {
  try {
    return await read(path, inputShape, options);
  } catch (error) {
    const hint = hintFor(error, options);
    if (!hint || !(error instanceof DataError)) throw error;
    throw new DataError(error.source, `${error.message.slice(error.source.length + 2)} ${hint}`, { cause: error });
  }
}

function hintFor(error: unknown, { resize }: ReadImagesOptions): string | undefined {
  if (error instanceof PixelRangeError) return "Say what its pixels' lowest and highest value are by --range LOW,HIGH.";
  if (error instanceof ImageSizeError && !resize) return "Image files are brought to its size by --resize.";
  return undefined;
}
