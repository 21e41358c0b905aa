// Files of weights made to crash, hang or fill the memory of who reads them: each is refused by one error of ours.
import { readdirSync, readFileSync } from "node:fs";
import { ModelError } from "@reprise/engine";
import { describe, expect, test } from "vitest";
import { readSafetensors, readTorchFile, stateDictOf } from "../src/index.ts";

const fixtures = new URL("./fixtures/", import.meta.url);
const read = (name: string) => new Uint8Array(readFileSync(new URL(name, fixtures)));
const join = (...parts: (string | Uint8Array)[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part))));
const u16 = (n: number) => new Uint8Array(Uint16Array.of(n).buffer);
const u32 = (n: number) => new Uint8Array(Uint32Array.of(n).buffer);
const u64 = (n: number) => new Uint8Array(BigUint64Array.of(BigInt(n)).buffer);

function refusal(reader: () => unknown): string {
  let thrown: unknown;
  try {
    reader();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ModelError);
  return (thrown as Error).message;
}

describe("safetensors", () => {
  const file = (header: string) => join(u64(header.length), header);
  const refused = (header: string) => refusal(() => readSafetensors(file(header), { source: "w.st" }));
  test("a header nested a million deep, whole and cut off", () => {
    const deep = "[".repeat(1_000_000);
    for (const header of [`{"a":${deep}${"]".repeat(1_000_000)}}`, `{"a":${deep}`])
      expect(refused(header)).toBe("w.st: the header is not valid JSON, or not a header: nested more than 16 deep");
  });
  test("brackets inside of strings do not nest", () => {
    const { metadata } = readSafetensors(file(`{"__metadata__":{"a":"${"[{".repeat(100)}\\""}}`));
    expect(metadata.a).toHaveLength(201);
  });
  test("strings of megabytes are read, and cut in messages", () => {
    const long = "x".repeat(5_000_000);
    expect(readSafetensors(file(`{"__metadata__":{"a":"${long}"}}`)).metadata.a).toHaveLength(5_000_000);
    expect(refused(`{"${long}":1}`)).toMatch(/^w\.st: "x{99}…" is described by 1, not by an object$/);
    expect(refused(`{"a":"${long}"}`)).toMatch(/^w\.st: "a" is described by "x{98}…, not by an object$/);
  });
  test("a name twice, its colon far away", () => {
    const tensor = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';
    expect(refused(`{"a":${tensor},"a"${" ".repeat(1000)}:${tensor}}`)).toBe('w.st: the header names "a" twice');
  });
  test("more axes than PyTorch has; an entry without anything", () => {
    const shape = Array(65).fill(1).join();
    expect(refused(`{"a":{"dtype":"F32","shape":[${shape}],"data_offsets":[0,0]}}`)).toMatch(
      /^w\.st: "a" has shape \[1,1.*; expected a list of at most 64 sizes$/,
    );
    expect(refused('{"a":{}}')).toMatch(/^w\.st: "a" has dtype nothing; known are F64/);
  });
  test("what a terminal would obey is escaped", () => {
    expect(refused('{"\\u001b[2J":1}')).toBe(String.raw`w.st: "\u001b[2J" is described by 1, not by an object`);
  });
});

describe("torch.save", () => {
  const head = read("torch-files/dtypes.legacy.pt").subarray(0, 21);
  const system = join("\x80\x02}(X", u32(13), "little_endian\x88u.");
  const legacy = (value: string, keys = "\x80\x02].") => join(head, system, "\x80\x02", value, keys);
  const refused = (file: Uint8Array) => refusal(() => readTorchFile(file, { source: "w.pt" }));
  test.each([
    ["dicts", "}"],
    ["lists", "]"],
    ["marks", "("],
    ["tuples", ")"],
  ])("a megabyte of empty %s", (_, instruction) => {
    expect(refused(legacy(`${instruction.repeat(1_000_000)}.`))).toMatch(
      /^w\.pt: byte 5000\d\d of the pickle: more than 500000 lists, dicts and tuples; no file of weights has as many$/,
    );
  });
  test("a list of storages that is a list of lists, without end", () => {
    const deep = `\x80\x02]${"]".repeat(100_000)}${"a".repeat(100_000)}.`;
    expect(refused(legacy("N.", deep))).toBe("w.pt: the list of storages is missing");
    expect(refused(join(head.subarray(0, 15), deep))).toMatch(/^w\.pt: version unknown of the format; 1001 is known$/);
  });
  test("a name of megabytes is cut in the message", () => {
    expect(refused(legacy(`c${"x".repeat(1_000_000)}\ny\n.`))).toMatch(/: "x{99}…" is refused: only tensors/);
  });

  test("a zip archive whose entries share their bytes, before any is read", () => {
    // Each entry reaches from its header to the end of the last: n² bytes to read in a file of n.
    const names = Array.from({ length: 2000 }, (_, i) => `a/data/${i}`);
    const headerBytes = names.map((name) => 30 + name.length);
    const kernel = 1000;
    let left = headerBytes.reduce((a, b) => a + b, 0) + kernel;
    let at = 0;
    const bodies: Uint8Array[] = [];
    const directory: Uint8Array[] = [];
    for (const [i, name] of names.entries()) {
      left -= headerBytes[i]!;
      const middle = join(u16(0), u16(0), u16(0), u16(0), u32(0), u32(left), u32(left), u16(name.length), u16(0));
      bodies.push(join("PK\x03\x04", u16(20), middle, name));
      directory.push(join("PK\x01\x02", u16(20), u16(20), middle, u16(0), u16(0), u16(0), u32(0), u32(at), name));
      at += headerBytes[i]!;
    }
    const [body, list] = [join(...bodies, new Uint8Array(kernel)), join(...directory)];
    const end = join("PK\x05\x06", u32(0), u16(2000), u16(2000), u32(list.length), u32(body.length), u16(0));
    expect(refused(join(body, list, end))).toBe('w.pt: "a/data/0" and "a/data/1" overlap');
  });
});

test("thousands of damaged files of both formats: read, or refused by one short error", () => {
  const torch = readdirSync(new URL("torch-files/", fixtures)).filter((name) => name.endsWith(".pt"));
  const files = ["dtypes.safetensors", ...torch.map((name) => `torch-files/${name}`)].map(read);
  let state = 1;
  const random = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const words = [0, 1, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
  const changes: ((bytes: Uint8Array, at: number) => Uint8Array)[] = [
    (bytes, at) => bytes.fill(random(256), at, at + 1),
    (bytes, at) => join(bytes.subarray(0, at), u32(words[random(words.length)]!), bytes.subarray(at + 4)),
    (bytes, at) => join(bytes.subarray(0, at), bytes.subarray(at + random(20))),
    (bytes, at) =>
      join(bytes.subarray(0, at), bytes.subarray(random(bytes.length)).subarray(0, 20), bytes.subarray(at)),
    (bytes, at) => bytes.subarray(0, at),
  ];
  let refusals = 0;
  for (let round = 0; round < 2000; round++) {
    const which = random(files.length);
    let bytes: Uint8Array = files[which]!.slice();
    for (let i = random(3); i >= 0 && bytes.length > 0; i--)
      bytes = changes[random(changes.length)]!(bytes, random(bytes.length));
    try {
      if (which === 0) readSafetensors(bytes);
      else stateDictOf(readTorchFile(bytes));
    } catch (error) {
      expect(error, `round ${round}`).toBeInstanceOf(ModelError);
      expect((error as Error).message.length).toBeLessThan(500);
      refusals++;
    }
  }
  expect(refusals).toBeGreaterThan(1500);
});
