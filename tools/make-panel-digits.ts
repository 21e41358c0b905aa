// The digits a reader can choose from in the panel "adversarial examples": the first 30 test images of the MNIST subset,
// three of each class, sorted by class:  node tools/run.mjs tools/make-panel-digits.ts
import { fileURLToPath } from "node:url";
import { decodeIdx, encodeIdx, gzip, mnistFiles, takeRows } from "@reprise/data";
import { mnistSubsetFolder, readBytes, writeFileAtomic } from "@reprise/data/node";

const read = async (name: string) => decodeIdx(await readBytes(`${mnistSubsetFolder}/${name}.gz`), name);
const images = await read(mnistFiles.test.images);
const { data: labels } = await read(mnistFiles.test.labels);
const rows = [...labels.keys()].slice(0, 30).sort((a, b) => labels[a]! - labels[b]! || a - b);
const out = fileURLToPath(new URL("../apps/site/src/run/adversarial/digits-idx3-ubyte.gz", import.meta.url));
await writeFileAtomic(out, await gzip(encodeIdx(takeRows(images, rows))));
console.log(`rows ${rows.join(", ")}; labels ${rows.map((row) => labels[row]).join(", ")}`);
