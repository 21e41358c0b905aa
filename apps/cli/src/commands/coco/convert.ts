// `reprise coco convert`: annotations of other tools as a COCO data set, and back.
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import {
  type CocoDataset,
  cocoFromCvat,
  cocoFromLabelMe,
  cocoFromVia,
  cocoFromYolo,
  cvatFromCoco,
  DataError,
  labelMeFromCoco,
  parseCoco,
  yoloFromCoco,
} from "@reprise/data";
import {
  createFolder,
  listImages,
  readBytes,
  readImage,
  readLabelMeMasks,
  readMaskFolders,
  writeFileAtomic,
} from "@reprise/data/node";
import { type OptionValues, UsageError, type VerbContext, verb } from "@reprise/experiment";

const options = {
  from: {
    kind: "choice",
    choices: ["coco", "labelme", "via", "yolo", "cvat", "masks"],
    default: "coco",
    help: "what the annotations are: COCO's JSON; a folder of LabelMe's JSON; a VIA project; a folder of YOLO's text files; CVAT's XML; a folder of folders images and masks",
  },
  to: { kind: "choice", choices: ["coco", "labelme", "yolo", "cvat"], default: "coco", help: "what is written" },
  images: { kind: "text", placeholder: "dir", help: "folder of the images: via and yolo do not keep their sizes" },
  names: {
    kind: "list",
    of: "text",
    placeholder: "names",
    help: "of yolo's classes 0, 1, …, or the one class of masks",
  },
  attribute: { kind: "text", placeholder: "name", help: "of a VIA region that names its class, where it has several" },
  out: { kind: "text", placeholder: "path", required: true, help: "file of coco and cvat, folder of labelme and yolo" },
} as const;

export const convert = verb({
  name: "convert",
  summary: "annotations of LabelMe, VIA, YOLO, CVAT or mask pictures as a COCO data set, and back",
  arguments: [{ name: "annotations", help: "a file or a folder, as --from says" }],
  options,
  async run(context) {
    const { from, to, out } = context.options;
    if (from === to) throw new UsageError(`--from and --to are both ${from}.`);
    const dataset = await readAs(context.args[0]!, context);
    context.progress.end();
    const files = await writeAs(dataset, to, out);
    const { images, annotations, categories } = dataset;
    return {
      result: { out, files, images: images.length, annotations: annotations.length, categories },
      text: () =>
        `${out}: ${images.length} images, ${annotations.length} objects of ${categories.map(({ name }) => name).join(", ")}`,
    };
  },
});

type Context = VerbContext<OptionValues<typeof options>>;
const textOf = async (path: string) => new TextDecoder().decode(await readBytes(path));

async function readAs(path: string, { options, signal, progress }: Context): Promise<CocoDataset> {
  const { from, names: classes, attribute } = options;
  if (from === "coco") return parseCoco(await textOf(path), path);
  if (from === "cvat") return cocoFromCvat(await textOf(path), path);
  if (from === "masks")
    return readMaskFolders(path, {
      ...(classes ? { category: classes[0]! } : {}),
      signal,
      onProgress: ({ done, total }) => progress.show(`folder ${done} of ${total}`),
    });
  if (from === "labelme") {
    const names = await filesOf(path, ".json");
    const files = await Promise.all(names.map(async (name) => ({ name, json: jsonOf(await textOf(name), name) })));
    return cocoFromLabelMe(files, { masks: await readLabelMeMasks(files) });
  }
  const folder = options.images ?? ((await stat(path).catch(() => undefined))?.isDirectory() ? path : dirname(path));
  const sizes = await sizesOf(folder, { signal, progress });
  if (from === "via")
    return cocoFromVia(jsonOf(await textOf(path), path), path, { sizes, ...(attribute ? { attribute } : {}) });
  if (!classes) throw new UsageError("give the --names of the classes 0, 1, …: YOLO's files have their numbers only.");
  const files = await Promise.all(
    Array.from(sizes, async ([image, size]) => {
      const file = join(path, `${image.slice(0, -extname(image).length)}.txt`);
      // An image without a file has no objects.
      const text = (await stat(file).catch(() => undefined)) ? await textOf(file) : "";
      return { image, ...size, text };
    }),
  );
  return cocoFromYolo(files, classes);
}

/** Sizes of a folder's images by file name. */
async function sizesOf(folder: string, { signal, progress }: Pick<Context, "signal" | "progress">) {
  const files = await listImages(folder);
  const sizes = new Map<string, { width: number; height: number }>();
  for (const file of files) {
    signal.throwIfAborted();
    const [height, width] = (await readImage(file)).shape.slice(-2) as [number, number];
    sizes.set(basename(file), { width, height });
    progress.show(`image ${sizes.size} of ${files.length}`);
  }
  return sizes;
}

async function filesOf(folder: string, ending: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new DataError(folder, "is not a folder that can be read.", { cause });
  });
  const files = names.filter((name) => name.endsWith(ending)).sort();
  if (files.length === 0) throw new DataError(folder, `holds no file that ends in ${ending}.`);
  return files.map((name) => join(folder, name));
}

function jsonOf(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(source, `is not JSON (${(cause as Error).message}).`, { cause });
  }
}

/** @returns the files' paths */
async function writeAs(dataset: CocoDataset, to: Context["options"]["to"], out: string): Promise<string[]> {
  const write = async (path: string, text: string) => {
    await createFolder(dirname(path));
    await writeFileAtomic(path, text);
    return path;
  };
  if (to === "coco") return [await write(out, `${JSON.stringify(dataset)}\n`)];
  if (to === "cvat") return [await write(out, cvatFromCoco(dataset))];
  if (to === "labelme")
    return Promise.all(
      labelMeFromCoco(dataset).map(({ name, json }) => write(join(out, name), `${JSON.stringify(json, null, 2)}\n`)),
    );
  const { files, names } = yoloFromCoco(dataset);
  return Promise.all([
    write(join(out, "classes.txt"), `${names.join("\n")}\n`),
    ...files.map(({ image, text }) => write(join(out, image.replace(/\.[^./]*$/, ".txt")), text)),
  ]);
}
