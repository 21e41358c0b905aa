// LabelMe's JSON, one file an image. Shapes of one label and group_id are one object.
import { DataError } from "../error.ts";
import type { CocoDataset } from "./annotations.ts";
import { CocoBuilder, ellipsePolygon } from "./builder.ts";
import { boxPolygon } from "./polygon.ts";

interface LabelMeShape {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
  readonly group_id?: number | string | null;
  readonly shape_type?: string;
}

/** One file: its name for messages, its parsed content. */
export interface NamedJson {
  readonly name: string;
  readonly json: unknown;
}

/** @throws DataError for shapes that have no area, such as lines and points */
export function cocoFromLabelMe(files: readonly NamedJson[]): CocoDataset {
  const builder = new CocoBuilder();
  for (const { name, json } of files) {
    const { imagePath, imageWidth, imageHeight, shapes } = (json ?? {}) as Record<string, unknown>;
    if (typeof imagePath !== "string" || !Array.isArray(shapes))
      throw new DataError(name, "is not a LabelMe file: it has no imagePath or no list of shapes.");
    const image = builder.image(imagePath.replaceAll("\\", "/"), Number(imageWidth), Number(imageHeight));
    const objects = new Map<string, { label: string; polygons: number[][] }>();
    for (const [i, shape] of (shapes as LabelMeShape[]).entries()) {
      const key = shape.group_id == null ? `shape ${i}` : `group ${shape.group_id} ${shape.label}`;
      const object = objects.get(key) ?? { label: shape.label, polygons: [] };
      objects.set(key, object);
      object.polygons.push(polygonOf(shape, name));
    }
    for (const { label, polygons } of objects.values()) builder.polygons(image, label, polygons);
  }
  return builder.dataset();
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
    `the shape "${label}" is a ${shape_type}. Polygons, rectangles and circles are read; delete or redraw it.`,
  );
}

/** A data set as LabelMe's files; objects of several polygons share a group_id. @throws DataError for RLE masks */
export function labelMeFromCoco({ images, annotations, categories }: CocoDataset): readonly NamedJson[] {
  const names = new Map(categories.map(({ id, name }) => [id, name]));
  return images.map(({ id, file_name, width, height }) => ({
    name: `${(file_name ?? String(id)).replace(/\.[^./]*$/, "")}.json`,
    json: {
      version: "5.4.1",
      flags: {},
      shapes: annotations
        .filter(({ image_id }) => image_id === id)
        .flatMap((annotation) => {
          const { segmentation } = annotation;
          if (!segmentation || !("length" in segmentation))
            throw new DataError(
              `annotation ${annotation.id}`,
              "its mask is an RLE, which LabelMe's polygons cannot say.",
            );
          return segmentation.map((points) => ({
            label: names.get(annotation.category_id) ?? String(annotation.category_id),
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
