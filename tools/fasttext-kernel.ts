// Builds methods/fasttext/assembly (AssemblyScript) into methods/fasttext/src/kernel/wasm-binary.ts, a module that every
// bundler, worker and Node loads without a fetch. `node tools/fasttext-kernel.ts --check` fails when it is out of date.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, "methods/fasttext/src/kernel/wasm-binary.ts");
const folder = mkdtempSync(join(tmpdir(), "reprise-kernel-"));
const flags =
  "-O3 --noAssert --runtime stub --enable simd,threads --importMemory --sharedMemory --maximumMemory 65536 --memoryBase 1024";
try {
  const built = join(folder, "kernel.wasm");
  execFileSync(
    process.execPath,
    [join(root, "node_modules/assemblyscript/bin/asc.js"), "assembly/index.ts", "-o", built, ...flags.split(" ")],
    { cwd: join(root, "methods/fasttext"), stdio: "inherit" },
  );
  const text = `// Built from ../../assembly by tools/fasttext-kernel.ts. Do not edit.
export const wasmBase64 =
  "${readFileSync(built).toString("base64")}";
`;
  if (process.argv.includes("--check")) {
    if (readFileSync(target, "utf8") !== text) {
      console.error("src/kernel/wasm-binary.ts is not what assembly/ builds to. Run: node tools/fasttext-kernel.ts");
      process.exitCode = 1;
    }
  } else writeFileSync(target, text);
} finally {
  rmSync(folder, { recursive: true });
}
