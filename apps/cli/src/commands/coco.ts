// `reprise coco`: COCO data sets and results.
import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import {
  boxPolygon,
  type CocoDataset,
  type CocoErrors,
  type CocoEvaluation,
  checkCoco,
  cocoErrors,
  colourOf,
  DataError,
  drawObjects,
  evaluateCoco,
  parseCoco,
  parseDetections,
  polygonsToRle,
  segmentationToRle,
  statsOfCoco,
} from "@reprise/data";
import { createFolder, readBytes, readImage, writeImage } from "@reprise/data/node";
import { textTable, UsageError, type Verb, verb } from "@reprise/experiment";
import { convert } from "./coco/convert.ts";

const dataset = { name: "data set", help: "a COCO data set: JSON with images, annotations and categories" } as const;
const readText = async (path: string) => new TextDecoder().decode(await readBytes(path));
const readDataset = async (path: string) => parseCoco(await readText(path), path);

export const verbs: readonly Verb[] = [
  convert,
  verb({
    name: "evaluate",
    summary: "COCO's numbers for results, as pycocotools gives them",
    options: {
      groundTruth: { kind: "text", placeholder: "gt.json", required: true, help: "the COCO data set" },
      detections: { kind: "text", placeholder: "dt.json", required: true, help: "results in COCO's format" },
      type: { kind: "choice", choices: ["bbox", "segm", "keypoints"], default: "bbox", help: "what is compared" },
      errors: {
        kind: "flag",
        help: "what goes wrong, of boxes or masks, and what mending each kind would add to AP50",
      },
    },
    async run({ options: { groundTruth, detections, type, errors: wanted } }) {
      if (wanted && type === "keypoints") throw new UsageError("--errors are of boxes and masks, not of keypoints.");
      const dataset = await readDataset(groundTruth);
      const found = parseDetections(await readText(detections), detections);
      const evaluation = evaluateCoco(dataset, found, { type, sources: { groundTruth, detections } });
      if (!wanted || type === "keypoints") return { result: evaluation, text: () => evaluationText(evaluation) };
      const errors = cocoErrors(dataset, found, { type });
      return {
        result: { ...evaluation, errors },
        text: () => [evaluationText(evaluation), "", errorsText(errors)].join("\n"),
      };
    },
  }),
  verb({
    name: "stats",
    summary: "what is in a COCO data set",
    arguments: [dataset],
    options: {},
    async run({ args: [path] }) {
      const stats = statsOfCoco(await readDataset(path!));
      return {
        result: stats,
        text: () =>
          [
            `${stats.images} images, ${stats.imagesWithoutAnnotation} of them without an annotation; ${stats.objects} objects, ${stats.crowds} crowds`,
            `objects an image: mean ${stats.objectsPerImage.mean.toFixed(1)}, median ${stats.objectsPerImage.median}, most ${stats.objectsPerImage.max}`,
            `images from ${stats.smallestImage?.join(" × ") ?? "none"} to ${stats.largestImage?.join(" × ") ?? "none"} pixels`,
            "",
            textTable(
              ["category", "id", "images", "objects", "crowds", "small", "medium", "large"],
              stats.categories.map(({ name, id, images, objects, crowds, small, medium, large }) => [
                name,
                ...[id, images, objects, crowds, small, medium, large].map(String),
              ]),
            ),
          ].join("\n"),
      };
    },
  }),
  verb({
    name: "check",
    summary: "what is wrong with a COCO data set",
    arguments: [dataset],
    options: { images: { kind: "text", placeholder: "folder", help: "of the images, to find those that are missing" } },
    async run({ args: [path], options: { images } }) {
      const files = images === undefined ? undefined : new Set(await filesBelow(images));
      const problems = checkCoco(await readDataset(path!), files ? { files } : {});
      return {
        result: problems,
        text: () =>
          problems
            .map(({ severity, kind, count, examples }) => {
              const more = count > examples.length ? ", …" : "";
              return `${severity}: ${kind} (${count}): ${examples.join(", ")}${more}`;
            })
            .join("\n") || "nothing wrong",
      };
    },
  }),
  verb({
    name: "draw",
    summary: "the images of a COCO data set with its masks and boxes over them",
    arguments: [dataset],
    options: {
      images: { kind: "text", placeholder: "folder", required: true, help: "of the images" },
      out: { kind: "text", placeholder: "folder", required: true, help: "for the pictures, PNG" },
      detections: { kind: "text", placeholder: "dt.json", help: "results to draw in place of the annotations" },
      score: { kind: "number", min: 0, max: 1, default: 0.5, help: "the least score of a result" },
      count: { kind: "integer", min: 1, help: "so many images; all if left out" },
    },
    async run({ args: [path], options: { images, out, detections, score, count }, signal, progress }) {
      const data = await readDataset(path!);
      const drawn = detections
        ? parseDetections(await readText(detections), detections).filter((found) => found.score >= score)
        : data.annotations;
      await createFolder(out);
      const written: string[] = [];
      for (const image of data.images.slice(0, count)) {
        signal.throwIfAborted();
        if (!image.file_name) throw new DataError(path!, `image ${image.id} has no file name.`);
        const file = join(images, image.file_name);
        const picture = await readImage(file, { channels: 3 });
        const [height, width] = picture.shape.slice(-2) as [number, number];
        if (height !== image.height || width !== image.width)
          throw new DataError(
            file,
            `the image is ${width} × ${height}, ${path} says ${image.width} × ${image.height}. Was it turned by its EXIF orientation?`,
          );
        const target = join(
          out,
          `${image.file_name.slice(0, -extname(image.file_name).length).replaceAll("/", "_")}.png`,
        );
        await writeImage(target, drawObjects(picture, objectsOf(data, drawn, image.id, height, width)));
        written.push(target);
        progress.show(`${written.length} of ${Math.min(count ?? Infinity, data.images.length)} images`);
      }
      progress.end();
      return { result: { written }, text: () => `${written.length} pictures in ${out}` };
    },
  }),
];

function objectsOf(
  { categories }: CocoDataset,
  drawn: readonly {
    image_id: number | string;
    category_id: number;
    bbox?: readonly number[];
    segmentation?: unknown;
  }[],
  image: number | string,
  height: number,
  width: number,
) {
  return drawn
    .filter(({ image_id }) => image_id === image)
    .map(({ category_id, bbox, segmentation }) => ({
      colour: colourOf(categories.findIndex(({ id }) => id === category_id)),
      ...(bbox && { box: bbox }),
      mask: segmentation
        ? segmentationToRle(segmentation as never, height, width, `image ${image}`)
        : polygonsToRle([boxPolygon(bbox ?? [0, 0, 0, 0])], height, width),
    }));
}

/** Paths of all files below a folder, from there, with slashes. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new DataError(folder, "is not a folder that can be read.", { cause });
  });
  return entries.map((entry) => entry.replaceAll("\\", "/"));
}

function evaluationText({ stats, names, perCategory, type }: CocoEvaluation): string {
  const known = (value: number) => (value < 0 ? "–" : value.toFixed(3));
  return [
    textTable(
      [type, "value"],
      names.map((name, i) => [name, stats[i]!.toFixed(3)]),
    ),
    "",
    textTable(
      ["category", "objects", "AP", "AP50", "AP75", "AR"],
      perCategory.map(({ name, truths, ap, ap50, ap75, ar }) => [
        name,
        String(truths),
        ...[ap, ap50, ap75, ar].map(known),
      ]),
    ),
  ].join("\n");
}

const errorsText = ({ kinds }: CocoErrors) =>
  textTable(
    ["error", "count", "AP50 without it"],
    kinds.map(({ kind, count, gain }) => [kind, String(count), `${gain < 0 ? "" : "+"}${gain.toFixed(3)}`]),
  );
