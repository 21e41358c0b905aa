// reprise bit-flip apply and undo: the flips of a list in the bytes of a file.
import { DataError } from "@reprise/data";
import { readBytes, writeFileAtomic } from "@reprise/data/node";
import type { OptionValues, VerbContext, VerbResult } from "@reprise/experiment";
import { type FlipList, flipped, type NamedFlip } from "../flip-list.ts";
import { sha256 } from "../run/model.node.ts";
import type { flipFileOptions } from "./options.ts";

export async function flipFileVerb(
  { args, options: { out }, signal }: VerbContext<OptionValues<typeof flipFileOptions>>,
  { undo }: { readonly undo: boolean },
): Promise<VerbResult> {
  const [path, listPath] = args as [string, string];
  const list = parseList(await readBytes(listPath), listPath);
  const file = await readBytes(path);
  const { sha256: clean, flippedSha256 } = list.file;
  const [from, to] = undo ? [flippedSha256, clean] : [clean, flippedSha256];
  const found = sha256(file);
  if (found !== from)
    throw new DataError(
      path,
      `its SHA-256 is ${found}; the flips of ${listPath} are for ${undo ? "the flipped file " : ""}${from}. They belong to another model.`,
    );
  const changed = flipped(file, list.flips, { undo, name: path });
  if (sha256(changed) !== to)
    throw new DataError(listPath, "its flips do not lead to the file that it names; it is damaged.");
  await writeFileAtomic(out, changed, { signal });
  const result = { model: path, out, flips: list.flips.length, sha256: to };
  return { result, text: () => `${out}: ${list.flips.length} flips ${undo ? "undone" : "made"}` };
}

/** @throws DataError for a file that is no flip list */
function parseList(bytes: Uint8Array, path: string): FlipList {
  try {
    const list = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as FlipList;
    const isHash = (text: unknown) => typeof text === "string" && /^[0-9a-f]{64}$/.test(text);
    const isFlip = ({ layer, index, before, after, address }: NamedFlip) =>
      typeof layer === "string" && [index, before, after, address.byte, address.mask].every(Number.isSafeInteger);
    if (isHash(list.file.sha256) && isHash(list.file.flippedSha256) && list.flips.every(isFlip)) return list;
  } catch (cause) {
    throw new DataError(path, "is no list of flips. Give the results.json of an attack.", { cause });
  }
  throw new DataError(path, "is no list of flips. Give the results.json of an attack.");
}
