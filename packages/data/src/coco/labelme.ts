// LabelMe's JSON, one file an image. Shapes of one label and group_id are one object.
import { DataError } from "../error.ts";
import { encodePng, pngDataUri } from "../image/png.ts";
import type { CocoDataset } from "./annotations.ts";
import { segmentationToRle } from "./annotations.ts";
import { CocoBuilder, ellipsePolygon } from "./builder.ts";
import { boxPolygon, polygonsToRle } from "./polygon.ts";
import { decodeRle, encodeRle, mergeRle, type Rle, rleArea, rleBox } from "./rle.ts";

interface LabelMeShape {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
  readonly group_id?: number | string | null;
  readonly shape_type?: string;
  /** Of a shape of the type mask: a PNG in base64, of the size of the box whose first and last pixels are `points`. */
  readonly mask?: string | null;
}

/** A decoded mask, [height, width], above 0 where the object is. */
export interface MaskPicture {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
}

export interface LabelMeOptions {
  /** The pictures of masks by their base64 text, as `readLabelMeMasks` gives them. */
  readonly masks?: ReadonlyMap<string, MaskPicture>;
}

/** One file: its name for messages, its parsed content. */
export interface NamedJson {
  readonly name: string;
  readonly json: unknown;
}

/** @throws DataError for shapes that have no area, such as lines and points, and masks that do not fit their box */
export function cocoFromLabelMe(files: readonly NamedJson[], { masks = new Map() }: LabelMeOptions = {}): CocoDataset {
  const builder = new CocoBuilder();
  for (const { name, json } of files) {
    const { imagePath, imageWidth, imageHeight, shapes } = (json ?? {}) as Record<string, unknown>;
    if (typeof imagePath !== "string" || !Array.isArray(shapes))
      throw new DataError(name, "is not a LabelMe file: it has no imagePath or no list of shapes.");
    const image = builder.image(imagePath.replaceAll("\\", "/"), Number(imageWidth), Number(imageHeight));
    const size = { height: Number(imageHeight), width: Number(imageWidth) };
    const objects = new Map<string, { label: string; polygons: number[][]; drawn: Rle[] }>();
    for (const [i, shape] of (shapes as LabelMeShape[]).entries()) {
      const key = shape.group_id == null ? `shape ${i}` : `group ${shape.group_id} ${shape.label}`;
      const object = objects.get(key) ?? { label: shape.label, polygons: [], drawn: [] };
      objects.set(key, object);
      if (shape.shape_type === "mask") object.drawn.push(maskOf(shape, masks, size, name));
      else object.polygons.push(polygonOf(shape, name));
    }
    for (const { label, polygons, drawn } of objects.values()) {
      if (drawn.length === 0) builder.polygons(image, label, polygons);
      else {
        const outlined = polygons.length > 0 ? [polygonsToRle(polygons, size.height, size.width)] : [];
        builder.mask(image, label, mergeRle([...drawn, ...outlined]));
      }
    }
  }
  return builder.dataset();
}

/** A mask in its place in the image; what is over the edge is cut off. */
function maskOf(
  { label, points, mask }: LabelMeShape,
  masks: ReadonlyMap<string, MaskPicture>,
  { height, width }: { readonly height: number; readonly width: number },
  source: string,
): Rle {
  const picture = typeof mask === "string" ? masks.get(mask) : undefined;
  if (!picture) throw new DataError(source, `the mask of "${label}" was not read: give the pictures of its masks.`);
  const [[x1, y1] = [0, 0], [x2, y2] = [0, 0]] = points.map((point) => point.map(Math.trunc));
  const [w, h] = [x2! - x1! + 1, y2! - y1! + 1];
  if (picture.width !== w || picture.height !== h)
    throw new DataError(
      source,
      `the mask of "${label}" is ${picture.width} × ${picture.height}, its points say ${w} × ${h}.`,
    );
  const whole = new Uint8Array(height * width);
  for (let y = Math.max(0, -y1!); y < Math.min(h, height - y1!); y++)
    for (let x = Math.max(0, -x1!); x < Math.min(w, width - x1!); x++)
      whole[(y1! + y) * width + x1! + x] = picture.data[y * w + x]! > 0 ? 1 : 0;
  return encodeRle(whole, height, width);
}

/** A mask as LabelMe keeps it. */
function maskShape(rle: Rle): Pick<LabelMeShape, "points" | "shape_type" | "mask"> {
  const [x, y, w, h] = rleBox(rle);
  const whole = decodeRle(rle);
  const pixels = Uint8Array.from({ length: w * h }, (_, i) =>
    whole[(y + Math.floor(i / w)) * rle.width + x + (i % w)] ? 255 : 0,
  );
  const points = [
    [x, y],
    [x + w - 1, y + h - 1],
  ] as const;
  const uri = pngDataUri(encodePng(pixels, w, h));
  return { points, shape_type: "mask", mask: uri.slice(uri.indexOf(",") + 1) };
}

function polygonOf({ shape_type = "polygon", points, label }: LabelMeShape, source: string): number[] {
  if (shape_type === "polygon") return points.flat();
  const [[x0, y0] = [0, 0], [x1, y1] = [0, 0]] = points;
  if (shape_type === "rectangle")
    return boxPolygon([Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0)]);
  if (shape_type === "circle") {
    const radius = Math.hypot(x1 - x0, y1 - y0);
    return ellipsePolygon(x0, y0, radius, radius);
  }
  throw new DataError(
    source,
    `the shape "${label}" is a ${shape_type}. Polygons, rectangles, circles and masks are read; delete or redraw it.`,
  );
}

/** A data set as LabelMe's files; objects of several polygons share a group_id, RLE become masks. */
export function labelMeFromCoco({ images, annotations, categories }: CocoDataset): readonly NamedJson[] {
  const names = new Map(categories.map(({ id, name }) => [id, name]));
  return images.map(({ id, file_name, width, height }) => ({
    name: `${(file_name ?? String(id)).replace(/\.[^./]*$/, "")}.json`,
    json: {
      version: "5.4.1",
      flags: {},
      shapes: annotations
        .filter(({ image_id }) => image_id === id)
        .flatMap((annotation): readonly object[] => {
          const { segmentation } = annotation;
          const label = names.get(annotation.category_id) ?? String(annotation.category_id);
          if (!segmentation) throw new DataError(`annotation ${annotation.id}`, "has no segmentation.");
          if (!("length" in segmentation)) {
            const rle = segmentationToRle(segmentation, height, width, `annotation ${annotation.id}`);
            if (rleArea(rle) === 0) return [];
            return [{ label, ...maskShape(rle), group_id: null, flags: {} }];
          }
          return segmentation.map((points) => ({
            label,
            points: Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i]!, points[2 * i + 1]!]),
            group_id: segmentation.length > 1 ? annotation.id : null,
            shape_type: "polygon",
            flags: {},
          }));
        }),
      imagePath: file_name ?? String(id),
      imageData: null,
      imageHeight: height,
      imageWidth: width,
    },
  }));
}
