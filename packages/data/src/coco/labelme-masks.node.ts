// The masks inside LabelMe's files (5.2 and later, drawn or found by its AI tools): PNG pictures in base64.
import { DataError } from "../error.ts";
import { decodeImage } from "../image/image-file.node.ts";
import type { MaskPicture, NamedJson } from "./labelme.ts";

/** Every mask of the files by its text, as `cocoFromLabelMe` takes them. @throws DataError naming the file when one is no picture */
export async function readLabelMeMasks(files: readonly NamedJson[]): Promise<ReadonlyMap<string, MaskPicture>> {
  const masks = new Map<string, MaskPicture>();
  for (const { name, json } of files) {
    const { shapes } = (json ?? {}) as { shapes?: unknown };
    for (const { label, mask } of Array.isArray(shapes) ? (shapes as { label?: unknown; mask?: unknown }[]) : []) {
      if (typeof mask !== "string") continue;
      const source = `${name}, mask of "${String(label)}"`;
      if (mask === "") throw new DataError(source, "is empty.");
      const { data, shape } = await decodeImage(Buffer.from(mask, "base64"), source, { channels: 1 });
      masks.set(mask, { data, height: shape[2]!, width: shape[3]! });
    }
  }
  return masks;
}
