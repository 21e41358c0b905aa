// node tools/select-onnx-cases.ts FOLDER
// From ONNX's operator test cases (a folder of test_*/model.onnx) packs those whose operators the engine knows into the
// engine's fixtures, and prints how many there are, and which operators the others need.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importOnnx, ModelError } from "@reprise/engine";
import { type Case, packCases } from "../packages/engine/test/onnx-cases.ts";

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node tools/select-onnx-cases.ts FOLDER");
  process.exit(2);
}
const cases: Record<string, Case> = {};
const others = new Map<string, number>();
const count = (reason: string) => others.set(reason, (others.get(reason) ?? 0) + 1);
const names = readdirSync(folder)
  .filter((name) => name.startsWith("test_"))
  .sort();
for (const name of names) {
  const files = Object.fromEntries(
    ["", "test_data_set_0/"].flatMap((sub) =>
      readdirSync(join(folder, name, sub))
        .filter((file) => /\.(onnx|pb)$/.test(file))
        .map((file) => [sub + file, readFileSync(join(folder, name, sub, file))]),
    ),
  );
  try {
    const { unknown, inputs } = importOnnx(files["model.onnx"]!);
    if (unknown.length > 0) count([...new Set(unknown.map(({ op }) => op))].join(" + "));
    else if (inputs.length === 0) count("no inputs");
    else if (Object.values(files).reduce((n, { length }) => n + length, 0) > 60_000) count("larger than 60 kB");
    else cases[name] = files;
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    count(error.message.replace(/^model: /, "").replace(/tensor ".*?" /, "a tensor "));
  }
}
const packed = packCases(cases);
writeFileSync(new URL("../packages/engine/test/fixtures/onnx-cases.gz", import.meta.url), packed);
console.log(`${Object.keys(cases).length} of ${names.length} cases, ${packed.length} bytes; the others:`);
for (const [reason, n] of [...others].sort((a, b) => b[1] - a[1])) console.log(`  ${String(n).padStart(3)}  ${reason}`);
