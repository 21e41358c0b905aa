// Data sets of the verbs: COCO JSON with its images, or generated pictures.
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type CocoDataset, DataError, parseCoco } from "@reprise/data";
import { readBytes, readImage } from "@reprise/data/node";
import { cocoOfShapes, labelsOf, objectsOfImages, targetsOf } from "../coco-objects.ts";
import { type Examples, shapesExamples } from "../examples.ts";

export interface NamedData {
  readonly dataset: CocoDataset;
  readonly examples: Examples;
}

/** Generated pictures, the first `count` of them as a data set. */
export async function shapesData(seed: number, count: number): Promise<NamedData> {
  const examples = shapesExamples(seed);
  return { dataset: await cocoOfShapes(examples, count), examples };
}

/**
 * @param images  the folder of its images; that of the file if undefined
 * @param count   so many of its images; all if undefined
 * @throws DataError if it holds nothing to learn from, or images are missing: all of them are looked for first
 */
export async function readCoco(path: string, images = dirname(path), count?: number): Promise<NamedData> {
  const whole = parseCoco(new TextDecoder().decode(await readBytes(path)), path);
  const dataset = count === undefined ? whole : firstImages(whole, count);
  if (dataset.images.length === 0) throw new DataError(path, "has no images.");
  if (dataset.categories.length === 0) throw new DataError(path, "has no categories.");
  requireSound(dataset, path);
  const files = dataset.images.map(({ id, file_name }) => {
    if (!file_name) throw new DataError(path, `image ${id} has no file name.`);
    return join(images, file_name);
  });
  const there = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
  const missing = files.filter((_, i) => !there[i]?.isFile());
  if (missing.length > 0)
    throw new DataError(
      path,
      `${missing.length} of ${files.length} images are missing: ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ", …" : ""}. Name their folder with images.`,
    );
  const objects = objectsOfImages(dataset);
  const labelOf = labelsOf(dataset);
  return {
    dataset,
    examples: {
      count: files.length,
      name: (i) => files[i]!,
      async read(i) {
        const { id, width: declaredWidth, height: declaredHeight } = dataset.images[i]!;
        const { data, shape } = await readImage(files[i]!, { channels: 3 });
        const [height, width] = shape.slice(-2) as [number, number];
        if (height !== declaredHeight || width !== declaredWidth)
          throw new DataError(
            files[i]!,
            `the image is ${width} × ${height}, ${path} says ${declaredWidth} × ${declaredHeight}. Was it turned by its EXIF orientation?`,
          );
        return {
          picture: { data, height, width },
          targets: targetsOf(objects.get(id) ?? [], labelOf, { height, width, source: path }),
        };
      },
    },
  };
}

/** What would stop a training at the step that reads it; `coco check` reports all of it, and more. */
function requireSound({ images, categories, annotations }: CocoDataset, path: string): void {
  const check = "reprise coco check lists every problem of the file.";
  for (const [kind, list] of Object.entries({ images, categories })) {
    const ids = new Set<number | string>();
    for (const { id } of list)
      if (ids.size === ids.add(id).size) throw new DataError(path, `has two ${kind} of the id ${id}. ${check}`);
  }
  const sizes = new Map(images.map(({ id, width, height }) => [id, { width, height }]));
  for (const { id, image_id, segmentation } of annotations) {
    if (!segmentation) continue;
    if ("length" in segmentation) {
      const short = segmentation.find((points) => points.length < 6);
      if (short)
        throw new DataError(
          path,
          `annotation ${id} has a polygon of ${short.length / 2} points, an area needs 3. ${check}`,
        );
      continue;
    }
    const size = sizes.get(image_id);
    const [height, width] = segmentation.size;
    if (size && (size.height !== height || size.width !== width))
      throw new DataError(
        path,
        `annotation ${id} has an RLE of ${width} × ${height}, its image is ${size.width} × ${size.height}. ${check}`,
      );
  }
}

/** @throws DataError if no object is left to learn from */
export function requireObjects({ dataset }: NamedData, path: string): void {
  if (objectsOfImages(dataset).size === 0)
    throw new DataError(
      path,
      dataset.annotations.length === 0
        ? "has no annotations: there is nothing to learn."
        : `none of its ${dataset.annotations.length} annotations is an object with an area that is no crowd: there is nothing to learn.`,
    );
}

function firstImages(dataset: CocoDataset, count: number): CocoDataset {
  const images = dataset.images.slice(0, count);
  const ids = new Set(images.map(({ id }) => id));
  return { ...dataset, images, annotations: dataset.annotations.filter(({ image_id }) => ids.has(image_id)) };
}
