// Builds methods/fasttext/assembly (AssemblyScript) into modules of methods/fasttext/src/kernel that every bundler, worker
// and Node loads without a fetch: wasm-binary.ts, and layouts.ts, where the fields of the records in memory stand.
// `node tools/fasttext-kernel.ts --check` fails when one is out of date.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { layoutsOf } from "./record-layouts.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const method = join(root, "methods/fasttext");
const folder = mkdtempSync(join(tmpdir(), "reprise-kernel-"));
const flags =
  "-O3 --noAssert --runtime stub --enable simd,threads --importMemory --sharedMemory --maximumMemory 65536 --memoryBase 1024";
try {
  const built = join(folder, "kernel.wasm");
  execFileSync(
    process.execPath,
    [join(root, "node_modules/assemblyscript/bin/asc.js"), "assembly/index.ts", "-o", built, ...flags.split(" ")],
    { cwd: method, stdio: "inherit" },
  );
  const head = "// Built from ../../assembly by tools/fasttext-kernel.ts. Do not edit.";
  put("wasm-binary.ts", `${head}\nexport const wasmBase64 =\n  "${readFileSync(built).toString("base64")}";\n`);
  put("layouts.ts", `${head}\n${layoutsOf(readFileSync(join(method, "assembly/tables.ts"), "utf8"))}`);
} finally {
  rmSync(folder, { recursive: true });
}

/** Writes a file, or with `--check` compares it. */
function put(name: string, text: string): void {
  const path = join(method, "src/kernel", name);
  if (!process.argv.includes("--check")) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    console.error(`src/kernel/${name} is not what assembly/ builds to. Run: node tools/fasttext-kernel.ts`);
    process.exitCode = 1;
  }
}
