// The digits that come with the site.
import { decodeMnist, mnistFiles } from "@reprise/data";
import { siteFile } from "./site-file.ts";

const subset = "/assets/mnist-subset/";

/** The 500 test images of the MNIST subset, [500, 784] from 0 to 1, with their labels. */
export async function testDigits(): Promise<{ readonly images: Float32Array; readonly labels: Int32Array }> {
  const { images: imagesFile, labels: labelsFile } = mnistFiles.test;
  const [imageBytes, labelBytes] = await Promise.all(
    [imagesFile, labelsFile].map((file) => siteFile(`${subset}${file}.gz`, "the test images")),
  );
  const { images, labels } = await decodeMnist(imageBytes!, labelBytes!, { flat: true });
  return { images: images.data as Float32Array, labels: labels.data };
}
