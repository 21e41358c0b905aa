// The MNIST subset of packages/data/mnist-subset, from the four original files:
//   npm run setup && node tools/run.mjs tools/make-mnist-subset.ts MNIST_DIR [OUT_DIR]
// 200 training and 50 test images of each digit, chosen with seed 0; in every block of ten each digit once. Pixels and
// labels are those of the original; prints the provenance table.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";
import { decodeIdx, encodeIdx, type IdxDType, mnistFiles, type NdArray, Random, takeRows } from "@reprise/data";
import { mnistSubsetFolder, readBytes, writeFileAtomic } from "@reprise/data/node";

const [from, to = mnistSubsetFolder] = process.argv.slice(2);
if (!from) throw new Error("give the folder with the original files: make-mnist-subset.ts MNIST_DIR [OUT_DIR]");
const random = new Random(0);

console.log("| file | images | bytes | sha256 | sha256 unpacked |\n|---|---|---|---|---|");
for (const [split, perDigit] of [
  ["train", 200],
  ["test", 50],
] as const) {
  const names = mnistFiles[split];
  const [images, labels] = await Promise.all([read(names.images), read(names.labels)]);
  const byDigit = Array.from({ length: 10 }, (_, digit) => {
    const positions = labels.data.keys().filter((i) => labels.data[i] === digit);
    return random.shuffle([...positions]).slice(0, perDigit);
  });
  const chosen = Array.from({ length: perDigit }, (_, i) =>
    random.shuffle(byDigit.map((positions) => positions[i]!)),
  ).flat();
  await write(names.images, takeRows(images, chosen));
  await write(names.labels, takeRows(labels, chosen));
}

async function read(name: string): Promise<NdArray<IdxDType>> {
  const path = join(from!, `${name}.gz`);
  return decodeIdx(await readBytes(path), path);
}

async function write(name: string, array: NdArray<IdxDType>): Promise<void> {
  const raw = encodeIdx(array);
  const packed = gzipSync(raw, { level: constants.Z_BEST_COMPRESSION });
  await writeFileAtomic(join(to, `${name}.gz`), packed);
  console.log(`| ${name}.gz | ${array.shape[0]} | ${packed.length} | ${sha256(packed)} | ${sha256(raw)} |`);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
