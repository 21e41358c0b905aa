// The digits a reader can choose from in the panel "adversarial examples": the first three of each class in MNIST's test
// set. node tools/run.mjs tools/make-panel-digits.ts MNIST-FOLDER
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeIdx, encodeIdx, gzip, ndArray } from "@reprise/data";

const perClass = 3;
const folder = process.argv[2];
if (!folder) throw new Error("give the folder with t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz");
const read = (name: string) => decodeIdx(new Uint8Array(readFileSync(join(folder, name))), name);
const images = await read("t10k-images-idx3-ubyte.gz");
const labels = await read("t10k-labels-idx1-ubyte.gz");
const chosen: number[] = [];
for (let label = 0; label < 10; label++)
  chosen.push(...[...labels.data.keys()].filter((i) => labels.data[i] === label).slice(0, perClass));
const pixels = new Uint8Array(chosen.length * 784);
for (const [row, i] of chosen.entries())
  pixels.set((images.data as Uint8Array).subarray(784 * i, 784 * (i + 1)), 784 * row);

const to = (name: string) => fileURLToPath(new URL(`../apps/site/src/run/adversarial/${name}`, import.meta.url));
writeFileSync(to("digits-idx3-ubyte.gz"), await gzip(encodeIdx(ndArray("uint8", [chosen.length, 28, 28], pixels))));
console.log(`MNIST test images ${chosen.join(", ")} (labels ${chosen.map((i) => labels.data[i]).join(", ")})`);
