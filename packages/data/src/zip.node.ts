// The files of a zip archive, packed or not. Places come from the central directory (PKWARE's APPNOTE.TXT 6.3, 4.3.12).
import { inflateRawSync } from "node:zlib";
import { DataError } from "./error.ts";

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
/** An entry that says to unpack to more is refused. */
const LARGEST = 2 ** 28;

/**
 * What the archive holds under names that are wanted.
 *
 * @param source  what error messages call the file
 * @throws DataError when it is no zip archive, cut off or damaged
 */
export function readZip(
  archive: Uint8Array,
  isWanted: (name: string) => boolean,
  source: string,
): Map<string, Uint8Array> {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  try {
    let end = archive.length - 22;
    while (end >= 0 && view.getUint32(end, true) !== END) end--;
    if (end < 0) throw new DataError(source, "is not a zip archive, or is cut off.");
    const files = new Map<string, Uint8Array>();
    let at = view.getUint32(end + 16, true);
    for (let i = view.getUint16(end + 10, true); i > 0; i--) {
      if (view.getUint32(at, true) !== CENTRAL) throw new RangeError("no entry");
      const [method, packed, size] = [
        view.getUint16(at + 10, true),
        view.getUint32(at + 20, true),
        view.getUint32(at + 24, true),
      ];
      const [nameLength, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true)) as [
        number,
        number,
        number,
      ];
      const name = new TextDecoder().decode(archive.subarray(at + 46, at + 46 + nameLength));
      const local = view.getUint32(at + 42, true);
      if (isWanted(name)) {
        if (size > LARGEST) throw new RangeError("an entry is too large");
        const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
        const bytes = archive.subarray(begin, begin + packed);
        files.set(name, method === 0 ? bytes : inflateRawSync(bytes, { maxOutputLength: Math.max(1, size) }));
      }
      at += 46 + nameLength + extra + comment;
    }
    return files;
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(source, "is damaged. Download it again.", { cause });
  }
}
