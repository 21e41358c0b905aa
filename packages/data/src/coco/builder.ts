// A COCO data set from objects of other formats: ids in order of appearance, areas and boxes from the masks.
import { DataError } from "../error.ts";
import { type CocoAnnotation, type CocoCategory, type CocoDataset, type CocoImage, rleToJson } from "./annotations.ts";
import { polygonsToRle } from "./polygon.ts";
import { type Rle, rleArea, rleBox } from "./rle.ts";

export class CocoBuilder {
  readonly #images: CocoImage[] = [];
  readonly #annotations: CocoAnnotation[] = [];
  readonly #categories = new Map<string, number>();

  /** @param categories  names that get the ids 1, 2, …; others follow as they appear */
  constructor(categories: readonly string[] = []) {
    for (const name of categories) this.#category(name);
  }

  /** @returns the image's id */
  image(file_name: string, width: number, height: number): number {
    if (!(width > 0 && height > 0))
      throw new DataError(
        file_name,
        `the image's size is ${width} × ${height}; COCO needs it. Give the image files too.`,
      );
    const id = this.#images.length + 1;
    this.#images.push({ id, file_name, width, height });
    return id;
  }

  /** An object of one or more polygons in pixels. @throws DataError if one has fewer than three points */
  polygons(image_id: number, category: string, polygons: readonly (readonly number[])[]): void {
    const { file_name, width, height } = this.#images[image_id - 1]!;
    for (const points of polygons)
      if (points.length < 6)
        throw new DataError(file_name!, `a polygon of "${category}" has ${points.length / 2} points, an area needs 3.`);
    const xs = polygons.flatMap((points) => points.filter((_, i) => i % 2 === 0));
    const ys = polygons.flatMap((points) => points.filter((_, i) => i % 2 === 1));
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    this.#annotations.push({
      id: this.#annotations.length + 1,
      image_id,
      category_id: this.#category(category),
      bbox: [x, y, Math.max(...xs) - x, Math.max(...ys) - y],
      area: rleArea(polygonsToRle(polygons, height, width)),
      iscrowd: 0,
      segmentation: polygons,
    });
  }

  /** An object by its mask, which keeps holes. An empty mask is no object. */
  mask(image_id: number, category: string, rle: Rle): void {
    const area = rleArea(rle);
    if (area === 0) return;
    this.#annotations.push({
      id: this.#annotations.length + 1,
      image_id,
      category_id: this.#category(category),
      bbox: [...rleBox(rle)],
      area,
      iscrowd: 0,
      segmentation: rleToJson(rle),
    });
  }

  dataset(): CocoDataset {
    const categories = Array.from(this.#categories, ([name, id]): CocoCategory => ({ id, name }));
    return { images: this.#images, annotations: this.#annotations, categories };
  }

  #category(name: string): number {
    const id = this.#categories.get(name) ?? this.#categories.size + 1;
    this.#categories.set(name, id);
    return id;
  }
}

/** Points on an ellipse, as a polygon. */
export const ellipsePolygon = (cx: number, cy: number, rx: number, ry: number): number[] =>
  Array.from({ length: 64 }, (_, i) => {
    const angle = (i * Math.PI) / 32;
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)];
  }).flat();
