// CVAT's XML ("CVAT for images 1.1"): polygons, boxes, ellipses and masks below each image. Shapes of one label and
// group_id are one object.
import { DataError } from "../error.ts";
import { type CocoDataset, isPolygons, segmentationToRle } from "./annotations.ts";
import { CocoBuilder, ellipsePolygon } from "./builder.ts";
import { boxPolygon } from "./polygon.ts";
import { decodeRle, encodeRle, rleBox } from "./rle.ts";

type Attributes = Readonly<Record<string, string>>;

/** @param source  the file's name in messages. @throws DataError if it is no such file, or a shape has no area */
export function cocoFromCvat(xml: string, source: string): CocoDataset {
  if (!/<annotations[\s>]/.test(xml)) throw new DataError(source, "is not CVAT's XML: it has no <annotations>.");
  const labels = Array.from(xml.matchAll(/<label>\s*<name>([^<]*)<\/name>/g), ([, name]) => unescaped(name!));
  const builder = new CocoBuilder(labels);
  for (const [, head, body = ""] of xml.matchAll(/<image\s([^>]*?)(?:\/>|>([\s\S]*?)<\/image>)/g)) {
    const { name = "", width, height } = attributesOf(head!);
    const place = `${source}: ${name}`;
    const size = { width: Number(width), height: Number(height) };
    const image = builder.image(name, size.width, size.height);
    const groups = new Map<string, { label: string; polygons: number[][] }>();
    let count = 0;
    for (const [, kind, text] of body.matchAll(/<(polygon|polyline|box|ellipse|mask|points|cuboid)\s([^>]*?)\/?>/g)) {
      const shape = attributesOf(text!);
      const { label = "", group_id: group } = shape;
      if (kind === "mask") {
        builder.mask(image, label, encodeRle(maskOf(shape, size, place), size.height, size.width));
        continue;
      }
      const key = group && group !== "0" ? `group ${group} ${label}` : `shape ${count++}`;
      const object = groups.get(key) ?? { label, polygons: [] };
      groups.set(key, object);
      object.polygons.push(polygonOf(kind!, shape, place));
    }
    for (const { label, polygons } of groups.values()) builder.polygons(image, label, polygons);
  }
  return builder.dataset();
}

function polygonOf(kind: string, shape: Attributes, source: string): number[] {
  const n = (name: string) => {
    const value = Number(shape[name] ?? Number.NaN);
    if (Number.isFinite(value)) return value;
    throw new DataError(source, `the ${kind} "${shape.label}" has the ${name} "${shape[name]}", which is no number.`);
  };
  if (kind === "polygon") {
    const points = (shape.points ?? "").split(/[;,]/).map(Number);
    if (points.every(Number.isFinite)) return points;
    throw new DataError(source, `the polygon "${shape.label}" has the points "${shape.points}".`);
  }
  if (kind === "box") return boxPolygon([n("xtl"), n("ytl"), n("xbr") - n("xtl"), n("ybr") - n("ytl")]);
  if (kind === "ellipse") return ellipsePolygon(n("cx"), n("cy"), n("rx"), n("ry"));
  throw new DataError(
    source,
    `the shape "${shape.label}" is a ${kind}, which has no area. Polygons, boxes, ellipses and masks are read.`,
  );
}

/** CVAT's RLE goes row by row through the mask's own box, zeros first. */
function maskOf(
  { rle = "", left, top, width: columns }: Attributes,
  { width, height }: { readonly width: number; readonly height: number },
  source: string,
): Uint8Array {
  const [x0, y0, w] = [left, top, columns].map(Number) as [number, number, number];
  const mask = new Uint8Array(width * height);
  let at = 0;
  rle
    .split(",")
    .map(Number)
    .forEach((run, i) => {
      for (let k = 0; k < run; k++, at++) {
        const [x, y] = [x0 + (at % w), y0 + Math.floor(at / w)];
        if (i % 2 === 0) continue;
        if (!(x >= 0 && x < width && y >= 0 && y < height))
          throw new DataError(source, `a mask reaches ${x}, ${y}; the image is ${width} × ${height}.`);
        mask[y * width + x] = 1;
      }
    });
  return mask;
}

/** A data set as CVAT's XML: polygons as they are, RLE masks as masks, so that holes stay. */
export function cvatFromCoco({ images, annotations, categories }: CocoDataset): string {
  const names = new Map(categories.map(({ id, name }) => [id, escaped(name)]));
  const labels = categories.map(({ name }) => `<label><name>${escaped(name)}</name></label>`).join("");
  const blocks = images.map(({ id, file_name, width, height }, i) => {
    const shapes = annotations
      .filter(({ image_id }) => image_id === id)
      .flatMap(({ id: own, category_id, bbox, segmentation }) => {
        const label = `label="${names.get(category_id)}"`;
        if (segmentation && !isPolygons(segmentation)) {
          const rle = segmentationToRle(segmentation, height, width, `annotation ${own}`);
          return [`    <mask ${label} ${maskAttributes(decodeRle(rle), rleBox(rle), width)}/>`];
        }
        const polygons = segmentation ?? [boxPolygon(bbox)];
        const group = polygons.length > 1 ? ` group_id="${own}"` : "";
        return polygons.map((points) => {
          const pairs = Array.from({ length: points.length / 2 }, (_, k) => `${points[2 * k]},${points[2 * k + 1]}`);
          return `    <polygon ${label}${group} points="${pairs.join(";")}"/>`;
        });
      });
    const head = `  <image id="${i}" name="${escaped(file_name ?? String(id))}" width="${width}" height="${height}"`;
    return shapes.length > 0 ? [`${head}>`, ...shapes, "  </image>"].join("\n") : `${head}/>`;
  });
  const meta = `  <meta><job><labels>${labels}</labels></job></meta>`;
  return ['<?xml version="1.0" encoding="utf-8"?>', "<annotations>", "  <version>1.1</version>", meta, ...blocks]
    .concat("</annotations>\n")
    .join("\n");
}

function maskAttributes(mask: Uint8Array, [x0, y0, w, h]: readonly number[], width: number): string {
  const runs: number[] = [];
  let value = 0;
  let run = 0;
  for (let at = 0; at < w! * h!; at++) {
    const here = mask[(y0! + Math.floor(at / w!)) * width + x0! + (at % w!)]!;
    if (here !== value) {
      runs.push(run);
      [run, value] = [0, here];
    }
    run++;
  }
  runs.push(run);
  return `rle="${runs.join(", ")}" left="${x0}" top="${y0}" width="${w}" height="${h}"`;
}

const attributesOf = (text: string): Attributes =>
  Object.fromEntries(
    Array.from(text.matchAll(/([\w:-]+)="([^"]*)"/g), ([, name, value]) => [name!, unescaped(value!)]),
  );

const entities: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&amp;": "&",
};
const unescaped = (text: string) => text.replace(/&(lt|gt|quot|apos|amp);/g, (entity) => entities[entity]!);
const escaped = (text: string) =>
  text.replace(/[<>"'&]/g, (letter) => Object.keys(entities).find((entity) => entities[entity] === letter)!);
