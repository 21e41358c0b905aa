import { crc32, deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readZip } from "../src/index.node.ts";

/** An archive by PKWARE's APPNOTE.TXT: stored and packed entries, then the directory. */
function zip(files: Readonly<Record<string, string>>): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [i, [name, text]] of Object.entries(files).entries()) {
    const content = Buffer.from(text);
    const packed = i % 2 === 0 ? deflateRawSync(content) : content;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(i % 2 === 0 ? 8 : 0, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, rest, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

describe("a zip archive", () => {
  const archive = zip({ "a/one.txt": "ink ".repeat(50), "a/two.txt": "stored", "b.bin": "left out" });

  it("gives the wanted files, packed or stored", () => {
    const files = readZip(archive, (name) => name.endsWith(".txt"), "a.zip");
    expect([...files].map(([name, bytes]) => [name, new TextDecoder().decode(bytes)])).toEqual([
      ["a/one.txt", "ink ".repeat(50)],
      ["a/two.txt", "stored"],
    ]);
  });

  it("that is another format, cut off or damaged is refused", () => {
    const read = (bytes: Uint8Array) => () => readZip(bytes, () => true, "a.zip");
    expect(read(archive.subarray(0, -30))).toThrow("a.zip: is not a zip archive, or is cut off.");
    const damaged = Uint8Array.from(archive);
    damaged.fill(0xff, 40, 60);
    expect(read(damaged)).toThrow("a.zip: is damaged. Download it again.");
  });
});
