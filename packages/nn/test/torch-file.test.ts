import { readFileSync } from "node:fs";
import { ModelError } from "@reprise/engine";
import { describe, expect, test } from "vitest";
import { readTorchFile, stateDictOf, type TorchValue } from "../src/index.ts";

const folder = new URL("./fixtures/torch-files/", import.meta.url);
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)));
const { files } = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8")) as {
  files: Record<string, unknown>;
};

/** A value in the notation of the fixture's script. */
function described(value: TorchValue): unknown {
  if (value instanceof Map) return { dict: [...value].map(([k, v]) => [described(k), described(v)]) };
  if (Array.isArray(value)) return value.map(described);
  if (typeof value === "bigint" || Number.isInteger(value)) return { int: `${value}` };
  if (value && typeof value === "object" && "dtype" in value)
    return { tensor: value.dtype, shape: value.shape, data: Array.from(value.data as Iterable<number | bigint>) };
  return value;
}

/** PyTorch's text of numbers as those of our array; half floats and 16-bit integers come wider. */
function adapted(expected: unknown): unknown {
  if (Array.isArray(expected)) return expected.map(adapted);
  if (typeof expected !== "object" || expected === null) return expected;
  if (!("tensor" in expected))
    return Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, adapted(value)]));
  const { tensor, shape, data } = expected as { tensor: string; shape: number[]; data: string[] };
  const wider: Record<string, string> = { float16: "float32", bfloat16: "float32", int16: "int32" };
  const dtype = tensor.replace("torch.", "");
  const number = (text: string) => Number(text.replace("inf", "Infinity"));
  return { tensor: wider[dtype] ?? dtype, shape, data: dtype === "int64" ? data.map(BigInt) : data.map(number) };
}

test.each(Object.keys(files))("%s is read as PyTorch reads it", (name) => {
  expect(described(readTorchFile(fixture(name), { source: name }))).toEqual(adapted(files[name]));
});

test("a file may start at any byte of a buffer", () => {
  const file = fixture("views.pt");
  const shifted = new Uint8Array(file.length + 3);
  shifted.set(file, 3);
  expect(readTorchFile(shifted.subarray(3))).toEqual(readTorchFile(file));
});

describe("state_dict", () => {
  test("is found in a checkpoint, and without the prefix of DataParallel", () => {
    const names = ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"];
    const inside = stateDictOf(readTorchFile(fixture("checkpoint.pt")));
    const parallel = stateDictOf(readTorchFile(fixture("parallel.legacy.pt")));
    expect(Object.keys(inside)).toEqual([...names, "1.num_batches_tracked"]);
    expect(parallel).toEqual(inside);
  });
  test.each<[string, TorchValue, RegExp]>([
    ["a number", 3, /w\.pt: it holds no dict of tensors; save model\.state_dict\(\)/],
    ["a dict of numbers", new Map([["epoch", 3]]), /w\.pt: it is not a state_dict: "epoch" is not a tensor/],
    ["nothing", new Map([["model", new Map()]]), /w\.pt: its state_dict is empty/],
    ["a wrong entry", new Map([["net", new Map([["a", "b"]])]]), /its "net" is not a state_dict: "a" is not a tensor/],
  ])("%s is refused", (_, value, message) => {
    expect(() => stateDictOf(value, { source: "w.pt" })).toThrow(message);
  });
});

/** Bytes of text and numbers; a string stands for its Latin-1 characters. */
const bytesOf = (...parts: (string | number | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "string"
        ? Array.from(part, (c) => c.charCodeAt(0))
        : typeof part === "number"
          ? [part]
          : [...part],
    ),
  );
const u32 = (n: number) => new Uint8Array(Uint32Array.of(n).buffer);
const legacyHead = fixture("dtypes.legacy.pt").subarray(0, 21);
const system = bytesOf("\x80\x02}(X", u32(13), "little_endian\x88u.");
/** A legacy file whose value is the given pickle and which has no storages. */
const legacy = (...pickle: (string | number | Uint8Array)[]): Uint8Array =>
  bytesOf(legacyHead, system, "\x80\x02", ...pickle, "\x80\x02].");
const storageId = (type: string, count: number) =>
  bytesOf("(X", u32(7), "storage", `ctorch\n${type}\n`, "X", u32(1), "0X", u32(3), "cpuJ", u32(count), "tQ");

test("a plain pickle by hand", () => {
  expect(readTorchFile(legacy("(lK\x01aK\x02a."))).toEqual([1, 2]);
  expect(readTorchFile(legacy("(K\x01U\x01xd."))).toEqual(new Map([[1, "x"]]));
  expect(readTorchFile(legacy("\x8a\x09", u32(0), u32(0), "\x01."))).toBe(2n ** 64n);
  expect(readTorchFile(legacy("\x8a\x01\xff."))).toBe(-1);
});

describe("a hostile pickle is refused by name", () => {
  const deep = bytesOf(...Array<string>(200).fill("]"), ...Array<string>(199).fill("a"));
  let doubling: Uint8Array = bytesOf("]");
  for (let i = 0; i < 40; i++) doubling = bytesOf(doubling, "2\x86"); // DUP, TUPLE2: 2⁴⁰ leaves
  const cases: [what: string, file: Uint8Array, message: RegExp][] = [
    ["os.system", legacy("cposix\nsystem\nX", u32(2), "ls\x85R."), /"posix\.system" is refused.*nothing is executed/],
    ["eval", legacy("cbuiltins\neval\nX", u32(3), "1+1\x85R."), /"builtins\.eval" is refused/],
    ["a name from the stack", legacy("\x8c\x02os\x8c\x06system\x93."), /"os\.system" is refused/],
    ["a dotted name", legacy("\x8c\x05torch\x8c\x10hub.load.builtin\x93."), /"torch\.hub\.load\.builtin" is refused/],
    ["a name of JavaScript's", legacy("cconstructor\nconstructor\n."), /"constructor\.constructor" is refused/],
    ["a name of Object's", legacy("c__proto__\ntoString\n."), /"__proto__\.toString" is refused/],
    ["INST", legacy("(X", u32(2), "lsios\nsystem\n."), /the instruction INST is refused/],
    ["OBJ", legacy("(ccollections\nOrderedDict\no."), /the instruction OBJ is refused/],
    ["NEWOBJ", legacy("ccollections\nOrderedDict\n)\x81."), /the instruction NEWOBJ is refused/],
    ["NEWOBJ_EX", legacy("ccollections\nOrderedDict\n)}\x92."), /the instruction NEWOBJ_EX is refused/],
    ["BUILD", legacy("ccollections\nOrderedDict\n)R}X", u32(1), "aK\x01sb."), /BUILD of an object is refused/],
    ["BUILD of a name", legacy("ccollections\nOrderedDict\n}b."), /BUILD of an object is refused/],
    ["an extension", legacy("\x82\x01."), /the instruction EXT1 is refused/],
    ["a text id", legacy("Pstorage\n."), /the instruction PERSID is refused/],
    ["a wrong id", legacy("K\x05Q."), /a persistent id is not that of a storage/],
    [
      "a function as a value",
      legacy("ctorch._utils\n_rebuild_tensor_v2\n."),
      /"torch\._utils\._rebuild_tensor_v2".*as a value is refused/,
    ],
    [
      "a function in a list",
      legacy("]ccollections\nOrderedDict\na."),
      /"collections\.OrderedDict" as a value is refused/,
    ],
    ["a type as a value", legacy("ctorch\nFloatStorage\n."), /holds a storage without a tensor/],
    ["a call of a list", legacy("])R."), /a call of something that is not a function is refused/],
    [
      "a call with a list",
      legacy("ccollections\nOrderedDict\n]R."),
      /a call of something that is not a function is refused/,
    ],
    ["a dict with items", legacy("ccollections\nOrderedDict\n]\x85R."), /is called with items/],
    [
      "a tensor of nothing",
      legacy("ctorch._utils\n_rebuild_tensor\n)R."),
      /_rebuild_tensor" is called without a storage/,
    ],
    ["a parameter of nothing", legacy("ctorch._utils\n_rebuild_parameter\n)R."), /called with what is not a tensor/],
    ["a list that holds itself", legacy("]q\x00h\x00a."), /nested more than 100 deep, or contains itself/],
    ["a deep nest", legacy(deep, "."), /nested more than 100 deep/],
    ["a doubling tuple", legacy(doubling, "."), /unfolds to more than 1000000 values/],
    ["a memo without a value", legacy("h\x07."), /memo 7 is used before it is set/],
    ["a huge memo index", legacy("Nr", u32(0xffff_ffff), "j", u32(0xffff_fffe), "."), /memo 4294967294 is used before/],
    ["an empty stack", legacy("."), /nothing is on the stack/],
    ["a missing MARK", legacy("Nt."), /a MARK is missing/],
    ["an open MARK", legacy("(N."), /values are left over at the end/],
    ["values left over", legacy("NN."), /values are left over at the end/],
    ["append to a dict", legacy("}Na."), /appended to what is not a list/],
    ["a key in a list", legacy("]NNs."), /set in what is not a dict/],
    ["an odd dict", legacy("(NNNd."), /last key has no value/],
    ["a list as key", legacy("}]Ns."), /key is neither a string nor a number/],
    ["a long string", legacy("X", u32(0xffff_fff0), "abc."), /ends too early; the file is cut off/],
    ["a longer string", legacy("\x8d", u32(0), u32(2 ** 31), "."), /said to have 9223372036854775808 bytes/],
    ["broken UTF-8", legacy("U\x01\xff."), /not valid UTF-8/],
    ["bytes", legacy("C\x01a."), /the instruction SHORT_BINBYTES is refused/],
    ["an unknown instruction", legacy("\xff."), /instruction 0xff is not one that torch\.save writes/],
    ["protocol 0's numbers", legacy("I5\n."), /instruction 0x49 is not one/],
    ["protocol 9", legacy("\x80\x09N."), /protocol 9; protocols 2 to 5/],
    [
      "a tensor past its storage",
      legacy("ctorch._utils\n_rebuild_tensor\n(", storageId("FloatStorage", 4), "K\x01K\x04\x85K\x01\x85tR."),
      /makes a tensor \[4\] with strides \[1\] from 1, which goes past the 4 numbers of storage "0"/,
    ],
    [
      "a negative stride",
      legacy(
        "ctorch._utils\n_rebuild_tensor\n(",
        storageId("FloatStorage", 4),
        "K\x01K\x04\x85J\xff\xff\xff\xff\x85tR.",
      ),
      /strides that are not counts/,
    ],
    [
      "a storage of an unknown type",
      legacy("ctorch\nComplexFloatStorage\n."),
      /"torch\.ComplexFloatStorage" is refused/,
    ],
    [
      "a tensor whose numbers are not there",
      legacy("ctorch._utils\n_rebuild_tensor\n(", storageId("FloatStorage", 4), "K\x00K\x04\x85K\x01\x85tR."),
      /the numbers of storage "0" are missing/,
    ],
    [
      "a tensor that repeats one number 10⁹ times",
      bytesOf(
        legacy(
          "ctorch._utils\n_rebuild_tensor\n(",
          storageId("FloatStorage", 1),
          "K\x00J",
          u32(1e9),
          "\x85K\x00\x85tR.",
        ).subarray(0, -4),
        "\x80\x02]U\x010a.",
        u32(1),
        u32(0),
        u32(0),
      ),
      /its tensors are far larger than the file, e\.g\. \[1000000000\]/,
    ],
    [
      "a storage that is said to be longer",
      bytesOf(
        legacy(
          "ctorch._utils\n_rebuild_tensor\n(",
          storageId("FloatStorage", 1),
          "K\x00K\x01\x85K\x00\x85tR.",
        ).subarray(0, -4),
        "\x80\x02]U\x010a.",
        u32(2),
        u32(0),
        u32(0),
      ),
      /storage "0" is said to have 2 numbers, the file has 4 bytes left/,
    ],
  ];
  test.each(cases)("%s", (_, file, message) => {
    let thrown: unknown;
    try {
      readTorchFile(file, { source: "evil.pt" });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ModelError);
    expect((thrown as Error).message).toMatch(/^evil\.pt: /);
    expect((thrown as Error).message).toMatch(message);
  });
});

describe("a damaged file", () => {
  const changed = (change: (file: Uint8Array<ArrayBuffer>, view: DataView) => void): Uint8Array => {
    const file = new Uint8Array(fixture("views.pt"));
    change(file, new DataView(file.buffer));
    return file;
  };
  const directory = new DataView(fixture("views.pt").buffer).getUint32(fixture("views.pt").length - 6, true);
  test.each<[string, Uint8Array, RegExp]>([
    ["no such file", bytesOf("hello, this is text"), /neither of the two formats of torch\.save/],
    ["nothing", new Uint8Array(0), /neither of the two formats/],
    ["another pickle", bytesOf("\x80\x02K\x05."), /neither of the two formats/],
    ["a changed pickle", changed((file) => file.fill(0, 70, 80)), /data\.pkl" does not match its checksum/],
    ["a changed name", changed((file) => file.fill(65, 30, 31)), /is called "A.*" in its own header/],
    ["a compressed entry", changed((_, v) => v.setUint16(directory + 10, 8, true)), /is compressed \(method 8\)/],
    ["an encrypted entry", changed((_, v) => v.setUint16(directory + 8, 1, true)), /is encrypted/],
    ["a wrong size", changed((_, v) => v.setUint32(directory + 24, 5, true)), /but said to have 5/],
    [
      "a size past the end",
      changed((_, v) => {
        v.setUint32(directory + 20, 1e9, true);
        v.setUint32(directory + 24, 1e9, true);
      }),
      /said to have 1000000000 bytes, more than the file holds/,
    ],
    [
      "a place past the end",
      changed((_, v) => v.setUint32(directory + 42, 1e9, true)),
      /has no header at byte 1000000000/,
    ],
    ["a directory outside", changed((f, v) => v.setUint32(f.length - 6, 1e9, true)), /lies outside the file/],
    ["too many entries", changed((f, v) => v.setUint16(f.length - 12, 60000, true)), /directory is cut off or damaged/],
    [
      "no zip64 record",
      changed((f) => f.fill(0, f.length - 42, f.length - 38).fill(255, f.length - 12, f.length - 10)),
      /zip64 locator is missing/,
    ],
  ])("%s", (_, file, message) => {
    const read = () => readTorchFile(file, { source: "bad.pt" });
    expect(read).toThrow(ModelError);
    expect(read).toThrow(message);
  });
  test.each(["dtypes.pt", "views.legacy.pt", "checkpoint.legacy.pt"])("%s, cut anywhere", (name) => {
    const file = fixture(name);
    for (let length = 0; length < file.length; length += 17)
      expect(() => readTorchFile(file.subarray(0, length)), `${length} bytes`).toThrow(ModelError);
    expect(() => readTorchFile(file.subarray(0, -1))).toThrow(ModelError);
  });
  test("bytes behind the last storage", () => {
    const file = bytesOf(fixture("views.legacy.pt"), 0);
    expect(() => readTorchFile(file)).toThrow(/1 bytes at the end belong to no storage/);
  });
  test("any one byte changed: an error of ours or a value, never another error", () => {
    const file = fixture("checkpoint.legacy.pt");
    let refused = 0;
    for (let at = 0; at < file.length; at += 3) {
      const broken = file.slice();
      broken[at]! ^= 0x55;
      try {
        readTorchFile(broken);
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(ModelError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(file.length / 9);
  });
});

describe("zip64", () => {
  /** One stored archive with its sizes and places in 64 bits, as for files over 4 GiB. */
  function zip64(entries: Record<string, Uint8Array>, crcs: Record<string, number>): Uint8Array {
    const u16 = (n: number) => new Uint8Array(Uint16Array.of(n).buffer);
    const u64 = (n: number) => new Uint8Array(BigUint64Array.of(BigInt(n)).buffer);
    const full = u32(0xffff_ffff);
    let body = new Uint8Array(0);
    let directory = new Uint8Array(0);
    for (const [name, data] of Object.entries(entries)) {
      const wide = bytesOf(u16(1), u16(24), u64(data.length), u64(data.length), u64(body.length));
      const middle = bytesOf(u16(0), u16(0), u16(0), u16(0), u32(crcs[name]!), full, full, u16(name.length));
      directory = bytesOf(
        directory,
        "PK\x01\x02",
        u16(45),
        u16(45),
        middle,
        u16(wide.length),
        u16(0),
        u16(0),
        u16(0),
        u32(0),
        full,
        name,
        wide,
      ) as Uint8Array<ArrayBuffer>;
      body = bytesOf(body, "PK\x03\x04", u16(45), middle, u16(0), name, data) as Uint8Array<ArrayBuffer>;
    }
    const count = Object.keys(entries).length;
    const end64 = bytesOf(
      "PK\x06\x06",
      u64(44),
      u16(45),
      u16(45),
      u32(0),
      u32(0),
      u64(count),
      u64(count),
      u64(directory.length),
      u64(body.length),
    );
    const locator = bytesOf("PK\x06\x07", u32(0), u64(body.length + directory.length), u32(1));
    const end = bytesOf("PK\x05\x06", u16(0), u16(0), u16(0xffff), u16(0xffff), full, full, u16(0));
    return bytesOf(body, directory, end64, locator, end);
  }
  // CRC-32 of "\x80\x02K\x05." by Python's zlib.crc32.
  const crc = 0xa314af;
  test("sizes and places in 64 bits are read", () => {
    const file = zip64({ "a/data.pkl": bytesOf("\x80\x02K\x05.") }, { "a/data.pkl": crc });
    expect(readTorchFile(file)).toBe(5);
  });
  test("two pickles, none, and a name twice", () => {
    const pickle = bytesOf("\x80\x02K\x05.");
    const two = zip64({ "a/data.pkl": pickle, "b/data.pkl": pickle }, { "a/data.pkl": crc, "b/data.pkl": crc });
    expect(() => readTorchFile(two)).toThrow(/has 2 records "<name>\/data\.pkl"/);
    expect(() => readTorchFile(zip64({ x: pickle }, { x: crc }))).toThrow(/has 0 records/);
    const script = zip64(
      { "a/data.pkl": pickle, "a/constants.pkl": pickle },
      { "a/data.pkl": crc, "a/constants.pkl": crc },
    );
    expect(() => readTorchFile(script)).toThrow(/is a TorchScript model/);
  });
});
