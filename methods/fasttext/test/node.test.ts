// Files on Node: whole or not at all.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { filePieces, loadModel, saveModel, writeWhole } from "../src/index.node.ts";
import { ModelFileError } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "reprise-fasttext-node-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fixture = fileURLToPath(new URL("fixtures/ova-pruned.ftz", import.meta.url));

test("a saved model is the file that was loaded", () => {
  const path = join(folder, "copy.ftz");
  saveModel(loadModel(fixture), path);
  expect(readFileSync(path).equals(readFileSync(fixture))).toBe(true);
});

test("a write that fails leaves the old file and nothing beside it", () => {
  const path = join(folder, "model.bin");
  writeFileSync(path, "old");
  function* failing() {
    yield new Uint8Array(3_000_000);
    throw new Error("ENOSPC: no space left on device");
  }
  expect(() => writeWhole(path, failing())).toThrow("no space left");
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(readdirSync(folder).filter((name) => name.startsWith("model"))).toEqual(["model.bin"]);
});

test("pieces of a file are the file; a folder is no model", () => {
  const pieces = Array.from(filePieces(fixture), (piece) => piece.slice());
  expect(Buffer.concat(pieces).equals(readFileSync(fixture))).toBe(true);
  expect(() => loadModel(folder)).toThrow(ModelFileError);
  expect(() => loadModel(join(folder, "none"))).toThrow(/ENOENT/);
});
