// Signatures as a file.
import { DataError } from "@reprise/data";
import { readBytes } from "@reprise/data/node";
import type { Signatures } from "../defences/checksums.ts";

/** @throws DataError for a file that `protect --by checksums` did not write */
export async function readSignatures(path: string): Promise<Signatures> {
  const bytes = await readBytes(path);
  try {
    const found = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Signatures;
    const isLayer = ({ layer, weights, signatures }: Signatures["layers"][number]) =>
      typeof layer === "string" && Number.isSafeInteger(weights) && /^[0-9a-f]*$/.test(signatures);
    const good =
      found.kind === "reprise bit-flip signatures" &&
      [found.group, found.key].every(Number.isSafeInteger) &&
      found.group > 0 &&
      found.layers.every(isLayer);
    if (good) return found;
  } catch (cause) {
    throw new DataError(path, "holds no signatures. Give the file that protect --by checksums wrote.", { cause });
  }
  throw new DataError(path, "holds no signatures. Give the file that protect --by checksums wrote.");
}
