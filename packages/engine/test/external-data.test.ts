import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nodeRuntime, readOnnx } from "../src/index.node.ts";
import { compile, type Inputs, tensor } from "../src/index.ts";
import { MessageWriter } from "../src/onnx/wire.ts";

let root = "";
let folder = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "reprise-external-"));
  folder = join(root, "model");
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true }));

/** y = x + w, with the three floats of w in a file beside the model. */
function save({ location = "weights.bin", offset = 4, length = 12, shape = 3 } = {}): string {
  const entry = (key: string, value: string) => new MessageWriter().string(1, key).string(2, value);
  const w = new MessageWriter().ints(1, [shape]).int(2, 1).string(8, "w").int(14, 1);
  w.message(13, entry("location", location))
    .message(13, entry("offset", String(offset)))
    .message(13, entry("length", String(length)));
  const dims = new MessageWriter().message(1, new MessageWriter().int(1, 3));
  const info = (name: string) =>
    new MessageWriter()
      .string(1, name)
      .message(2, new MessageWriter().message(1, new MessageWriter().int(1, 1).message(2, dims)));
  const node = new MessageWriter().string(1, "x").string(1, "w").string(2, "y").string(4, "Add");
  const graph = new MessageWriter().message(1, node).message(5, w).message(11, info("x")).message(12, info("y"));
  const path = join(folder, "m.onnx");
  writeFileSync(
    path,
    new MessageWriter().int(1, 8).message(7, graph).message(8, new MessageWriter().string(1, "").int(2, 17)).finish(),
  );
  return path;
}
const weights = new Uint8Array(Float32Array.of(99, 1, 2, 3).buffer);

test("weights beside the model are read at their place", async () => {
  writeFileSync(join(folder, "weights.bin"), weights);
  const model = readOnnx(save());
  const f = compile(nodeRuntime({ threads: 1 }), ({ x }: Inputs<"x">) => model.apply({ x }));
  const { y } = await f.run({ x: tensor("float32", [3], [10, 20, 30]) });
  expect([...(y!.data as Float32Array)]).toEqual([11, 22, 33]);
});

test.each(["../weights.bin", "/etc/hostname", "a/../../weights.bin", "C:\\weights.bin", ""])(
  "a path that leaves the folder is not opened: %s",
  (location) => {
    writeFileSync(join(root, "weights.bin"), weights);
    expect(() => readOnnx(save({ location }))).toThrow("which is not in the model's folder; such files are not opened");
  },
);

test("a link that leaves the folder is not followed", () => {
  writeFileSync(join(root, "secret.bin"), weights);
  symlinkSync(join(root, "secret.bin"), join(folder, "weights.bin"));
  expect(() => readOnnx(save())).toThrow(`its weights in "weights.bin" lie outside the model's folder`);
});

test("a missing file, a file cut off, lengths that lie, and a missing model are told by name", () => {
  expect(() => readOnnx(save())).toThrow(
    'm.onnx: not a readable ONNX model: its weights in "weights.bin" cannot be read: there is no such file',
  );
  writeFileSync(join(folder, "weights.bin"), weights.subarray(0, 10));
  expect(() => readOnnx(save())).toThrow(
    'its weights need bytes 4 to 16 of "weights.bin", which has 10; the file is cut off or of another model',
  );
  expect(() => readOnnx(save({ length: 1e9 }))).toThrow(
    'tensor "w" claims 1000000000 bytes at 4 of "weights.bin"; its shape needs 12',
  );
  expect(() => readOnnx(join(folder, "no.onnx"))).toThrow("no.onnx: cannot be read: there is no such file");
});

test("weights past 4 GB of a file beside the model are read at their place", async () => {
  // A sparse file: it claims 5 GB and takes a few kilobytes.
  const offset = 5 * 2 ** 30;
  const handle = openSync(join(folder, "weights.bin"), "w");
  writeSync(handle, weights, 4, 12, offset);
  closeSync(handle);
  const model = readOnnx(save({ offset }));
  expect([...(model.initializers.get("w")!.data as Float32Array)]).toEqual([1, 2, 3]);
  expect(() => readOnnx(save({ offset: offset + 4 }))).toThrow(
    `its weights need bytes ${offset + 4} to ${offset + 16} of "weights.bin", which has ${offset + 12}; the file is cut off or of another model`,
  );
});

test("a model file that is larger than one array can be says what to do", () => {
  const path = join(folder, "large.onnx");
  const handle = openSync(path, "w");
  ftruncateSync(handle, 3 * 2 ** 30);
  closeSync(handle);
  expect(() => readOnnx(path)).toThrow(
    `${path}: it has 3221225472 bytes; an ONNX file holds at most 2 GB. Export it with its weights in files beside it.`,
  );
});
