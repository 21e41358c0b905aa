import { readFileSync } from "node:fs";
import { writeImage } from "@reprise/data/node";
import { nodeRuntime } from "@reprise/engine/node";
import { decodeModel, MaskRcnn, overlay, shapesExamples } from "@reprise/mask-rcnn";

const file = process.argv[2] ?? "apps/site/content/journals/corr/HeGDG17/models/shapes.safetensors";
const { state, facts } = decodeModel(readFileSync(file), file);
const model = new MaskRcnn(nodeRuntime(), state, facts.pictures);
const { picture } = await shapesExamples(2000).read(0); // or { data, height, width } of your own, [3, height, width]
const [found] = await model.segment([picture]);
found!.labels.forEach((label, d) => {
  const box = Array.from(found!.boxes.subarray(4 * d, 4 * d + 4), Math.round);
  console.log(`${facts.categories[label - 1]!.name} ${found!.scores[d]!.toFixed(2)} at ${box}`);
});
if (process.argv[3]) await writeImage(process.argv[3], overlay(picture, found!, { score: 0.5 }));
