// A file as pixels, decoded by the browser.
import type { OwnImage } from "../../../run/adversarial/own-files.ts";

const largestFile = 50e6;
/** Models look at 224 × 224 or so: more than this is never used. */
const longestSide = 1024;

/** @throws Error that says what is wrong with the file */
export async function readImage(file: File): Promise<OwnImage> {
  if (file.size > largestFile)
    throw new Error(`${file.name} is ${Math.round(file.size / 1e6)} MB; a picture of at most 50 MB is taken.`);
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name} is not a picture that this browser can read. A PNG, JPEG or WebP file is expected.`);
  });
  const scale = Math.min(1, longestSide / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(scale * side)));
  const context = new OffscreenCanvas(width!, height!).getContext("2d")!;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width!, height!);
  bitmap.close();
  return { name: file.name, width: width!, height: height!, rgba: context.getImageData(0, 0, width!, height!).data };
}
