// Projects of the VGG Image Annotator: version 2 (and 1) lists regions below each file, version 3 lists metadata.
import { DataError } from "../error.ts";
import type { CocoDataset } from "./annotations.ts";
import { CocoBuilder, ellipsePolygon } from "./builder.ts";
import { boxPolygon } from "./polygon.ts";

export interface ViaOptions {
  /** The attribute that names an object's class; the only one there is if left out. */
  readonly attribute?: string;
  /** Sizes of the images by file name: VIA does not keep them. */
  readonly sizes: ReadonlyMap<string, { readonly width: number; readonly height: number }>;
}

type Attributes = Readonly<Record<string, unknown>>;

/** @param source  the project's name in messages */
export function cocoFromVia(json: unknown, source: string, { attribute, sizes }: ViaOptions): CocoDataset {
  const builder = new CocoBuilder();
  for (const { file, objects } of isVersion3(json) ? filesOfVersion3(json, source) : filesOfVersion2(json, source)) {
    const size = sizes.get(file);
    if (!size) throw new DataError(source, `the image "${file}" is not among the images that were given.`);
    const image = builder.image(file, size.width, size.height);
    for (const { polygon, attributes } of objects)
      builder.polygons(image, classOf(attributes, attribute, `${source}: ${file}`), [polygon]);
  }
  return builder.dataset();
}

interface ViaFile {
  readonly file: string;
  readonly objects: readonly { readonly polygon: number[]; readonly attributes: Attributes }[];
}

function classOf(attributes: Attributes, attribute: string | undefined, source: string): string {
  const names = Object.keys(attributes);
  const name = attribute ?? (names.length === 1 ? names[0]! : undefined);
  const value = name === undefined ? undefined : attributes[name];
  if (typeof value === "string" && value !== "") return value;
  if (names.length === 0 && attribute === undefined) return "object"; // nobody named classes: there is one
  throw new DataError(
    source,
    `a region has no class: its attributes are ${names.join(", ") || "none"}; which of them names the class?`,
  );
}

function filesOfVersion2(json: unknown, source: string): readonly ViaFile[] {
  const project = (json ?? {}) as Record<string, unknown>;
  const files = (project._via_img_metadata ?? project) as Record<string, { filename?: string; regions?: unknown }>;
  const entries = Object.values(files);
  if (entries.length === 0 || entries.some((entry) => typeof entry?.filename !== "string"))
    throw new DataError(source, "is not a project of the VGG Image Annotator: its entries have no filename.");
  return entries.map(({ filename, regions = [] }) => ({
    file: filename!,
    objects: Object.values(regions as Record<string, never>).map(({ shape_attributes, region_attributes }) => ({
      polygon: polygonOfVersion2(shape_attributes, `${source}: ${filename}`),
      attributes: region_attributes ?? {},
    })),
  }));
}

function polygonOfVersion2(shape: Record<string, unknown>, source: string): number[] {
  const n = (key: string) => Number(shape[key]);
  switch (shape.name) {
    case "polygon":
    case "polyline": {
      const [xs, ys] = [shape.all_points_x, shape.all_points_y] as [number[], number[]];
      return xs.flatMap((x, i) => [x, ys[i]!]);
    }
    case "rect":
      return boxPolygon([n("x"), n("y"), n("width"), n("height")]);
    case "circle":
      return ellipsePolygon(n("cx"), n("cy"), n("r"), n("r"));
    case "ellipse":
      return ellipsePolygon(n("cx"), n("cy"), n("rx"), n("ry"));
    default:
      throw new DataError(source, `a region is a ${shape.name}, which has no area.`);
  }
}

interface Version3 {
  readonly file: Readonly<Record<string, { readonly fname: string }>>;
  readonly view: Readonly<Record<string, { readonly fid_list: readonly (string | number)[] }>>;
  readonly metadata: Readonly<
    Record<string, { vid: string; xy: readonly number[]; av: Readonly<Record<string, unknown>> }>
  >;
  readonly attribute?: Readonly<Record<string, { aname: string; options?: Readonly<Record<string, string>> }>>;
}

const isVersion3 = (json: unknown): json is Version3 =>
  typeof json === "object" && json !== null && "metadata" in json && "view" in json && "file" in json;

function filesOfVersion3({ file, view, metadata, attribute = {} }: Version3, source: string): readonly ViaFile[] {
  return Object.entries(view).map(([vid, { fid_list }]) => {
    const name = file[String(fid_list[0])]?.fname;
    if (name === undefined) throw new DataError(source, `the view ${vid} shows a file that the project lacks.`);
    const own = Object.values(metadata).filter((entry) => String(entry.vid) === vid && entry.xy.length > 0);
    return {
      file: name,
      objects: own.map(({ xy: [kind, ...xy], av }) => ({
        polygon: polygonOfVersion3(kind!, xy, `${source}: ${name}`),
        attributes: Object.fromEntries(
          Object.entries(av).map(([id, value]) => [
            attribute[id]?.aname ?? id,
            attribute[id]?.options?.[String(value)] ?? value,
          ]),
        ),
      })),
    };
  });
}

/** The first number of version 3's xy says the shape. */
function polygonOfVersion3(kind: number, xy: readonly number[], source: string): number[] {
  if (kind === 7 || kind === 6) return [...xy]; // polygon, polyline
  if (kind === 2) return boxPolygon(xy);
  if (kind === 3) return ellipsePolygon(xy[0]!, xy[1]!, xy[2]!, xy[2]!);
  if (kind === 4) return ellipsePolygon(xy[0]!, xy[1]!, xy[2]!, xy[3]!);
  throw new DataError(source, `a region is of the shape ${kind}, which has no area.`);
}
