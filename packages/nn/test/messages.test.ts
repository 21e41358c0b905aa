// What the library says of misuse, whole sentences, where no other test has them.
import { Graph, operators, tensor } from "@reprise/engine";
import { expect, test } from "vitest";
import {
  decodeCheckpoint,
  exportNetwork,
  mlp,
  packWeights,
  readTorchFile,
  weightDecay,
  writeSafetensors,
} from "../src/index.ts";
import { readZip } from "../src/torch-file/zip.ts";

const network = mlp({ units: [2, 3], inputShape: [2] });

/** An archive of stored entries, whose directory can be changed before it is read. */
function archive(entries: Readonly<Record<string, string>>, change: (file: DataView) => void = () => {}): Uint8Array {
  const bytes: number[] = [];
  const u16 = (n: number) => bytes.push(n & 255, n >> 8);
  const u32 = (n: number) => bytes.push(n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24);
  const text = (value: string) => bytes.push(...Buffer.from(value, "latin1"));
  const crc = (value: string) => {
    let c = -1;
    for (const byte of Buffer.from(value, "latin1")) {
      c ^= byte;
      for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    }
    return (c ^ -1) >>> 0;
  };
  const starts = Object.entries(entries).map(([name, data]) => {
    const start = bytes.length;
    text("PK\u0003\u0004");
    for (const n of [20, 0, 0, 0, 0]) u16(n);
    for (const n of [crc(data), data.length, data.length]) u32(n);
    u16(name.length);
    u16(0);
    text(name + data);
    return start;
  });
  const directory = bytes.length;
  for (const [i, [name, data]] of Object.entries(entries).entries()) {
    text("PK\u0001\u0002");
    for (const n of [20, 20, 0, 0, 0, 0]) u16(n);
    for (const n of [crc(data), data.length, data.length]) u32(n);
    for (const n of [name.length, 0, 0, 0, 0]) u16(n);
    for (const n of [0, starts[i]!]) u32(n);
    text(name);
  }
  const length = bytes.length - directory;
  text("PK\u0005\u0006");
  for (const n of [0, 0, starts.length, starts.length]) u16(n);
  for (const n of [length, directory]) u32(n);
  u16(0);
  const file = Uint8Array.from(bytes);
  change(new DataView(file.buffer));
  return file;
}

const directoryOf = (file: DataView) => file.getUint32(file.byteLength - 6, true);

/** Makes what follows the first `length` letters of the first entry's name in the directory its extra field. */
function withExtra(file: DataView, length: number): void {
  const at = directoryOf(file);
  file.setUint16(at + 30, file.getUint16(at + 28, true) - length, true);
  file.setUint16(at + 28, length, true);
}

test.each<[string, () => unknown]>([
  ["fc3: 2 λ for 1 layers; give one per layer", () => mlp({ units: [3], lambda: [0, 1] })],
  [
    "weight decay: no layer has a λ above 0; leave the penalty out",
    () => weightDecay({ w: new Graph(operators).input("w", "float32", [1]) }, { fc1: 0 }),
  ],
  [
    'safetensors: an array cannot be named "__metadata__"',
    () => writeSafetensors({ __metadata__: tensor("float32", [1], [0]) }),
  ],
  [
    "c.safetensors: not a checkpoint of version",
    () =>
      decodeCheckpoint(
        writeSafetensors({ a: tensor("float32", [1], [0]) }),
        { parameters: {} },
        { source: "c.safetensors" },
      ),
  ],
  ["w.pt: the zip archive has 0 records", () => readTorchFile(archive({ "model/other": "" }), { source: "w.pt" })],
  [
    "w.pt: its numbers are big-endian; save it on a little-endian machine",
    () => readTorchFile(archive({ "m/data.pkl": "", "m/byteorder": "big" }), { source: "w.pt" }),
  ],
  [
    "w.pt: the zip64 directory record is missing",
    () => {
      const file = archive({ a: "0123456789012345678901234567890123456789" }, (view) => {
        const end = view.byteLength - 22;
        view.setUint16(end + 10, 0xffff, true); // the counts are in a record of their own,
        view.setUint32(end - 20, 0x07064b50, true); // which the locator before says to be
        view.setUint32(end - 12, 0, true); // at the file's first byte
        view.setUint32(end - 8, 0, true);
      });
      return readZip(file, { source: "w.pt" });
    },
  ],
  [
    'w.pt: "a": its header is cut off',
    () =>
      readZip(
        archive({ a: "0" }, (view) => view.setUint16(28, 0xffff, true)),
        { source: "w.pt" },
      ),
  ],
  [
    'w.pt: "ab": its extra field is damaged',
    () =>
      readZip(
        archive({ "ab\x01\0\xff\xff": "0" }, (view) => withExtra(view, 2)),
        { source: "w.pt" },
      ),
  ],
  [
    'w.pt: "ab": its zip64 field is cut off',
    () =>
      readZip(
        archive({ "ab\x01\0\0\0": "0" }, (view) => {
          withExtra(view, 2);
          view.setUint32(directoryOf(view) + 24, 0xffffffff, true); // the size, said to be in the extra field
        }),
        { source: "w.pt" },
      ),
  ],
  [
    'c.safetensors: "slots" is -1, not a count',
    () => {
      const bytes = writeSafetensors({}, { metadata: { "reprise.checkpoint": "1", slots: "-1" } });
      return decodeCheckpoint(bytes, { parameters: {} }, { source: "c.safetensors" });
    },
  ],
  // ("storage", None, "k", "cpu", 1) as a persistent id; then 1 and 2 as the names of something global.
  [
    'storage "k" has no known type',
    () =>
      readTorchFile(archive({ "m/data.pkl": "\x80\x02(X\x07\0\0\0storageNX\x01\0\0\0kX\x03\0\0\0cpuK\x01tQ." }), {
        source: "w.pt",
      }),
  ],
  [
    "a name is not a string",
    () => readTorchFile(archive({ "m/data.pkl": "\x80\x02K\x01K\x02\x93." }), { source: "w.pt" }),
  ],
])("%s", (message, misuse) => {
  expect(misuse).toThrow(message);
});

test("weights that are not finite are not exported", () => {
  const parameters = new Float32Array(15);
  parameters[1] = Number.POSITIVE_INFINITY;
  expect(() => exportNetwork(network, { parameters, buffers: new Float32Array(0) })).toThrow(
    `export: "fc1.weight" of ${network.name} holds Infinity at 1; train it anew`,
  );
});

test("weights that are not finite are named when they are read", () => {
  const parameters = Object.fromEntries(
    Object.entries(network.parameters).map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, tensor("float32", shape, Array(size).fill(name.endsWith("bias") ? Number.NaN : 0))];
    }),
  );
  const bias = Object.keys(network.parameters).find((name) => name.endsWith("bias"))!;
  expect(() => packWeights(parameters, network.parameters, { source: "w.npz" })).toThrow(
    `w.npz: "${bias}" holds NaN at 0; weights must be finite`,
  );
});
