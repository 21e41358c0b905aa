// COCO's two JSON formats: data sets (images, annotations, categories) and results (a list of detections).
import { DataError } from "../error.ts";
import { boxPolygon, polygonsToRle } from "./polygon.ts";
import { checkedRle, type Rle, rleFromString, rleToString } from "./rle.ts";

/** An RLE as JSON: size [height, width], counts compressed to a string or plain. */
export interface RleJson {
  readonly size: readonly [number, number];
  readonly counts: string | readonly number[];
}

/** Polygons x₀, y₀, x₁, y₁, … whose union is the object, or an RLE. */
export type Segmentation = readonly (readonly number[])[] | RleJson;

export interface CocoImage {
  readonly id: number | string;
  readonly file_name?: string;
  readonly width: number;
  readonly height: number;
}

export interface CocoCategory {
  readonly id: number;
  readonly name: string;
  readonly supercategory?: string;
  readonly keypoints?: readonly string[];
  readonly skeleton?: readonly (readonly [number, number])[];
}

export interface CocoAnnotation {
  readonly id: number;
  readonly image_id: number | string;
  readonly category_id: number;
  readonly bbox: readonly number[];
  readonly area: number;
  readonly segmentation?: Segmentation;
  /** A group of objects that nobody told apart: what lies in it is neither right nor wrong. */
  readonly iscrowd?: 0 | 1;
  /** x, y, visibility (0 not labelled, 1 hidden, 2 visible) of each point. */
  readonly keypoints?: readonly number[];
  readonly num_keypoints?: number;
}

/** A data set, the content of an `instances_*.json`. */
export interface CocoDataset {
  readonly images: readonly CocoImage[];
  readonly annotations: readonly CocoAnnotation[];
  readonly categories: readonly CocoCategory[];
}

/** One line of a results file. */
export interface CocoDetection {
  readonly image_id: number | string;
  readonly category_id: number;
  readonly score: number;
  readonly bbox?: readonly number[];
  readonly segmentation?: Segmentation;
  readonly keypoints?: readonly number[];
}

/**
 * A data set from its JSON text.
 *
 * @param source  the user's name of the file, for messages
 * @throws DataError if it is no COCO data set
 */
export function parseCoco(text: string, source: string): CocoDataset {
  const json = parseJson(text, source);
  if (Array.isArray(json))
    throw new DataError(
      source,
      "is a list, as COCO's results are. A data set is an object with images, annotations and categories.",
    );
  const { images, annotations, categories } = (json ?? {}) as Record<string, unknown>;
  for (const [name, value] of Object.entries({ images, annotations, categories }))
    if (!Array.isArray(value))
      throw new DataError(
        source,
        `has no list "${name}". A COCO data set is an object with images, annotations and categories.`,
      );
  return json as CocoDataset;
}

/** Detections from the JSON text of a results file. @throws DataError if the text is not a list of detections */
export function parseDetections(text: string, source: string): readonly CocoDetection[] {
  const json = parseJson(text, source);
  if (!Array.isArray(json))
    throw new DataError(
      source,
      "is not a list. COCO's results are a list of { image_id, category_id, bbox or segmentation, score }.",
    );
  json.forEach((entry: unknown, i) => {
    const { image_id, category_id, score } = (entry ?? {}) as Record<string, unknown>;
    if (image_id === undefined || typeof category_id !== "number")
      throw new DataError(source, `detection ${i} has no image_id or no category_id.`);
    if (typeof score !== "number" || Number.isNaN(score))
      throw new DataError(source, `detection ${i} (image ${image_id}) has the score ${score}, which is no number.`);
  });
  return json as CocoDetection[];
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(source, `is not JSON (${(cause as Error).message}).`, { cause });
  }
}

/**
 * A segmentation as a mask.
 *
 * @param source  what it belongs to, for messages
 * @throws DataError if it is neither polygons of three points or more nor an RLE of this size
 */
export function segmentationToRle(
  segmentation: Segmentation,
  height: number,
  width: number,
  source = "segmentation",
): Rle {
  if (isPolygons(segmentation)) {
    if (segmentation.length === 0) throw new DataError(source, "the segmentation is empty.");
    for (const points of segmentation) requirePolygon(points, source);
    return polygonsToRle(segmentation, height, width);
  }
  const { size, counts } = segmentation;
  if (size?.[0] !== height || size[1] !== width)
    throw new DataError(source, `the RLE is ${size?.[1]} × ${size?.[0]}, its image ${width} × ${height}.`);
  return typeof counts === "string"
    ? rleFromString(counts, height, width, source)
    : checkedRle(height, width, Uint32Array.from(counts), source);
}

function requirePolygon(points: readonly number[], source: string): void {
  if (!Array.isArray(points)) throw new DataError(source, "the segmentation is neither a list of polygons nor an RLE.");
  if (points.length % 2)
    throw new DataError(source, `a polygon has ${points.length} numbers: x without y. Points are x₀, y₀, x₁, y₁, …`);
  if (points.length < 6) throw new DataError(source, `a polygon has ${points.length / 2} points, an area needs 3.`);
  if (!points.every(Number.isFinite))
    throw new DataError(source, "a polygon has a coordinate that is no finite number.");
}

export const isPolygons = (segmentation: Segmentation): segmentation is readonly (readonly number[])[] =>
  Array.isArray(segmentation);

/** A mask as COCO's results keep it. */
export const rleToJson = (rle: Rle): RleJson => ({ size: [rle.height, rle.width], counts: rleToString(rle) });

/** What a detection covers: its segmentation, or else its box. */
export function detectionMask(detection: CocoDetection, height: number, width: number, source: string): Rle {
  if (detection.segmentation) return segmentationToRle(detection.segmentation, height, width, source);
  if (!detection.bbox) throw new DataError(source, "the detection has neither a segmentation nor a bbox.");
  return polygonsToRle([boxPolygon(detection.bbox)], height, width);
}
